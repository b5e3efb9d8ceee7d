"""The customer's card in a browser: up to date by itself, there without a network, small, for everybody."""

from __future__ import annotations

import re

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from regulars.ledger import actions as ledger
from regulars.ledger.models import Card
from regulars.members import consents
from regulars.tenants.models import Business
from regulars.web.member import card as pages
from tests.factories import Shop, make_shop
from tests.live import Tabs, allow, axe, bytes_over_the_wire, fits, shot, weights
from tests.scratchcards import given as scratch
from tests.served import Site
from tests.vouchers.given import earn, issue, voucher

pytestmark = pytest.mark.once  # what the page does in a browser has nothing to do with the database

# The page looks at once, as it does when the network is back.
HURRY = "dispatchEvent(new Event('online'))"


@pytest.fixture
def shop(live: Site) -> Shop:
    return make_shop("Sunrise Café")


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", email="priya@mail.example", phone="+919876500001")


def rich(shop: Shop, card: Card) -> None:
    """A bit of everything on a card."""
    Business.objects.filter(pk=shop.id).update(points_active=True)
    shop.stamp(card, 13)
    earn(shop, card, 120)
    issue(shop, voucher(shop, "Birthday cake", value="10", value_type=1, expires_after_days=20), card)
    voucher(shop, "Free breakfast", points_required=100, available_for_self_selection=True)
    voucher(shop, "Lunch for two", points_required=900, available_for_self_selection=True)
    scratch.issue(shop, scratch.campaign(shop), card)


def test_a_stamp_lands_on_the_open_card_and_a_reward_is_celebrated(
    shop: Shop, card: Card, tabs: Tabs
) -> None:
    shop.stamp(card, 5)
    page = tabs(motion=True)
    page.goto(f"/card/{card.qr_code}")
    expect(page.locator("#headline")).to_have_text("3 more, then: Free coffee")
    page.evaluate("document.documentElement.dataset.same = 'yes'")
    shop.stamp(card, 1)
    expect(page.locator("#headline")).to_have_text("2 more, then: Free coffee")
    expect(page.locator("#face .on")).to_have_count(6)
    expect(page.locator("#face .landed")).to_have_count(1)
    expect(page.locator("#said")).to_have_text("Stamped. 2 more, then: Free coffee")
    shop.stamp(card, 3)
    page.evaluate(HURRY)
    expect(page.locator("#tickets .reward")).to_contain_text("Free coffee")
    expect(page.locator("#said")).to_have_text("A reward is yours! 7 more, then: Free coffee")
    expect(page.locator(".spark").first).to_be_attached()
    shot(page, "card-phone-celebration")
    expect(page.locator(".spark")).to_have_count(0)  # soon over
    ledger.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
    page.evaluate(HURRY)
    expect(page.locator("#tickets")).to_have_count(0)
    assert page.evaluate("document.documentElement.dataset.same") == "yes"  # never loaded again


def test_what_somebody_opened_and_where_they_are_stays(shop: Shop, card: Card, phone: Page) -> None:
    rich(shop, card)
    phone.goto(f"/card/{card.qr_code}")
    phone.locator("#tickets summary").click()
    expect(phone.locator(".small-qr svg")).to_be_visible()
    phone.locator("#offers a").focus()
    shop.stamp(card, 1)
    phone.evaluate(HURRY)
    expect(phone.locator("#headline")).to_have_text("2 more, then: Free coffee")
    expect(phone.locator(".small-qr svg")).to_be_visible()
    assert phone.evaluate("document.activeElement.textContent") == "Choose"


def test_a_card_that_was_seen_is_there_without_a_network(shop: Shop, card: Card, phone: Page) -> None:
    shop.stamp(card, 2)
    allow(phone, "ERR_INTERNET_DISCONNECTED", "ERR_FAILED")
    phone.goto(f"/card/{card.qr_code}")
    expect(phone.locator("#card[data-kept]")).to_have_count(1)
    phone.context.set_offline(True)
    phone.reload()
    expect(phone.locator("#headline")).to_have_text("6 more, then: Free coffee")
    expect(phone.locator("#code .qr svg")).to_be_visible()
    expect(phone.locator("#offline")).to_have_text(
        re.compile(r"No connection\. As of \d+:\d\d.*; the code works all the same\.")
    )
    axe(phone)
    shot(phone, "card-phone-offline")
    shop.stamp(card, 1)
    phone.context.set_offline(False)
    phone.evaluate(HURRY)
    expect(phone.locator("#headline")).to_have_text("5 more, then: Free coffee")
    expect(phone.locator("#offline")).to_be_hidden()


def test_what_was_said_once_is_not_said_again_without_a_network(shop: Shop, card: Card, phone: Page) -> None:
    allow(phone, "ERR_INTERNET_DISCONNECTED", "ERR_FAILED")
    phone.goto(f"/card/{card.qr_code}")
    expect(phone.locator("#card[data-kept]")).to_have_count(1)
    shop.stamp(card, 2)
    phone.goto(f"/card/{card.qr_code}?saved=1")
    expect(phone.get_by_text("Your settings are kept.")).to_be_visible()
    phone.wait_for_load_state("networkidle")
    phone.context.set_offline(True)
    phone.reload()
    expect(phone.locator("#headline")).to_have_text("6 more, then: Free coffee")
    expect(phone.get_by_text("Your settings are kept.")).to_have_count(0)


@pytest.mark.parametrize("language", ["hi", "fr"])
def test_text_buttons_at_the_foot_have_a_line_each(
    language: str, shop: Shop, card: Card, phone: Page
) -> None:
    phone.set_viewport_size({"width": 360, "height": 740})
    phone.goto(f"/card/{card.qr_code}?language={language}")
    keep = phone.locator("#settings .second[type=submit]").bounding_box()
    colours = phone.locator("#settings [data-theme-switch]")
    below = colours.bounding_box()
    assert keep is not None
    assert below is not None
    assert below["y"] >= keep["y"] + keep["height"]
    assert colours.evaluate("(one) => getComputedStyle(one).textAlign") == "start"
    fits(phone)


KEPT = """(async () => {
  const found = [];
  for (const name of await caches.keys()) {
    found.push(...(await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname));
  }
  return found;
})()"""


def test_a_phone_forgets_a_card(shop: Shop, card: Card, phone: Page) -> None:
    other = shop.enrol("Bob")
    for one in (other, card):
        phone.goto(f"/card/{one.qr_code}")
        expect(phone.locator("#card[data-kept]")).to_have_count(1)
    assert {f"/card/{card.qr_code}", f"/card/{card.qr_code}/away"} <= set(phone.evaluate(KEPT))
    phone.get_by_role("button", name="Forget this card on this phone").click()
    expect(phone.get_by_role("heading", name="This phone has forgotten the card")).to_be_visible()
    axe(phone)
    left = [path for path in phone.evaluate(KEPT) if path.startswith("/card/")]
    assert sorted(left) == [f"/card/{other.qr_code}", f"/card/{other.qr_code}/away"]
    phone.goto(f"/m/{shop.business.slug}/")
    phone.evaluate("document.querySelector('main').dataset.forgetsCards = ''")
    phone.add_script_tag(url="/static/regulars/microsite.js?again")  # as after an erasure
    for _ in range(50):
        if not (left := phone.evaluate(KEPT)):
            break
        phone.wait_for_timeout(100)
    assert left == []


def test_what_needs_the_network_says_so_and_leads_back(shop: Shop, card: Card, tabs: Tabs) -> None:
    page = tabs(language="en-US")
    allow(page, "ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "503")
    page.goto(f"/card/{card.qr_code}")
    expect(page.locator("#card[data-kept]")).to_have_count(1)
    page.context.set_offline(True)
    page.get_by_role("button", name="Keep these settings").click()
    expect(page.locator(".unsent")).to_contain_text("Nothing was sent")
    # A phone that thinks it is connected sends the form, in vain.
    page.evaluate("document.querySelector('#settings form').submit()")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    axe(page)
    shot(page, "card-phone-away")
    page.get_by_role("link", name="Back to your card").last.click()
    expect(page.locator("#headline")).to_be_visible()
    expect(page.locator("#offline")).to_have_text(re.compile(r"As of \d\d:\d\d;"))  # never AM or PM
    page.get_by_role("link", name="Everything").click()
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    page.context.set_offline(False)


def test_a_form_is_sent_through_the_worker(card: Card, phone: Page) -> None:
    phone.goto(f"/card/{card.qr_code}")
    expect(phone.locator("#card[data-kept]")).to_have_count(1)
    phone.get_by_label("Language").select_option("de")
    phone.locator("#settings button").first.click()
    expect(phone.locator("html")).to_have_attribute("lang", "de")
    expect(phone.locator("#settings .success")).to_be_visible()


def test_the_large_code_keeps_the_focus_and_the_way_back(card: Card, phone: Page) -> None:
    phone.goto("about:blank")
    phone.goto(f"/card/{card.qr_code}")
    before = phone.evaluate("history.length")
    for _ in range(2):
        phone.locator("#code a.qr").click()
        expect(phone.locator("#bright .close")).to_be_focused()
        phone.keyboard.press("Tab")
        assert phone.evaluate("document.activeElement.closest('main') === null")
        phone.keyboard.press("Escape")
        expect(phone.locator("#bright")).to_be_hidden()
        expect(phone.locator("#code a.qr")).to_be_focused()
    phone.locator("#code a.qr").click()
    phone.locator("#bright .close").click()
    expect(phone.locator("#code a.qr")).to_be_focused()
    assert phone.evaluate("history.length") == before


def test_settings_come_when_the_card_is_no_longer_fresh(shop: Shop, card: Card, phone: Page) -> None:
    consents.record(
        business_id=shop.id, member_id=card.pk, purpose="programme", given=True, text="Yes", source="join"
    )
    phone.goto(f"/card/{card.qr_code}")
    expect(phone.get_by_label("By text message")).to_have_count(0)
    shop.stamp(card)
    phone.evaluate(HURRY)
    expect(phone.get_by_label("By text message")).to_be_checked()
    phone.get_by_label("By text message").uncheck()
    shop.stamp(card)
    phone.evaluate(HURRY)
    expect(phone.locator("#face .on")).to_have_count(2)
    expect(phone.get_by_label("By text message")).not_to_be_checked()  # what somebody touched stays


def test_what_is_touched_is_large_enough(shop: Shop, card: Card, phone: Page) -> None:
    rich(shop, card)
    phone.goto(f"/card/{card.qr_code}")
    for link in phone.locator("main a:visible, main button:visible, main summary:visible").all():
        box = link.bounding_box()
        assert box
        assert box["height"] >= 48, link.inner_text()
    phone.set_viewport_size({"width": 320, "height": 568})
    for one, name in ((card, "rich"), (shop.enrol("Bob"), "new")):
        phone.goto(f"/card/{one.qr_code}")
        shot(phone, f"card-small-{name}")
        box = phone.locator("#code .qr").bounding_box()
        assert box
        assert box["y"] + box["height"] <= 568, name


def test_the_first_load_is_small(shop: Shop, card: Card, tabs: Tabs) -> None:
    rich(shop, card)
    page = tabs(context={"service_workers": "block"})  # it only fetches again what is there by then
    allow(page, "Service Worker registration blocked")
    page.goto(f"/card/{card.qr_code}")
    expect(page.locator("#headline")).to_be_visible()
    first = {path.rpartition("/")[2]: size for path, size in weights(page).items()}
    assert bytes_over_the_wire(page) <= 25 * 1024, first


@pytest.mark.parametrize("dark", [False, True])
def test_everybody_can_use_it(shop: Shop, card: Card, tabs: Tabs, dark: bool) -> None:  # noqa: FBT001
    rich(shop, card)
    look = "dark" if dark else "light"
    for desk in (False, True):
        page = tabs(dark=dark, desk=desk)
        page.goto(f"/card/{card.qr_code}")
        shot(page, f"card-{'desk' if desk else 'phone'}-{look}", whole=True)
        if not desk:  # without scrolling
            box = page.locator("#code").bounding_box()
            assert box
            assert box["y"] + box["height"] <= 740
        axe(page)
        fits(page)
    page.set_viewport_size({"width": 320, "height": 568})
    fits(page)
    page.goto(f"/card/{card.qr_code}#bright")
    expect(page.locator("#bright svg")).to_be_visible()
    axe(page, within="#bright")
    page.keyboard.press("Escape")
    expect(page.locator("#bright")).to_be_hidden()
    for path in ("/history", f"/vouchers/{offer(shop)}"):
        page.goto(f"/card/{card.qr_code}{path}")
        shot(page, f"card-{path.split('/')[1]}-{look}")
        axe(page)
        fits(page)


def offer(shop: Shop) -> int:
    """The voucher that can be chosen."""
    from regulars.vouchers.models import Voucher  # noqa: PLC0415 - not before the environment is there

    with scope(business=shop.id):
        return Voucher.objects.get(name="Free breakfast").pk


def test_without_scripts_it_is_whole_and_settings_are_kept(shop: Shop, card: Card, tabs: Tabs) -> None:
    rich(shop, card)
    page = tabs(scripts=False)
    page.goto(f"/card/{card.qr_code}")
    expect(page.locator("#headline")).to_have_text("3 more, then: Free coffee")
    page.locator("#code a.qr").click()
    expect(page.locator("#bright svg")).to_be_visible()
    page.locator("#bright .close").click()
    expect(page.locator("#bright")).to_be_hidden()
    page.get_by_label("By text message").uncheck()
    page.get_by_label("Language").select_option("de")
    page.locator("#settings button").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#settings [name=text]")).not_to_be_checked()
    expect(page.locator("#settings [name=email]")).to_be_checked()


def test_a_voucher_is_chosen_by_keyboard_once(shop: Shop, card: Card, phone: Page) -> None:
    rich(shop, card)
    phone.goto(f"/card/{card.qr_code}")
    phone.locator("#offers a").press("Enter")
    button = phone.get_by_role("button", name="Take it for 100 points")
    button.press("Enter")
    expect(phone.locator("#tickets")).to_contain_text("Free breakfast")
    expect(phone.locator("#face .points")).to_contain_text("20 points")


def test_whoever_asks_too_often_waits_and_then_goes_on(
    shop: Shop, card: Card, phone: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(phone, "429")
    phone.goto(f"/card/{card.qr_code}")
    with (
        monkeypatch.context() as patched,
        phone.expect_response(lambda response: response.status == 429),
    ):
        patched.setattr(pages, "PAGES_LIMIT", 0)
    shop.stamp(card)
    phone.evaluate(HURRY)
    expect(phone.locator("#face .on")).to_have_count(1)
