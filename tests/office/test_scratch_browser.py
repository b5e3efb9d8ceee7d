"""A campaign of scratch cards in a browser: chances move while one types, rows come, cards go to all."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import expect

from regulars.jobs import running
from regulars.scratchcards.models import ScratchCard
from tests.factories import make_shop
from tests.live import Tabs
from tests.office.seat import Seat
from tests.office.test_pages import enter
from tests.served import Site

pytestmark = pytest.mark.once


def test_from_the_first_prize_to_cards_for_all(tabs: Tabs, live: Site) -> None:
    shop = make_shop()
    shop.enrol("Asha Rao")
    shop.enrol("Rahul Mehta")
    seat, tab = Seat(shop), tabs(desk=True)
    enter(tab, seat, live)
    tab.goto(seat.url("scratch-card-new"))
    tab.get_by_label("Name").fill("Summer spin")
    tab.get_by_label("Prize").nth(0).fill("Free cake")
    tab.get_by_label("Prize").nth(1).fill("Better luck next time")
    tab.get_by_label("Weight").nth(1).fill("30")
    expect(tab.get_by_text("25.0 % of the cards win.")).to_be_visible()
    rows = tab.get_by_label("Prize")
    before = rows.count()
    tab.get_by_role("button", name="More prizes").click()
    expect(rows).to_have_count(before + 2)
    tab.get_by_role("button", name="Start campaign").click()
    tab.get_by_role("link", name="Draw 1,000 to try").click()
    expect(tab.get_by_text("would win")).to_be_visible()

    tab.get_by_role("link", name="Issue cards").click()
    member = tab.get_by_label("Member")
    expect(member).to_be_visible()
    tab.get_by_label("For", exact=True).select_option("all")
    expect(member).to_be_hidden()
    tab.get_by_role("button", name="Issue").click()
    expect(tab.get_by_text("0 of 2")).to_be_visible()
    running.run_due()
    expect(tab.get_by_text("2 cards issued")).to_be_visible()  # the page looks by itself
    with scopes_disabled():
        assert ScratchCard.objects.count() == 2
