"""The counter without a network: what was given is kept on the device, survives, and is sent once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from django_scopes import scope
from playwright.sync_api import Page, expect

from regulars.counter.models import Action
from regulars.ledger.models import Card
from tests.factories import Shop, make_shop
from tests.live import allow, axe, shot
from tests.served import Site
from tests.web.counter import (
    GONE,
    actions_of,
    button,
    cut,
    done,
    enter,
    field,
    find,
    kept,
    lose,
    mend,
    settled,
    show_again,
    stamps_of,
    told,
)

pytestmark = pytest.mark.once


@pytest.fixture
def shop(live: Site) -> Shop:
    return make_shop("Sunrise Café")


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001")


def enrol(page: Page, name: str) -> None:
    button(page, "New member").tap()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Phone", exact=True).fill("98765 00009")
    button(page, "Add this member").tap()


def test_stamps_given_without_a_network_survive_a_reload_and_are_sent_once(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    enter(phone, shop, live)
    kept(phone)
    find(phone, card.qr_code)
    button(phone, "Back to scanning").tap()
    cut(phone)
    find(phone, card.qr_code)
    expect(phone.locator("main.member")).to_contain_text("No network. This is as of")
    button(phone, "One stamp more").tap()
    button(phone, "Give 2 stamps").tap()
    expect(done(phone, "queued")).to_contain_text("Kept on this device")
    shot(phone, "counter-queued")
    phone.reload()
    expect(field(phone)).to_be_visible()
    expect(phone.locator(".top")).to_contain_text("Alice")
    phone.locator(".strip").tap()
    expect(phone.locator("#queue")).to_contain_text("2 stamps")
    expect(phone.locator("#queue")).to_contain_text("Priya Sharma")
    axe(phone)
    assert stamps_of(card) == 0
    other = phone.context.new_page()  # a second tab sends the same queue
    other.goto("/scan/")
    mend(phone)
    expect(other.locator(".strip")).to_be_hidden()
    assert stamps_of(card) == 2
    assert actions_of(shop) == [("stamps", False)]


def test_an_answer_that_is_lost_does_not_double(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    enter(phone, shop, live)
    find(phone, card.qr_code)
    allow(phone, *GONE)

    phone.route("**/scan/api/act", lose)
    button(phone, "Give 1 stamp").tap()
    # Nobody knows yet whether it arrived, so it cannot just be dropped.
    done(phone, "queued")
    expect(button(phone, "Undo")).to_have_count(0)
    assert stamps_of(card) == 1
    expect(phone.locator(".strip")).to_be_hidden()
    assert stamps_of(card) == 1
    assert actions_of(shop) == [("stamps", False)]


def test_redeeming_says_that_it_needs_the_network(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    shop.stamp(card, 8)
    enter(phone, shop, live)
    find(phone, card.qr_code)
    cut(phone)
    button(phone, "Redeem Free coffee").tap()
    expect(done(phone, "refused")).to_contain_text("Redeeming needs the network")
    mend(phone)
    settled(phone)
    button(phone, "Try again").tap()
    done(phone)
    assert actions_of(shop) == [("reward", False)]


def test_what_is_kept_can_be_dropped_and_what_is_refused_says_why(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    enter(phone, shop, live)
    cut(phone)
    find(phone, card.qr_code)
    button(phone, "Give 1 stamp").tap()
    done(phone, "queued")
    settled(phone)
    button(phone, "Undo").tap()
    done(phone, "undone")
    button(phone, "Next customer").tap()
    find(phone, "nobody-has-99")
    button(phone, "Give 1 stamp").tap()
    done(phone, "queued")
    phone.context.set_offline(False)
    phone.locator(".strip").tap()
    expect(phone.locator("#queue .is-refused").first).to_be_visible()
    for _ in range(phone.locator("#queue .is-refused").count()):
        phone.locator("#queue li", has=phone.locator(".is-refused")).first.get_by_role(
            "button", name="Drop"
        ).tap()
    expect(phone.locator("#queue")).to_have_count(0)
    assert stamps_of(card) == 0


def test_a_new_member_and_their_stamps_wait_together(phone: Page, shop: Shop, live: Site) -> None:
    enter(phone, shop, live)
    cut(phone)
    enrol(phone, "Anita Rao")
    done(phone, "queued")
    settled(phone)
    button(phone, "Stay with this member").tap()
    button(phone, "Give 1 stamp").tap()
    done(phone, "queued")
    mend(phone)
    assert actions_of(shop) == [("enrol", False), ("stamps", False)]


def test_a_new_member_has_nothing_of_whoever_was_scanned_before(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    enter(phone, shop, live)
    find(phone, card.qr_code)
    button(phone, "Back to scanning").tap()
    cut(phone)
    enrol(phone, "Anita Rao")
    done(phone, "queued")
    settled(phone)
    button(phone, "Stay with this member").tap()
    button(phone, "Give 1 stamp").tap()
    done(phone, "queued")
    mend(phone)
    assert actions_of(shop) == [("enrol", False), ("stamps", False)]
    assert stamps_of(card) == 0


def clock_says(page: Page, days: int) -> None:
    """The device's clock is that many days behind."""
    page.evaluate(
        """(days) => {
          window.realNow ??= Date.now;
          const now = () => window.realNow() - days * 86400000;
          window.RealDate ??= Date;
          const Real = window.RealDate;
          window.Date = class extends Real { constructor(...of) { of.length ? super(...of) : super(now()) } };
          window.Date.now = now;
        }""",
        days,
    )


def test_a_clock_that_is_put_right_before_sending_loses_nothing(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    enter(phone, shop, live)
    clock_says(phone, 30)
    with phone.expect_response("**/scan/api/session"):
        show_again(phone)
    cut(phone)
    find(phone, card.qr_code)
    button(phone, "Give 1 stamp").tap()
    done(phone, "queued")
    clock_says(phone, 0)
    mend(phone)
    assert stamps_of(card) == 1
    with scope(business=shop.id):
        at = Action.objects.get(kind="stamps").occurred_at
    assert abs(timezone.now() - at) < dt.timedelta(hours=1)


def test_what_is_refused_for_its_time_can_be_sent_as_now(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    enter(phone, shop, live)
    cut(phone)
    clock_says(phone, 30)  # nobody knew that it went wrong
    find(phone, card.qr_code)
    button(phone, "Give 1 stamp").tap()
    done(phone, "queued")
    clock_says(phone, 0)
    phone.context.set_offline(False)
    phone.locator(".strip").tap()
    stamp = phone.locator("#queue li", has_text="1 stamp")
    expect(stamp).to_contain_text("seven days")
    axe(phone)
    with phone.expect_request("**/scan/api/sync") as sent:
        stamp.get_by_role("button", name="Send as now").tap()
    (item,) = told(sent.value)["items"]
    assert item["as_now"] is True  # the server puts it down to now, whatever this clock says
    expect(stamp).to_have_count(0)
    assert stamps_of(card) == 1


@pytest.mark.parametrize("status", [429, 500])
def test_what_comes_too_often_or_fails_is_kept_for_later(
    phone: Page, shop: Shop, card: Card, live: Site, status: int
) -> None:
    enter(phone, shop, live)
    find(phone, card.qr_code)
    allow(phone, str(status))
    body = '{"error": {"code": "some_code", "message": "Not now."}}'
    phone.route("**/scan/api/act", lambda route: route.fulfill(status=status, body=body))
    button(phone, "Give 1 stamp").tap()
    done(phone, "queued")
    expect(phone.locator(".strip")).to_be_hidden()
    assert stamps_of(card) == 1
