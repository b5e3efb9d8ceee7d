"""The counter's page on small screens: what waits for a member and what can be given is always in sight."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from regulars.counter.settings import update_settings
from regulars.ledger.models import Card
from tests.factories import Shop, make_shop
from tests.live import Tabs, axe, fits, shot
from tests.served import Site
from tests.vouchers.given import earn, issue, voucher
from tests.web.counter import button, done, enter, find

pytestmark = pytest.mark.once

SIZES = ((360, 740), (320, 568), (740, 360))
PHONES = ((360, 740), (320, 640), (740, 360))
# What is cut, or lies over its neighbour, of the tickets and of what the member has.
CROWDED = """
() => {
  const seen = (one) => one.getClientRects().length > 0;
  const box = (one) => one.getBoundingClientRect();
  const found = [];
  const tickets = [...document.querySelectorAll(".ticket")].filter(seen);
  for (const [at, ticket] of tickets.entries()) {
    const { top, bottom } = box(ticket);
    if ([...ticket.children].filter(seen).some((one) => box(one).top < top || box(one).bottom > bottom)) {
      found.push(`ticket ${at} is shorter than what stands in it`);
    }
    if (at > 0 && box(tickets[at - 1]).bottom > top) {
      found.push(`ticket ${at} lies over the one before`);
    }
  }
  const sums = box(document.querySelector(".sums")), who = box(document.querySelector(".who"));
  if (sums.top < who.top || sums.bottom > who.bottom || sums.height === 0) {
    found.push("what they have is cut");
  }
  return found;
}
"""


@pytest.fixture
def shop(live: Site) -> Shop:
    return make_shop("Sunrise Café")


@pytest.fixture
def card(shop: Shop) -> Card:
    """Of somebody for whom a reward and two vouchers wait."""
    found = shop.enrol("Priya Sharma", phone="+919876500001")
    shop.stamp(found, 9)
    for name in ("Free cake", "Five off"):
        issue(shop, voucher(shop, name), found)
    return found


def whole(one: Locator) -> bool:
    """Whether a tap in each corner of it would meet it."""
    return bool(
        one.evaluate(
            """(one) => {
              const { left, right, top, bottom } = one.getBoundingClientRect();
              const at = (x, y) => one.contains(document.elementFromPoint(x, y));
              return [left + 8, right - 8].every((x) => [top + 2, bottom - 2].every((y) => at(x, y)));
            }"""
        )
    )


def in_sight(page: Page, name: str, size: tuple[int, int], *buttons: str) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    shot(page, f"counter-room-{name}-{size[0]}")
    fits(page)
    for one in buttons:
        assert whole(button(page, one)), (one, size)
    assert whole(page.locator("#who-name")), size


def test_what_waits_and_what_is_given_is_always_in_sight(
    desk: Page, shop: Shop, card: Card, live: Site
) -> None:
    update_settings(
        business_id=shop.id,
        quickscan_function=", ".join(f"At the counter {one}:{one}" for one in range(1, 15)),
        reasons=["Forgot the card"],
    )
    enter(desk, shop, live)
    find(desk, card.qr_code)
    for size in SIZES:
        in_sight(desk, "buttons", size, "Redeem Free coffee", "Give 1 stamp")
    axe(desk)
    update_settings(business_id=shop.id, quickscan_function="calc min:10")
    button(desk, "Back to scanning").click()
    find(desk, card.qr_code)
    desk.get_by_role("tab", name="Stamps").focus()
    desk.keyboard.press("ArrowRight")
    expect(desk.get_by_role("tab", name="Purchase")).to_be_focused()
    for size in SIZES:
        upright = size[0] < size[1]  # there tickets are behind one line
        waiting = ("Redeem (3)",) if upright else ("Redeem Free coffee",)
        in_sight(desk, "purchase", size, *waiting, "7", "Enter the amount of the purchase")
    axe(desk)
    desk.go_back()
    expect(desk.locator("#typed")).to_be_visible()


def test_every_screen_is_readable_and_fits(tabs: Tabs, shop: Shop, live: Site) -> None:
    card = shop.enrol("محمد عبد الله بن عبد العزيز الهاشمي", phone="+919876500003")
    shop.stamp(card, 9)
    for page in (tabs(), tabs(desk=True, dark=True)):
        enter(page, shop, live)
        axe(page)
        fits(page)
        find(page, card.qr_code)
        axe(page)
        fits(page)
        lefts = [page.locator(one).bounding_box() for one in ("#who-name bdi", ".who-name p")]
        assert len({round(box["x"]) for box in lefts if box}) == 1  # a name from right to left, too
        button(page, "Give 1 stamp").click()
        done(page)
        axe(page)
        fits(page)


def test_no_ticket_lies_over_another_and_what_they_have_is_seen_whole(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    update_settings(business_id=shop.id, quickscan_function="calc", reasons=["Forgot the card"])
    type(shop.business).objects.filter(pk=shop.id).update(points_active=True)
    earn(shop, card, 120)
    long = "Money off your next breakfast with a friend of yours"
    issue(shop, voucher(shop, long, value="150", expires_after_days=45), card)
    enter(phone, shop, live)
    find(phone, card.qr_code)
    for panel in ("Stamps", "Purchase"):
        phone.get_by_role("tab", name=panel).tap()
        for width, height in PHONES:
            phone.set_viewport_size({"width": width, "height": height})
            shot(phone, f"counter-crowded-{panel}-{width}")
            assert phone.evaluate(CROWDED) == [], (panel, width)
            expect(phone.locator(".sums")).to_contain_text("120 points")
            fits(phone)


def test_on_the_pad_of_a_phone_tickets_are_one_line_and_keys_are_large(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    update_settings(business_id=shop.id, quickscan_function="calc", reasons=["Forgot the card"])
    enter(phone, shop, live)
    find(phone, card.qr_code)
    phone.get_by_role("tab", name="Purchase").tap()
    for width, height in PHONES:
        phone.set_viewport_size({"width": width, "height": height})
        heights = phone.locator(".keys button:visible").evaluate_all("all => all.map((k) => k.offsetHeight)")
        assert len(heights) == 12, (width, heights)
        assert min(heights) >= 64, (width, heights)
        for name in ("Reason", "7", "Enter the amount of the purchase"):
            assert whole(button(phone, name)), (width, name)
    phone.set_viewport_size({"width": 360, "height": 740})
    button(phone, "Redeem (3)").tap()
    axe(phone, within="#sheet-tickets")
    assert phone.evaluate(CROWDED) == []
    button(phone, "Redeem Free cake").tap()
    expect(done(phone)).to_contain_text("Free cake")
    expect(phone.locator("#sheet-tickets")).to_be_hidden()
