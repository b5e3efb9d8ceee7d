"""What the counter's page says and shows beside members: times, money, where one is, the devices."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from regulars.counter import devices
from regulars.counter.settings import update_settings
from regulars.rules import languages
from regulars.tenants.actions import update_program
from regulars.tenants.microsites import update_microsite
from tests.factories import Shop, make_shop
from tests.live import Tabs, axe, fits, shot
from tests.served import Site
from tests.web.counter import button, cut, enter, field, find, inside

pytestmark = pytest.mark.once


@pytest.fixture
def shop(live: Site) -> Shop:
    return make_shop("Sunrise Café")  # in Kolkata, half past five hours ahead


def test_times_are_the_businesss_and_money_has_its_sign(tabs: Tabs, shop: Shop, live: Site) -> None:
    page = tabs(context={"timezone_id": "America/New_York"})
    enter(page, shop, live)
    for language in languages.LANGUAGES:
        page.goto(f"/scan/?language={language}")
        expect(page.locator("#typed")).to_be_visible()
        page.clock.set_fixed_time("2026-01-05T22:00:00Z")
        assert inside(page, "(counter) => counter.clock('2026-01-05T18:40:00Z')") == "00:10"
        before = inside(page, "(counter) => counter.clock('2026-01-05T17:40:00Z')")
        assert "5" in before, language
        assert "23:10" in before, language
        assert "₹" in inside(page, "(counter) => counter.money('4')"), language
        behind = inside(page, "(counter) => counter.money('4')").endswith("₹")
        assert behind == (language not in {"en", "hi"}), language


def test_an_owner_finds_the_code_for_another_device_in_the_settings(
    phone: Page, shop: Shop, live: Site
) -> None:
    _, code = devices.create_pairing(business_id=shop.id)
    devices.pair(code=code, name="Old tablet")
    enter(phone, shop, live)
    button(phone, "Settings").tap()
    button(phone, "Devices at the counter").tap()
    sheet = phone.locator("#sheet-devices")
    expect(sheet).to_contain_text("Old tablet")
    button(phone, "Get a code for another device").tap()
    expect(sheet.locator(".code")).to_be_visible()
    axe(phone, within="#sheet-devices")
    fits(phone)
    shot(phone, "counter-devices")
    devices.pair(code=sheet.locator(".code").inner_text(), name="New tablet")
    button(phone, "End Old tablet").tap()
    button(phone, "Tap again to end").tap()
    expect(sheet.locator("li")).to_have_count(1)
    expect(sheet).to_contain_text("New tablet")
    assert [one.name for one in devices.devices(shop.id) if one.revoked_at is None] == ["New tablet"]
    phone.keyboard.press("Escape")
    button(phone, "Settings").tap()
    button(phone, "Devices at the counter").tap()
    expect(sheet).to_contain_text("New tablet")
    expect(sheet.locator(".code")).to_have_count(0)  # it is shown once


def test_who_can_give_nothing_reads_where_that_is_set_up(phone: Page, shop: Shop, live: Site) -> None:
    update_program(business_id=shop.id, is_active=False)
    update_microsite(business_id=shop.id, points_active=True)
    update_settings(business_id=shop.id, quickscan_function="")
    shop.enrol("Priya Sharma", phone="+919876500001")
    enter(phone, shop, live)
    find(phone, "98765 00001")
    expect(phone.get_by_text("There is nothing to give here")).to_contain_text("Settings, Counter")
    link = phone.get_by_role("link", name="Set it up")
    assert (link.get_attribute("href") or "").endswith("/settings/counter/")


def test_the_shop_the_branch_and_a_card_that_is_new_here_are_told_in_full(
    phone: Page, shop: Shop, live: Site
) -> None:
    branch = shop.branch("Indiranagar 100 Feet Road")
    enter(phone, shop, live)
    inside(phone, f"(counter) => counter.setBranch({branch.pk})")
    for said in ("Sunrise Café", "Alice", "Indiranagar 100 Feet Road"):
        expect(phone.locator(".top .where")).to_contain_text(said)
    where = phone.locator(".top .where > span")
    assert where.evaluate("(it) => it.scrollHeight <= it.clientHeight")
    cut(phone)
    field(phone).fill("a9736acc11112222")
    phone.keyboard.press("Enter")
    expect(phone.locator("#who-name")).to_have_text("New to this device")
    expect(phone.locator(".who-name p")).to_have_text("a973 6acc 1111 2222")


def test_where_no_branch_is_chosen_the_page_says_so_and_asks(phone: Page, shop: Shop, live: Site) -> None:
    for name in ("Hill Road", "Station"):
        shop.branch(name)
    enter(phone, shop, live)
    sheet = phone.locator("#sheet-branch")
    sheet.get_by_role("button", name="Close").click()
    missing = phone.get_by_role("button", name="No branch chosen").locator("visible=true").first
    missing.click()
    sheet.get_by_role("button", name="Station").click()
    expect(phone.locator(".top .where")).to_contain_text("Station")
    expect(phone.locator(".nowhere")).to_be_hidden()
