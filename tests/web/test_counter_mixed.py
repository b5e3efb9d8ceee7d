"""One customer after the other at the counter: nothing of the one is the other's."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from regulars.counter.settings import update_settings
from regulars.ledger.models import Card
from tests.factories import Shop, make_shop
from tests.live import allow
from tests.served import Site
from tests.vouchers.given import balance, codes, issue, voucher
from tests.web.counter import (
    GONE,
    actions_of,
    button,
    cut,
    done,
    enter,
    field,
    find,
    inside,
    mend,
    settled,
    stamps_of,
    told,
)

pytestmark = pytest.mark.once
ACT = "**/scan/api/act"


@pytest.fixture
def shop(live: Site) -> Shop:
    return make_shop("Sunrise Café")


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001")


@pytest.fixture
def other(shop: Shop) -> Card:
    return shop.enrol("Rahul Verma", phone="+919876500002")


def test_what_was_called_off_is_not_done_for_the_next(
    phone: Page, shop: Shop, card: Card, other: Card, live: Site
) -> None:
    update_settings(business_id=shop.id, reasons=["App broke"], reason_required=True)
    enter(phone, shop, live)
    find(phone, card.qr_code)
    button(phone, "Give 1 stamp").tap()
    button(phone, "Close").tap()
    button(phone, "Back to scanning").tap()
    find(phone, other.qr_code)
    expect(phone.locator("#who-name")).to_have_text("Rahul Verma")
    button(phone, "Reason").tap()
    button(phone, "App broke").tap()
    expect(button(phone, "App broke")).to_be_visible()
    expect(phone.locator("#sheet-reason")).to_be_hidden()
    button(phone, "Give 1 stamp").tap()
    done(phone)
    assert (stamps_of(card), stamps_of(other)) == (0, 1)
    assert actions_of(shop) == [("stamps", False)]


def test_undoing_the_last_brings_back_whom_it_was_for(
    phone: Page, shop: Shop, card: Card, other: Card, live: Site
) -> None:
    enter(phone, shop, live)
    find(phone, card.qr_code)
    button(phone, "Give 1 stamp").tap()
    done(phone)
    settled(phone)
    button(phone, "Next customer").tap()
    find(phone, other.qr_code)
    button(phone, "Back to scanning").tap()
    button(phone, "Undo").tap()
    done(phone, "undone")
    button(phone, "Stay with this member").tap()
    expect(phone.locator("#who-name")).to_have_text("Priya Sharma")
    button(phone, "Give 1 stamp").tap()
    done(phone)
    assert (stamps_of(card), stamps_of(other)) == (1, 0)


def test_a_voucher_of_nobody_is_redeemed_for_nobody(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    (code,) = codes(issue(shop, voucher(shop, "Free cake")))
    enter(phone, shop, live)
    cut(phone)
    find(phone, card.qr_code)  # whom this device has not seen
    button(phone, "Back to scanning").tap()
    mend(phone)
    field(phone).fill(code)
    phone.keyboard.press("Enter")
    with phone.expect_request(ACT) as sent:
        phone.locator("#sheet-loose").get_by_role("button", name="Redeem").tap()
    assert told(sent.value).keys() == {"kind", "client_id", "voucher_code", "sent_at"}
    done(phone)


def test_a_limit_of_another_day_forbids_nothing_without_a_network(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    update_settings(business_id=shop.id, scans_per_day=1)
    enter(phone, shop, live)
    find(phone, card.qr_code)
    button(phone, "Give 1 stamp").tap()
    done(phone)
    settled(phone)
    button(phone, "Next customer").tap()
    find(phone, card.qr_code)
    expect(button(phone, "Give 1 stamp")).to_be_disabled()
    button(phone, "Back to scanning").tap()
    cut(phone)
    find(phone, card.qr_code)
    expect(phone.locator("main.member")).to_contain_text("No network. This is as of")
    expect(button(phone, "Give 1 stamp")).to_be_enabled()


def test_an_address_gives_nothing_by_itself_without_a_network_either(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    update_settings(business_id=shop.id, quickscan_function="auto:7")
    allow(phone, *GONE)
    phone.route("**/scan/api/scan", lambda route: route.abort())
    enter(phone, shop, live, f"?code={card.qr_code}")
    expect(phone.locator("#who-name")).to_be_visible()
    expect(phone.locator(".strip")).to_be_hidden()
    button(phone, "Give 1 stamp").tap()
    done(phone)
    assert stamps_of(card) == 1
    assert balance(card) == 0


def test_whoever_comes_next_begins_with_nothing_of_the_last(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    enter(phone, shop, live)
    find(phone, card.qr_code)
    button(phone, "Give 1 stamp").tap()
    done(phone)
    settled(phone)
    button(phone, "Last actions").tap()
    expect(phone.locator("#sheet-recent")).to_contain_text("1 stamp")
    button(phone, "Close").tap()
    button(phone, "Next customer").tap()
    button(phone, "Settings").tap()
    button(phone, "Sign out").tap()
    expect(phone.get_by_label("E-mail", exact=True)).to_be_visible()
    left = inside(phone, "({ recent, last, who, scanId }) => [recent.length, last.title, who.name, scanId]")
    assert left == [0, "", "", ""]
