"""Printed cards at the counter's page, and what people type there."""

from __future__ import annotations

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from regulars.counter import devices, finding
from regulars.ledger.models import Card
from regulars.members.blank_cards import make_blanks
from regulars.rules.errors import NotFound
from tests.factories import Shop, make_shop
from tests.live import allow, axe, fits
from tests.served import Site
from tests.web.counter import (
    button,
    cut,
    done,
    enter,
    field,
    find,
    inside,
    kept,
    like_a_scanner,
    mend,
    settled,
    slowly,
    stamps_of,
)

pytestmark = pytest.mark.once


@pytest.fixture
def shop(live: Site) -> Shop:
    return make_shop("Sunrise Café")


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001")


def is_theirs(shop: Shop, card: Card, new: str) -> None:
    """The card has its new code, and the old one is nobody's."""
    with scope(business=shop.id):
        assert Card.objects.get(pk=card.pk).qr_code == new
    with pytest.raises(NotFound):
        finding.find(business=shop.business, text=card.qr_code)


def test_a_member_whose_card_is_lost_gets_a_printed_one(
    desk: Page, shop: Shop, card: Card, live: Site
) -> None:
    blank, other = make_blanks(business_id=shop.id, count=2)
    enter(desk, shop, live)
    find(desk, "9876500001")
    like_a_scanner(desk, other.qr_code)
    button(desk, "It is for a new member").click()
    expect(desk.locator("#sheet-enrol")).to_contain_text("The card that you scanned becomes theirs.")
    button(desk, "Close").click()
    like_a_scanner(desk, blank.qr_code)
    sheet = desk.locator("#sheet-give")
    expect(sheet).to_contain_text("Give this card to Priya Sharma?")
    fits(desk)
    axe(desk)
    button(desk, "Give it to Priya Sharma").click()
    done(desk)
    is_theirs(shop, card, blank.qr_code)


def test_who_turns_out_to_be_a_member_gets_the_card_that_was_scanned(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    (blank,) = make_blanks(business_id=shop.id, count=1)
    enter(phone, shop, live)
    field(phone).fill(blank.qr_code)
    phone.keyboard.press("Enter")
    allow(phone, "409")
    phone.get_by_label("Name", exact=True).fill("Priya")
    phone.get_by_label("Phone", exact=True).fill("9876500001")
    button(phone, "Add this member").tap()
    button(phone, "Open that member").tap()
    button(phone, "Give it to Priya Sharma").tap()
    done(phone)
    is_theirs(shop, card, blank.qr_code)


def test_undo_goes_on_after_staying_with_a_member(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    enter(phone, shop, live)
    slowly(phone)
    find(phone, card.qr_code)
    button(phone, "Give 1 stamp").tap()
    done(phone)
    settled(phone)
    button(phone, "Stay with this member").tap()
    button(phone, "Back to scanning").tap()
    button(phone, "Undo").tap()
    done(phone, "undone")
    assert stamps_of(card) == 0


def test_an_amount_is_read_as_people_there_write_it(desk: Page, shop: Shop, live: Site) -> None:
    typed = {
        "1,250": "1250", "1,250.50": "1250.50", "1,00,000": "100000", "₹ 12.5": "12.5", "INR 80": "80",
        "12,50": "12.50", "1 250": "1250", "Rs. 7": "7", "1.250": "", "1.250,50": "", "12 50": "",
        "0,125": "", "Infinity": "", "1e9": "", "0x50": "", "-5": "", "0": "", "": "", "5k": "",
    }  # fmt: skip
    enter(desk, shop, live)
    read = """async (all) => {
        const module = document.querySelector('[rel=modulepreload][href$="/texts.js"]');
        const { amountOf } = await import(module.href.replace("texts", "amounts"));
        return Object.fromEntries(all.map((one) => [one, amountOf(one, "INR")]));
    }"""
    assert desk.evaluate(read, list(typed)) == typed
    desk.goto("/scan/?language=de")
    expect(desk.locator("html")).to_have_attribute("lang", "de")
    german = {"1.250": "1250", "1.250,50": "1250.50", "12,50": "12.50", "12.50": "12.50", "1,250": ""}
    assert desk.evaluate(read, list(german)) == german
    refused = "async (all) => { all.voucherAmount = '1e9'; await all.useAmount(); return all.problem }"
    assert "Betrag" in inside(desk, refused)


def test_the_owner_sees_that_a_code_was_used(phone: Page, shop: Shop, live: Site) -> None:
    enter(phone, shop, live)
    button(phone, "Settings").tap()
    button(phone, "Devices at the counter").tap()
    button(phone, "Get a code for another device").tap()
    code = phone.locator("#sheet-devices .code")
    devices.pair(code=code.inner_text(), name="Tablet")
    expect(phone.locator("#sheet-devices .lines")).to_contain_text("Tablet")
    expect(code).to_have_count(0)


def test_without_a_network_a_name_is_no_card_and_a_refused_scan_is_forgotten(
    phone: Page, shop: Shop, live: Site
) -> None:
    enter(phone, shop, live)
    kept(phone)
    cut(phone)
    field(phone).fill("asha")
    phone.keyboard.press("Enter")
    expect(phone.locator(".scan .notice.danger")).to_contain_text("This needs the network")
    assert inside(phone, "(counter) => counter.waiting.length") == 0
    find(phone, "feedbeeffeedbeef")
    expect(phone.locator(".strip")).to_contain_text("1 wait")
    mend(phone)
    assert inside(phone, "(counter) => counter.waiting.length") == 0
