"""A campaign from the first word to the last recipient, in a browser; and what the office weighs."""

from __future__ import annotations

import pytest
from django_scopes import scope
from playwright.sync_api import Page as Tab
from playwright.sync_api import Route, expect

from regulars.campaigns import job
from regulars.campaigns.models import Campaign
from tests.factories import Shop, make_shop
from tests.live import Tabs, allow, axe, bytes_over_the_wire, fits
from tests.office.seat import Seat
from tests.served import Site

pytestmark = pytest.mark.once

# Bytes over the wire of the first page that somebody opens, styles, scripts and charts included.
MOST = 250_000


@pytest.fixture
def shop(live: Site) -> Shop:
    return make_shop("Harbour Coffee")


def enter(tab: Tab, shop: Shop, live: Site) -> None:
    key = Seat(shop).client.cookies["regulars_office"].value
    tab.context.add_cookies([{"name": "regulars_office", "value": key, "url": live.url}])


def send_out(shop: Shop) -> None:
    """What a worker does with it."""
    with scope(business=shop.business):
        campaign = Campaign.objects.get()
    job.send_out.func(business_id=shop.id, campaign_id=campaign.pk)


def test_a_campaign_is_written_looked_at_sent_and_read_back(desk: Tab, live: Site, shop: Shop) -> None:
    shop.enrol("Nora Shah", email="nora@mail.example")
    shop.enrol("Nobody Reachable")
    enter(desk, shop, live)
    desk.goto(Seat(shop).url("campaigns"))
    desk.get_by_role("link", name="New campaign").click()
    expect(desk.get_by_text("1 member would get it now")).to_be_visible()
    letter = desk.frame_locator("iframe[name=letter]")
    desk.get_by_label("Subject").fill("Warm days, {first_name|friend}")
    expect(letter.get_by_text("Warm days, Nora")).to_be_visible()
    # What is shown is no step of the browser's history.
    assert desk.evaluate("history.length") <= 3
    desk.get_by_label("Letter by post").check()
    expect(desk.get_by_label("Subject")).to_be_hidden()
    desk.get_by_label("E-mail", exact=True).check()
    desk.get_by_text("What the letter can fill in").click()
    desk.get_by_role("textbox", name="Message").press("Control+End")
    desk.get_by_role("button", name="{program_name}").click()
    expect(desk.get_by_role("textbox", name="Message")).to_have_value(
        "Hello {first_name|there},\n\n{program_name}"
    )
    allow(desk, "400")
    desk.get_by_role("button", name="Save").click()
    expect(desk.locator("#id_name_error")).to_be_visible()  # and nothing that was typed is lost
    expect(desk.get_by_label("Subject")).to_have_value("Warm days, {first_name|friend}")
    desk.get_by_label("Name").fill("Warm days")
    desk.get_by_role("button", name="Save").click()

    expect(desk.get_by_role("heading", name="Warm days")).to_be_visible()
    axe(desk)
    desk.get_by_role("button", name="Send to 1 member").click()
    question = desk.get_by_role("dialog")
    question.get_by_role("button", name="Cancel").click()
    with scope(business=shop.business):
        assert Campaign.objects.get().status == "draft"
    desk.get_by_role("button", name="Send to 1 member").click()
    question.get_by_role("button", name="Send to 1 member").click()
    expect(desk.get_by_text("0 of 1 have left.")).to_be_visible()
    send_out(shop)
    expect(desk.get_by_text("1 of 1 got it.")).to_be_visible()
    desk.get_by_role("link", name="All recipients").click()
    expect(desk.get_by_role("link", name="Nora Shah")).to_be_visible()
    axe(desk)


def test_words_are_written_on_a_phone_in_the_dark(tabs: Tabs, live: Site, shop: Shop) -> None:
    tab = tabs(dark=True)
    enter(tab, shop, live)
    tab.goto(Seat(shop).url("message", kind="welcome"))
    letter = tab.frame_locator("iframe[name=letter]")
    expect(letter.get_by_text("Welcome to Harbour Coffee", exact=True)).to_be_visible()
    tab.get_by_role("link", name="Deutsch").click()
    tab.get_by_label("Subject").fill("Moin {nobody}")
    expect(letter.get_by_role("alert")).to_be_visible()
    tab.get_by_label("Subject").fill("Moin {first_name}")
    expect(letter.get_by_text("Moin Nora")).to_be_visible()
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_text("has words of yours")).to_be_attached()
    fits(tab)
    axe(tab)


def test_what_is_typed_while_a_list_comes_is_not_lost(desk: Tab, live: Site, shop: Shop) -> None:
    shop.enrol("Poornima Kamath")
    shop.enrol("Priya Rao")
    enter(desk, shop, live)
    desk.goto(Seat(shop).url("members"))
    field = desk.get_by_role("searchbox")
    held: list[Route] = []
    desk.route("**/members/?q=p", lambda route: held.append(route))  # noqa: PLW0108 - it wants a function
    field.press_sequentially("p")
    while not held:
        desk.wait_for_timeout(10)
    field.press_sequentially("oo")
    held[0].continue_()
    expect(desk.get_by_role("link", name="Priya Rao")).to_have_count(0)
    expect(desk.get_by_role("link", name="Poornima Kamath")).to_be_visible()
    expect(field).to_have_value("poo")
    expect(field).to_be_focused()
    assert desk.url.endswith("/members/?q=poo")


def test_the_first_page_is_not_heavy(desk: Tab, live: Site, shop: Shop) -> None:
    enter(desk, shop, live)
    desk.goto(Seat(shop).url("home"))
    assert 10_000 < bytes_over_the_wire(desk) < MOST
