"""No page of the back office asks the database more often because there is more in it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from regulars.analytics.rollup import roll_up
from regulars.web.office.pages import Page
from regulars.web.office.urls import PAGES
from tests.factories import Shop, make_shop
from tests.office.seat import Seat
from tests.office.test_permissions import ids_of, parameters
from tests.office.things import MAKERS

pytestmark = pytest.mark.django_db

LOOKED_AT = [page for page in PAGES if "GET" in page.methods and not page.name.endswith("-file")]
# A page's session, person, place, and up to so much of its own.
MOST = 40
# What is asked for only where there is more than one of something.
SPARE = 2


def grow(shop: Shop, times: int) -> None:
    """One more of everything, some times, and customers who come."""
    with scope(business=shop.business):
        for _ in range(times):
            for name in sorted({name for page in PAGES for name in parameters(page)}):
                MAKERS[name](shop)
            shop.stamp(shop.enrol(), 3)


def cost(seat: Seat, page: Page, ids: dict[str, Any]) -> int:
    with CaptureQueriesContext(connection) as asked:
        response = seat.get(page.name, **ids)
    assert response.status_code in (200, 204, 303), (page.name, response.status_code)
    return len(asked)


def test_pages_cost_the_same_however_much_there_is() -> None:
    shop = make_shop()
    seat = Seat(shop)
    grow(shop, 1)
    roll_up()
    ids = {page.name: ids_of(page, shop) for page in LOOKED_AT}
    for page in LOOKED_AT:
        cost(seat, page, ids[page.name])  # what a process remembers is asked for once
    before = {page.name: cost(seat, page, ids[page.name]) for page in LOOKED_AT}
    grow(shop, 6)
    roll_up()
    after = {page.name: cost(seat, page, ids[page.name]) for page in LOOKED_AT}
    grown = {name: (before[name], after[name]) for name in after if after[name] > before[name] + SPARE}
    assert grown == {}
    assert {name: number for name, number in after.items() if number > MOST} == {}
