"""Joining in a real browser: by keyboard, without scripts, pressed twice, and for those who cannot see."""

from __future__ import annotations

import re

import pytest
from django_scopes import scope
from playwright.sync_api import Page, expect

from regulars.ledger.models import Card
from regulars.members.models import Member
from regulars.portal import links
from regulars.promotions import actions as promotions
from regulars.tenants import actions as tenants
from regulars.tenants.microsites import update_microsite
from tests.factories import Shop, make_shop
from tests.live import Tabs, allow, axe, bytes_over_the_wire, fits, shot
from tests.served import Site

pytestmark = pytest.mark.once

CARD = re.compile(r"/card/[0-9a-f]{16}$")


@pytest.fixture
def shop(live: Site) -> Shop:
    made = make_shop("Corner Café", birthday_bonus_stamps=2)
    tenants.update_program(business_id=made.id, terms_conditions="One stamp for each coffee.")
    update_microsite(business_id=made.id, privacy_url="https://corner.example/privacy")
    return made


def path(shop: Shop) -> str:
    return f"/join/{shop.business.join_code}"


def names(shop: Shop) -> list[str]:
    with scope(business=shop.business):
        return list(Member.objects.order_by("id").values_list("name", flat=True))


def test_the_page_is_small_whole_and_for_everybody(tabs: Tabs, shop: Shop) -> None:
    phone = tabs()
    phone.goto(path(shop))
    assert bytes_over_the_wire(phone) < 25_000
    button = phone.locator("#send").bounding_box()
    assert button is not None
    assert button["y"] + button["height"] <= 740, "the button is seen without scrolling"
    axe(phone)
    fits(phone)
    shot(phone, "join-phone-light", whole=True)
    phone.set_viewport_size({"width": 320, "height": 640})
    fits(phone)
    for name, desk in (("join-phone-dark", False), ("join-desk-dark", True)):
        tab = tabs(desk=desk, dark=True)
        tab.goto(path(shop))
        axe(tab)
        fits(tab)
        shot(tab, name, whole=True)


@pytest.mark.parametrize("accent", ["#0f766e", "#facc15", "#787878"])
def test_a_gift_is_readable_and_the_button_still_seen(tabs: Tabs, shop: Shop, accent: str) -> None:
    promotions.add_event_promotion(business_id=shop.id, points_to_award=50, auto_allocate_on_event="signup")
    tenants.update_look(business_id=shop.id, accent_color=accent)
    for dark in (False, True):
        tab = tabs(dark=dark)
        tab.goto(path(shop))
        expect(tab.locator(".gift")).to_be_visible()
        axe(tab)
        button = tab.locator("#send").bounding_box()
        assert button is not None
        assert button["y"] + button["height"] <= 740, "the button is seen without scrolling"
        shot(tab, f"join-gift-{accent[1:]}-{'dark' if dark else 'light'}")


@pytest.mark.parametrize("language", ["en", "de", "hi"])
def test_every_month_is_read_whole(tabs: Tabs, shop: Shop, language: str) -> None:
    tab = tabs(language=language)
    tab.goto(path(shop))
    button = tab.locator("#send").bounding_box()
    assert button is not None
    assert button["y"] + button["height"] <= 740, "the button is seen without scrolling"
    tab.locator(".birthday > summary").click()
    month = tab.locator("select[name=month]")
    month.select_option("9")
    shown = month.evaluate(
        """select => {
            const style = getComputedStyle(select);
            const pen = document.createElement("canvas").getContext("2d");
            pen.font = style.font;
            const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
            const wide = [...select.options].filter(one => pen.measureText(one.text).width + 28 > room);
            return wide.map(one => one.text);
        }"""
    )
    assert shown == []
    fits(tab)
    shot(tab, f"join-months-{language}", whole=True)


def test_joining_by_keyboard_alone(phone: Page, shop: Shop) -> None:
    phone.goto(path(shop))
    phone.keyboard.press("Tab")
    expect(phone.locator("#name")).to_be_focused()
    phone.keyboard.type("نورا الأحمد")
    phone.keyboard.press("Tab")
    phone.keyboard.type("nora@mail.example")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Space")  # the birthday opens
    for typed in ("28", "Feb", "1990"):
        phone.keyboard.press("Tab")
        phone.keyboard.type(typed)
    phone.keyboard.press("Tab")
    phone.keyboard.press("Space")
    expect(phone.get_by_role("checkbox")).to_be_checked()
    phone.keyboard.press("Tab")
    expect(phone.get_by_role("button", name="Get my card")).to_be_focused()
    phone.keyboard.press("Enter")
    expect(phone).to_have_url(CARD)
    with scope(business=shop.business):
        member = Member.objects.get()
    assert (member.name, str(member.date_of_birth), member.optout_email) == (
        "نورا الأحمد",
        "1990-02-28",
        False,
    )


def test_joining_without_scripts_and_mending_what_was_wrong(tabs: Tabs, shop: Shop) -> None:
    tab = tabs(scripts=False)
    allow(tab, "400")
    tab.goto(path(shop))
    tab.get_by_label("E-mail or phone number").fill("12")
    tab.get_by_role("button", name="Get my card").click()
    expect(tab.get_by_role("alert")).to_contain_text("Nothing was sent yet")
    expect(tab.locator("#name")).to_be_focused()
    expect(tab.locator("#contact")).to_have_value("12")
    fits(tab)
    shot(tab, "join-wrong", whole=True)
    tab.locator("#name").fill("Nora")
    tab.locator("#contact").fill("+91 98765 43210")
    tab.get_by_role("button", name="Get my card").click()
    expect(tab).to_have_url(CARD)
    card = tab.url
    tab.goto(path(shop))
    expect(tab.get_by_text("You got a card on this phone already.")).to_be_visible()
    tab.get_by_role("link", name="Open my card").click()
    expect(tab).to_have_url(card)


def test_pressing_twice_and_coming_back_joins_once(phone: Page, shop: Shop) -> None:
    phone.goto(path(shop))
    phone.locator("#name").fill("Nora")
    phone.locator("#contact").fill("nora@mail.example")
    phone.locator("#join").evaluate("form => { form.requestSubmit(); form.requestSubmit(); }")
    expect(phone).to_have_url(CARD)
    card = phone.url
    phone.go_back()
    button = phone.get_by_role("button", name="Get my card")
    if not phone.locator("#name").is_visible():  # asked for anew: the page knows this phone
        phone.get_by_text("A card for somebody else").click()
    phone.locator("#name").fill("Ada")
    phone.locator("#contact").fill("ada@mail.example")
    button.click()
    expect(phone).to_have_url(CARD)
    assert phone.url != card
    assert names(shop) == ["Nora", "Ada"]


def test_the_pages_behind_links(tabs: Tabs, shop: Shop) -> None:
    card = shop.enrol("Nora", email="nora@mail.example")
    for purpose, alias, label in (
        ("open_card", "f" * 16, "No, just open my card"),
        ("open_card", "", "Open my card"),
        ("confirm_email", "", "Yes, this is mine"),
    ):
        url = links.make_link(
            business_id=shop.id,
            member_id=card.pk,
            purpose=purpose,
            address="nora@mail.example",
            alias=alias,
            lasts=links.CONFIRM_LASTS,
        )
        tab = tabs(dark=bool(alias))
        tab.goto(url)
        axe(tab)
        fits(tab)
        shot(tab, f"link-{purpose}-{'known' if alias else 'new'}")
        tab.get_by_role("button", name=label).click()
        if purpose == "open_card":
            expect(tab).to_have_url(CARD)
        else:
            expect(tab.get_by_role("heading")).to_contain_text("confirmed")
            axe(tab)
    with scope(business=shop.business):
        assert Card.objects.get().member.email_confirmed_at is not None
