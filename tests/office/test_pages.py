"""Every page of the back office in a browser: nothing that keeps people out, nothing that stands out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page as Tab

from regulars.web.office.urls import PAGES
from tests.factories import Shop, make_shop
from tests.live import Tabs, allow, axe, fits
from tests.office.seat import Seat
from tests.office.test_permissions import ids_of
from tests.office.test_queries import grow
from tests.served import Site

pytestmark = pytest.mark.once

SHOWN = [
    page
    for page in PAGES
    if "GET" in page.methods
    and not page.name.endswith(("-file", "-now", "-letter", "-count", "-worth", "-download"))
]


@pytest.fixture
def shop(live: Site) -> Shop:
    return make_shop("The Extraordinarily Long-Named Patisserie & Coffee Roasting Company")


def enter(tab: Tab, seat: Seat, live: Site) -> None:
    """Let a tab be where somebody is signed in."""
    key = seat.client.cookies["regulars_office"].value
    tab.context.add_cookies([{"name": "regulars_office", "value": key, "url": live.url}])


def look(tab: Tab, shop: Shop, check: Callable[[Tab], None]) -> dict[str, str]:
    """What is wrong, by page."""
    allow(tab, "postMessage")  # axe calls into frames, which are shut off
    seat = Seat(shop)
    wrong = {}
    for page in SHOWN:
        url = seat.url(page.name, **ids_of(page, shop))
        first = seat.client.get(url, secure=True)
        if "html" not in first.headers.get("Content-Type", "") or "Content-Disposition" in first.headers:
            continue
        answer = tab.goto(url)
        try:
            assert answer is not None
            assert answer.status == 200
            check(tab)
        except AssertionError as error:
            wrong[page.name] = str(error)[:1500]
    return wrong


def test_pages_with_much_on_them_keep_nobody_out(tabs: Tabs, live: Site, shop: Shop) -> None:
    grow(shop, 2)
    tab = tabs(desk=True)
    enter(tab, Seat(shop), live)
    assert look(tab, shop, axe) == {}


def test_pages_fit_a_phone_in_the_dark(tabs: Tabs, live: Site, shop: Shop) -> None:
    grow(shop, 1)
    tab = tabs(dark=True)
    enter(tab, Seat(shop), live)

    def check(tab: Tab) -> None:
        fits(tab)
        axe(tab)

    assert look(tab, shop, check) == {}
