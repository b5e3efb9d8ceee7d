"""The counter in a real browser: typing and scanning, giving, redeeming, undoing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django_scopes import scope
from playwright.sync_api import Page, Route, expect

from regulars.counter import devices, pins
from regulars.counter.models import Action
from regulars.counter.settings import update_settings
from regulars.ledger.models import Card
from regulars.members import aliases
from regulars.members.blank_cards import make_blanks
from regulars.promotions import actions as promotions
from tests.factories import Shop, make_shop
from tests.live import Tabs, allow, axe, bytes_over_the_wire, fits, shot
from tests.served import Site
from tests.vouchers.given import codes, issue, voucher
from tests.web.counter import (
    PASSWORD,
    actions_of,
    button,
    done,
    enter,
    field,
    find,
    like_a_scanner,
    settled,
    slowly,
    stamps_of,
)

pytestmark = pytest.mark.once  # what is stored is tested with the JSON, on both databases


@pytest.fixture
def shop(live: Site) -> Shop:
    return make_shop("Sunrise Café")


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001")


def test_an_owner_signs_in_gives_stamps_and_takes_them_back(phone: Page, shop: Shop, card: Card) -> None:
    phone.goto("/scan/")
    phone.get_by_label("E-mail", exact=True).fill(shop.owner.user.email)
    phone.get_by_label("Password", exact=True).fill("a wrong password")
    allow(phone, "401")
    button(phone, "Sign in").tap()
    expect(phone.get_by_role("alert").locator("visible=true")).not_to_be_empty()
    phone.get_by_label("Password", exact=True).fill(PASSWORD)
    button(phone, "Sign in").tap()
    expect(phone.locator(".top")).to_contain_text("Sunrise Café")
    expect(phone.locator(".top")).to_contain_text("Alice")
    find(phone, "98765 00001")
    expect(phone.locator("#who-name")).to_have_text("Priya Sharma")
    button(phone, "One stamp more").tap()
    assert phone.locator(".dots .is-next").count() == 2
    button(phone, "Give 2 stamps").tap()
    expect(done(phone)).to_contain_text("for Priya Sharma")
    assert stamps_of(card) == 2
    settled(phone)
    button(phone, "Undo").tap()
    done(phone, "undone")
    assert stamps_of(card) == 0
    assert actions_of(shop) == [("stamps", True)]


def test_a_scanner_that_acts_as_a_keyboard_is_heard_everywhere(
    desk: Page, shop: Shop, card: Card, live: Site
) -> None:
    enter(desk, shop, live)
    desk.locator("body").evaluate("body => { document.activeElement.blur() }")
    like_a_scanner(desk, f"https://shop.example/card/{card.qr_code}")
    expect(desk.locator("#who-name")).to_have_text("Priya Sharma")
    other = shop.enrol("Rahul Verma", phone="+919876500002")
    like_a_scanner(desk, other.qr_code)
    expect(desk.locator("#who-name")).to_have_text("Rahul Verma")
    desk.keyboard.press("Escape")
    # While a form is filled, it is for the form, which keeps what people typed.
    button(desk, "New member").click()
    desk.get_by_label("Name", exact=True).fill("Anita")
    desk.get_by_label("Name", exact=True).focus()
    like_a_scanner(desk, card.qr_code)
    expect(desk.locator("#sheet-enrol").get_by_role("alert")).to_contain_text("the card of Priya Sharma")
    (blank,) = make_blanks(business_id=shop.id, count=1)
    like_a_scanner(desk, blank.qr_code)
    expect(desk.locator("#sheet-enrol")).to_contain_text("The card that you scanned becomes theirs.")
    assert desk.locator("#new-name").input_value() == "Anita"


def test_a_double_tap_gives_once(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    enter(phone, shop, live)
    find(phone, card.qr_code)
    slowly(phone, least=100)
    phone.locator(".give").evaluate("button => { button.click(); button.click(); button.click() }")
    done(phone)
    # A finger that taps once more meets another button in this place, which takes no notice yet.
    phone.locator("main.done .lead").last.evaluate("button => button.click()")
    done(phone)
    assert stamps_of(card) == 1
    assert actions_of(shop) == [("stamps", False)]


def test_feedback_comes_before_the_answer(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    enter(phone, shop, live)
    find(phone, card.qr_code)
    held: list[Route] = []
    phone.route("**/scan/api/act", lambda route: held.append(route))  # noqa: PLW0108 - it looks into what it gets
    shown = phone.evaluate(
        """() => new Promise((resolve) => {
          const start = performance.now();
          new MutationObserver((_, observer) => {
            if (document.querySelector("main.done").classList.contains("is-sending")) {
              observer.disconnect();
              requestAnimationFrame(() => resolve(performance.now() - start));
            }
          }).observe(document.querySelector("main.done"), { attributes: true });
          document.querySelector(".give").click();
        })"""
    )
    assert shown < 100
    expect(done(phone, "sending")).to_contain_text("1 stamp")
    held[0].continue_()
    done(phone)


def test_a_full_card_is_celebrated_and_its_reward_redeemed_once(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    shop.stamp(card, 7)
    enter(phone, shop, live)
    find(phone, card.qr_code)
    button(phone, "Give 1 stamp").tap()
    expect(done(phone)).to_contain_text("A reward: Free coffee!")
    settled(phone)
    button(phone, "Stay with this member").tap()
    button(phone, "Redeem Free coffee").tap()
    expect(done(phone)).to_contain_text("redeemed for Priya Sharma")
    settled(phone)
    button(phone, "Stay with this member").tap()
    expect(phone.locator("#who-name")).to_be_visible()
    expect(button(phone, "Redeem Free coffee")).to_have_count(0)
    assert actions_of(shop) == [("stamps", False), ("reward", False)]


def test_what_the_server_refuses_is_said_plainly(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    update_settings(business_id=shop.id, scans_per_day=1)
    enter(phone, shop, live)
    find(phone, card.qr_code)
    phone.locator(".give").tap()
    done(phone)
    settled(phone)
    button(phone, "Next customer").tap()
    allow(phone, "404", "409")
    field(phone).fill("nobody-has-this")
    phone.keyboard.press("Enter")
    expect(phone.locator(".scan .notice.danger")).to_be_visible()
    axe(phone)
    find(phone, card.qr_code)
    expect(phone.locator(".give")).to_be_disabled()
    assert stamps_of(card) == 1


def test_the_keyboard_alone_is_enough(desk: Page, shop: Shop, card: Card, live: Site) -> None:
    # On a slow machine frames come late.
    desk.add_init_script(
        "const usual = requestAnimationFrame;"
        "window.requestAnimationFrame = (then) => setTimeout(() => usual(then), 100)"
    )
    enter(desk, shop, live)
    desk.keyboard.press("Tab")
    field(desk).focus()
    desk.keyboard.type(card.qr_code)
    desk.keyboard.press("Enter")
    expect(desk.locator("#who-name")).to_be_focused()
    for _ in range(12):
        desk.keyboard.press("Tab")
        if desk.evaluate("document.activeElement.classList.contains('give')"):
            break
    desk.keyboard.press("Enter")
    done(desk)
    expect(desk.locator("#done-title")).to_be_focused()
    for name in ("Undo", "Stay with this member"):
        expect(button(desk, name)).to_be_visible()
    settled(desk)
    for _ in range(2):
        desk.keyboard.press("Tab")
    assert desk.evaluate("document.activeElement.textContent").strip() == "Next customer"
    desk.keyboard.press("Enter")
    expect(field(desk)).to_be_focused()
    assert stamps_of(card) == 1


def test_people_at_a_paired_device_come_in_with_a_pin(phone: Page, shop: Shop) -> None:
    _, code = devices.create_pairing(business_id=shop.id)
    pins.set_pin(business_id=shop.id, staff_id=shop.owner.pk, pin="7391")
    phone.goto("/scan/")
    button(phone, "Make this device a counter with a code").tap()
    phone.get_by_label("Code", exact=True).fill(code)
    phone.get_by_label("What is this device called?").fill("Tablet at the till")
    button(phone, "Pair this device").tap()
    button(phone, "Alice").tap()
    axe(phone)
    shot(phone, "counter-pin")
    allow(phone, "401")
    for key in "1739":
        button(phone, key).tap()
    button(phone, "Sign in").tap()
    expect(phone.get_by_role("alert").locator("visible=true")).not_to_be_empty()
    phone.keyboard.type("7391")
    phone.keyboard.press("Enter")
    expect(field(phone)).to_be_visible()
    button(phone, "Settings").tap()
    button(phone, "Somebody else takes over").tap()
    expect(button(phone, "Alice")).to_be_visible()


def points_of(card: Card) -> int:
    with scope(business=card.business_id):
        return Card.objects.get(pk=card.pk).points


def test_buttons_amounts_and_free_points(tabs: Tabs, shop: Shop, card: Card, live: Site) -> None:
    update_settings(business_id=shop.id, quickscan_function="Eggs:3, Bacon:5")
    page = tabs(desk=True, dark=True)
    enter(page, shop, live)
    find(page, card.qr_code)
    page.get_by_role("button", name="Bacon 5 points").click()
    expect(done(page)).to_contain_text("5 points in all")
    update_settings(business_id=shop.id, quickscan_function="free")
    settled(page)
    button(page, "Next customer").click()
    find(page, card.qr_code)
    page.get_by_role("tab", name="Points").click()
    for key in "12":
        button(page, key).click()
    button(page, "Give 12 points").click()
    expect(done(page)).to_contain_text("17 points in all")
    assert points_of(card) == 17


def test_an_amount_becomes_points(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    promotions.add_promotion(business_id=shop.id, name="A point for 10", percent_of_spend="10")
    update_settings(business_id=shop.id, quickscan_function="calc min:10")
    enter(phone, shop, live)
    find(phone, card.qr_code)
    phone.get_by_role("tab", name="Purchase").tap()
    button(phone, "9").tap()
    expect(phone.locator(".pad")).to_contain_text("At least ₹10.00")
    for key in "0.5":
        button(phone, key).tap()
    expect(phone.locator(".pad")).to_contain_text("9 points")
    axe(phone)
    fits(phone)
    shot(phone, "counter-amount")
    button(phone, "Record ₹90.50").tap()
    done(phone)
    assert points_of(card) == 9


def test_a_new_member_is_added_at_the_counter(phone: Page, shop: Shop, live: Site) -> None:
    enter(phone, shop, live)
    button(phone, "New member").tap()
    button(phone, "Add this member").tap()
    expect(phone.locator("#sheet-enrol .danger")).to_be_visible()
    phone.get_by_label("Name", exact=True).fill("Anita Rao")
    phone.get_by_label("Phone", exact=True).fill("98765 00009")
    axe(phone)
    button(phone, "Add this member").tap()
    expect(done(phone)).to_contain_text("Anita Rao")
    expect(phone.locator("main.done img")).to_be_visible()
    settled(phone)
    button(phone, "Stay with this member").tap()
    button(phone, "Give 1 stamp").tap()
    done(phone)
    assert actions_of(shop) == [("enrol", False), ("stamps", False)]


def test_last_actions_are_listed_and_undone(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    enter(phone, shop, live)
    find(phone, card.qr_code)
    button(phone, "Give 1 stamp").tap()
    done(phone)
    button(phone, "Last actions").tap()
    expect(phone.locator("#sheet-recent")).to_contain_text("1 stamp")
    axe(phone)
    button(phone, "Undo 1 stamp").tap()
    expect(phone.locator("#sheet-recent .is-undone")).to_have_text("1 stamp")
    assert stamps_of(card) == 0


def test_a_code_in_the_address_opens_the_member(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    enter(phone, shop, live, f"?code={card.qr_code}")
    expect(phone.locator("#who-name")).to_have_text("Priya Sharma")
    assert phone.evaluate("location.search") == ""


def test_the_first_load_is_small(phone: Page, live: Site) -> None:
    phone.goto("/scan/")
    expect(phone.get_by_label("E-mail", exact=True)).to_be_visible()
    assert bytes_over_the_wire(phone) <= 82_000


def test_a_camera_that_is_not_there_is_said_and_typing_goes_on(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    enter(phone, shop, live)
    button(phone, "Scan with the camera").tap()
    expect(phone.locator(".asleep")).to_contain_text("camera")
    expect(button(phone, "Scan with the camera")).to_be_visible()
    find(phone, card.qr_code)


def test_a_page_out_of_sight_films_nothing(shop: Shop, live: Site, fake_camera: Callable[..., Tabs]) -> None:
    page = fake_camera("nobody")()
    page.add_init_script("navigator.permissions.query = async () => ({ state: 'granted' })")
    allow(page, "404")
    enter(page, shop, live)
    expect(page.locator("#video")).to_be_visible()  # by itself, because it was allowed before
    for state, films in (("hidden", False), ("visible", True)):
        page.evaluate(
            """(state) => {
              Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
              document.dispatchEvent(new Event("visibilitychange"));
            }""",
            state,
        )
        page.wait_for_function(
            "(films) => Boolean(document.getElementById('video').srcObject) === films", arg=films
        )


def test_a_voucher_that_is_scanned_stands_first_and_is_redeemed(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    issue(shop, voucher(shop, "Free cake"), card)
    (code,) = codes(issue(shop, voucher(shop, "Five off", min_value="20.00"), card))
    enter(phone, shop, live)
    find(phone, code)
    expect(phone.locator("#who-name")).to_have_text("Priya Sharma")
    expect(phone.locator(".ticket").first).to_contain_text("Five off")
    button(phone, "Redeem Five off").tap()
    phone.get_by_label("What does the purchase come to?").fill("25")
    button(phone, "Redeem the voucher").tap()
    expect(done(phone)).to_contain_text("Five off")
    assert actions_of(shop) == [("voucher_redeem", False)]


def test_a_reason_is_asked_for_where_one_is_needed(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    update_settings(business_id=shop.id, reasons=["Forgot the card", "App broke"], reason_required=True)
    enter(phone, shop, live)
    find(phone, card.qr_code)
    button(phone, "Give 1 stamp").tap()
    button(phone, "App broke").tap()
    done(phone)
    with scope(business=shop.business):
        assert [row.reason for row in Action.objects.all()] == ["App broke"]


def test_changed_settings_reach_an_open_counter(phone: Page, shop: Shop, card: Card, live: Site) -> None:
    enter(phone, shop, live)
    find(phone, card.qr_code)
    update_settings(business_id=shop.id, reasons=["App broke"], reason_required=True)
    allow(phone, "400")
    with phone.expect_response("**/scan/api/session"):
        button(phone, "Give 1 stamp").tap()
    done(phone, "refused")
    settled(phone)
    button(phone, "Stay with this member").tap()
    button(phone, "Give 1 stamp").tap()
    button(phone, "App broke").tap()
    done(phone)


def test_a_card_of_somebody_who_joined_twice_is_confirmed(
    phone: Page, shop: Shop, card: Card, live: Site
) -> None:
    shop.stamp(card, 3)
    alias = aliases.create_alias(business_id=shop.id, member_id=card.pk, name="Priya S")
    enter(phone, shop, live)
    field(phone).fill(alias.qr_code)
    phone.keyboard.press("Enter")
    expect(phone.locator("#sheet-confirm")).to_contain_text("Priya S")
    axe(phone)
    button(phone, "Yes, the same person").tap()
    expect(phone.locator("#who-name")).to_have_text("Priya Sharma")
    expect(phone.locator("main.member")).to_contain_text("3 of 8")
