"""What the counter's page says and does when nobody knows yet what became of a request."""

from __future__ import annotations

import time

import pytest
from django_scopes import scope
from playwright.sync_api import Page, Route, expect

from regulars.counter import devices, pins
from regulars.counter.models import Device
from regulars.ledger.models import Card
from tests.factories import Shop, make_shop
from tests.live import allow, axe, fits, shot
from tests.served import PATIENCE, Site
from tests.web.counter import (
    GONE,
    actions_of,
    button,
    cut,
    done,
    enter,
    find,
    inside,
    kept,
    lose,
    mend,
    settled,
    slowly,
    stamps_of,
    told,
)

pytestmark = pytest.mark.once
SYNC = "**/scan/api/sync"
ACT = "**/scan/api/act"


@pytest.fixture
def shop(live: Site) -> Shop:
    return make_shop("Sunrise Café")


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001")


def hold(page: Page, address: str) -> list[Route]:
    """The next request to an address, which waits until the test lets it go on."""
    held: list[Route] = []
    page.route(address, lambda route: held.append(route), times=1)  # noqa: PLW0108 - it looks into what it gets
    return held


def until(page: Page, held: list[Route]) -> None:
    """Wait until the request is there."""
    deadline = time.monotonic() + PATIENCE
    while not held:
        assert time.monotonic() < deadline, "it never comes"
        page.wait_for_timeout(20)


def give_without_network(page: Page, card: Card) -> None:
    cut(page)
    find(page, card.qr_code)
    button(page, "Give 1 stamp").tap()
    done(page, "queued")


def test_what_is_on_its_way_is_undone_where_it_arrives(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    enter(phone, shop, live)
    give_without_network(phone, card)
    settled(phone)
    slowly(phone)
    held = hold(phone, SYNC)
    phone.context.set_offline(False)
    until(phone, held)
    button(phone, "Undo").tap()
    done(phone, "sending")  # and says nothing before it knows
    phone.locator(".strip").tap()
    expect(phone.locator("#queue")).to_contain_text("1 stamp")
    expect(button(phone, "Drop")).to_have_count(0)
    button(phone, "Close").tap()
    held[0].continue_()
    done(phone, "undone")
    assert stamps_of(card) == 0
    assert actions_of(shop) == [("stamps", True)]


def test_a_drop_that_comes_too_late_takes_back(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    enter(phone, shop, live)
    give_without_network(phone, card)
    phone.locator(".strip").tap()
    drop = phone.locator("#queue li", has_text="1 stamp").get_by_role("button", name="Drop")
    late = drop.element_handle()
    slowly(phone)
    held = hold(phone, SYNC)
    phone.context.set_offline(False)
    until(phone, held)
    late.evaluate("button => button.click()")
    held[0].continue_()
    expect(phone.locator("#sheet-recent .is-undone")).to_have_text("1 stamp")
    assert stamps_of(card) == 0


@pytest.mark.parametrize("whole", [False, True])
def test_one_that_the_server_fails_at_keeps_no_other_back(
    phone: Page, shop: Shop, card: Card, live: Site, *, whole: bool
) -> None:
    other = shop.enrol("Rahul Verma", phone="+919876500002")
    enter(phone, shop, live)
    allow(phone, "500")
    broken: list[str] = []

    def half(route: Route) -> None:
        body = told(route.request)
        bad = [item for item in body["items"] if item["client_id"] in broken]
        if not bad:
            route.continue_()
        elif whole:
            route.fulfill(status=500, content_type="text/html", body="<h1>Server error</h1>")
        else:
            good = [item for item in body["items"] if item not in bad]
            answer = route.fetch(post_data={"items": good, "sent_at": body["sent_at"]}).json()["data"][
                "results"
            ]
            error = {"code": "internal", "message": "We failed.", "fields": {}}
            failed = [{"client_id": one, "status": 500, "data": None, "error": error} for one in broken]
            found = {one["client_id"]: one for one in (*answer, *failed)}
            route.fulfill(json={"data": {"results": [found[item["client_id"]] for item in body["items"]]}})

    phone.route(SYNC, half)
    give_without_network(phone, card)
    broken.append(
        inside(phone, "(counter) => counter.waiting.find((one) => one.body.kind === 'stamps').client_id")
    )
    button(phone, "Last actions").tap()
    button(phone, "Close").tap()
    button(phone, "Next customer").tap()
    find(phone, other.qr_code)
    button(phone, "Give 1 stamp").tap()
    done(phone, "queued")
    phone.context.set_offline(False)
    phone.evaluate("setInterval(() => dispatchEvent(new Event('online')), 100)")  # nobody waits for its turn
    phone.locator(".strip").tap()
    stamp = phone.locator("#queue li", has_text="1 stamp")
    expect(stamp).to_have_count(1)
    expect(stamp.locator(".is-refused")).to_have_text(
        "Something went wrong on our side. Try again." if whole else "We failed."
    )
    assert (stamps_of(card), stamps_of(other)) == (0, 1)
    stamp.get_by_role("button", name="Drop").tap()
    expect(stamp).to_have_count(0)


def test_a_redemption_whose_answer_is_lost_is_done_once(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    shop.stamp(card, 24)
    enter(phone, shop, live)
    find(phone, card.qr_code)
    allow(phone, "500", *GONE)

    def fail(route: Route) -> None:
        route.fetch()
        route.fulfill(status=500, json={"error": {"code": "internal_error", "message": "We failed."}})

    for answer in (lose, fail):
        phone.unroute(ACT)
        phone.route(ACT, answer)
        expect(phone.locator(".strip")).to_be_hidden()
        with phone.expect_request(ACT) as sent:
            button(phone, "Redeem Free coffee").tap()
        assert told(sent.value)["reward"] == "Free coffee"
        said = done(phone, "unknown")
        expect(said).to_contain_text("Nobody knows yet")
        expect(said).not_to_contain_text("Nothing was done")
        fits(phone)
        settled(phone)
        button(phone, "Stay with this member").tap()
    phone.unroute(ACT)
    assert actions_of(shop) == [("reward", False)]
    expect(phone.locator(".strip")).to_be_hidden()
    button(phone, "Redeem Free coffee").tap()
    done(phone)
    assert actions_of(shop) == [("reward", False)]
    settled(phone)
    button(phone, "Stay with this member").tap()
    button(phone, "Redeem Free coffee").tap()  # there was an answer, so this is another one
    done(phone)
    assert actions_of(shop) == [("reward", False)] * 2


def test_a_scan_tells_what_became_of_a_redemption(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    shop.stamp(card, 16)
    enter(phone, shop, live)
    find(phone, card.qr_code)
    allow(phone, *GONE)
    phone.route(ACT, lose)
    button(phone, "Redeem Free coffee").tap()
    done(phone, "unknown")
    phone.unroute(ACT)
    settled(phone)
    expect(phone.locator(".strip")).to_be_hidden()
    shot(phone, "counter-unknown")
    axe(phone)
    button(phone, "Next customer").tap()
    find(phone, card.qr_code)
    expect(phone.locator("main.member")).to_contain_text("it was done after all")
    shot(phone, "counter-after-all")
    button(phone, "Redeem Free coffee").tap()
    done(phone)
    assert actions_of(shop) == [("reward", False)] * 2


def test_a_page_that_dies_in_the_middle_of_giving_loses_nothing(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    enter(phone, shop, live)
    find(phone, card.qr_code)
    allow(phone, *GONE)
    slowly(phone)
    held = hold(phone, ACT)
    button(phone, "Give 1 stamp").tap()
    until(phone, held)
    expect(phone.locator(".strip")).to_be_hidden()  # it is on its way, and does not wait
    with phone.expect_response(SYNC):
        phone.reload()
    expect(phone.locator(".strip")).to_be_hidden()
    assert actions_of(shop) == [("stamps", False)]
    find(phone, card.qr_code)
    button(phone, "Give 1 stamp").tap()
    done(phone)
    assert inside(phone, "(counter) => counter.waiting.length") == 0
    assert actions_of(shop) == [("stamps", False)] * 2


def test_what_waits_of_another_shop_is_told(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    enter(phone, shop, live)
    find(phone, card.qr_code)
    allow(phone, "429", *GONE)
    phone.route(ACT, lambda route: route.fulfill(status=429, json={"error": {"code": "rate_limited"}}))
    phone.route(SYNC, lambda route: route.abort())
    button(phone, "Give 1 stamp").tap()
    done(phone, "queued")
    enter(phone, make_shop("Moonlight Bar"), live)
    expect(phone.locator(".strip")).to_contain_text("1 action of another shop")
    shot(phone, "counter-elsewhere")
    fits(phone)
    phone.locator(".strip").tap()
    expect(phone.locator("#sheet-recent")).to_contain_text("1 action of another shop")
    axe(phone)
    button(phone, "Close").tap()
    phone.unroute(SYNC)
    enter(phone, shop, live)
    mend(phone)
    assert stamps_of(card) == 1


def test_storage_that_the_browser_closed_is_opened_again(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    enter(phone, shop, live)
    kept(phone)
    wire = phone.context.new_cdp_session(phone)
    wire.send("Storage.clearDataForOrigin", {"origin": live.url, "storageTypes": "indexeddb"})
    give_without_network(phone, card)
    mend(phone)
    assert stamps_of(card) == 1


def test_a_pairing_whose_answer_is_lost_is_tried_again_with_the_same_code(phone: Page, shop: Shop) -> None:
    _, code = devices.create_pairing(business_id=shop.id)
    pins.set_pin(business_id=shop.id, staff_id=shop.owner.pk, pin="7391")
    phone.goto("/scan/")
    button(phone, "Make this device a counter with a code").tap()
    phone.get_by_label("Code", exact=True).fill(code)
    phone.get_by_label("What is this device called?").fill("Tablet at the till")
    allow(phone, *GONE)
    phone.route("**/scan/api/pair", lose, times=1)
    button(phone, "Pair this device").tap()
    expect(phone.get_by_role("alert").locator("visible=true")).not_to_be_empty()
    button(phone, "Pair this device").tap()
    expect(button(phone, "Alice")).to_be_visible()
    with scope(business=shop.business):
        assert Device.objects.count() == 1
