"""The counter's page on small screens: what waits for a member and what can be given is always in sight."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from regulars.counter.settings import update_settings
from regulars.ledger.models import Card
from tests.factories import Shop, make_shop
from tests.live import Tabs, axe, fits, shot
from tests.served import Site
from tests.vouchers.given import issue, voucher
from tests.web.counter import button, done, enter, find

pytestmark = pytest.mark.once

SIZES = ((360, 740), (320, 568), (740, 360))


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
    for one in ("Redeem Free coffee", *buttons):
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
        in_sight(desk, "buttons", size, "Give 1 stamp")
    axe(desk)
    update_settings(business_id=shop.id, quickscan_function="calc min:10")
    button(desk, "Back to scanning").click()
    find(desk, card.qr_code)
    desk.get_by_role("tab", name="Stamps").focus()
    desk.keyboard.press("ArrowRight")
    expect(desk.get_by_role("tab", name="Purchase")).to_be_focused()
    for size in SIZES:
        in_sight(desk, "purchase", size, "7", "Enter the amount of the purchase")
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
        button(page, "Give 1 stamp").click()
        done(page)
        axe(page)
        fits(page)
