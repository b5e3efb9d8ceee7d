"""Absurd numbers and days in addresses: a page says what is wrong, or shows what there is. It never fails."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import pytest
from django.http.response import HttpResponseBase
from django_scopes import scope

from regulars.tenants.models import Business
from regulars.web.office.lists import Listing
from regulars.web.office.pages import Page
from regulars.web.office.urls import PAGES
from tests.factories import Shop
from tests.office.seat import Seat
from tests.office.test_permissions import parameters
from tests.office.things import MAKERS

IDS = (2**63, 10**20)
TICKED = ("²", str(2**63), "9" * 5000)
# Days at both ends of time, and what is neither a day nor a number that a column holds.
TEXTS = (
    *("0001-01-01", "9999-12-31"),
    *("-999999999", str(2**63), "9" * 5000, "²"),
)
# What pages ask their address for beside the filters of lists.
OTHERS = (
    "q",
    "page",
    "sort",
    "from",
    "to",
    "range",
    "branch",
    "months",
    "before",
    "first",
    "last",
    "quantity",
)


@pytest.fixture
def seat(shop: Shop) -> Seat:
    """An owner whose days begin first on earth; what fails is answered as it is to a browser."""
    Business.objects.filter(pk=shop.id).update(timezone="Pacific/Kiritimati")
    seat = Seat(shop)
    seat.client.raise_request_exception = False
    return seat


def ids_of(page: Page, shop: Shop, number: int) -> dict[str, Any]:
    """A page's address with a number in place of every number."""
    numbers = re.findall(r"<int:(\w+)>", page.path)
    with scope(business=shop.business):
        return {name: number if name in numbers else MAKERS[name](shop) for name in parameters(page)}


def with_numbers() -> list[Page]:
    return [page for page in PAGES if "<int:" in page.path]


def failed(seat: Seat, page: Page, method: str, data: dict[str, str]) -> dict[str, int]:
    ask = seat.client.get if method == "GET" else seat.client.post
    status = ask(seat.url(page.name), data, secure=True, headers={"HX-Request": "true"}).status_code
    return (
        {f"{method} {page.name} {data}"[:200]: status} if status >= HTTPStatus.INTERNAL_SERVER_ERROR else {}
    )


def test_nothing_has_a_number_that_no_table_holds(seat: Seat, shop: Shop) -> None:
    wrong = {}
    for page in with_numbers():
        for number in IDS:
            url = seat.url(page.name, **ids_of(page, shop, number))
            for method in page.methods:
                status = seat.client.generic(method, url, secure=True).status_code
                if status != HTTPStatus.NOT_FOUND:
                    wrong[f"{method} {page.name} {number}"] = status
    assert wrong == {}


def test_no_filter_fails(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    listings: list[Listing] = []
    answer = Listing.answer

    def noted(self: Listing) -> HttpResponseBase:
        listings.append(self)
        return answer(self)

    monkeypatch.setattr(Listing, "answer", noted)
    wrong: dict[str, int] = {}
    found = 0
    for page in (page for page in PAGES if "GET" in page.methods and not parameters(page)):
        listings.clear()
        wrong |= failed(seat, page, "GET", {})
        names = [
            *OTHERS,
            *(name for one in listings for filter_ in one.filters for name in filter_.parameters),
        ]
        found += len(names) - len(OTHERS)
        for text in TEXTS:
            wrong |= failed(seat, page, "GET", dict.fromkeys(names, text))
    assert wrong == {}
    assert found > 50


def test_no_row_that_is_ticked_fails(seat: Seat) -> None:
    wrong: dict[str, int] = {}
    for page in (page for page in PAGES if "POST" in page.methods and not parameters(page)):
        for text in TICKED:
            wrong |= failed(seat, page, "POST", {"id": text, "do": "1"})
    assert wrong == {}


def test_what_is_ticked_and_no_row_is_refused_by_name(seat: Seat, shop: Shop) -> None:
    for text in TICKED:
        response = seat.post("members-suspend", {"id": [str(shop.enrol().pk), text]})
        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert "id must be numbers of rows" in response.content.decode()


def test_days_beyond_all_that_happened_are_the_first_and_the_last(seat: Seat) -> None:
    page = seat.text("audit", {"at_from": "0001-01-01", "at_to": "9999-12-31"})
    assert 'value="1900-01-01"' in page
    assert 'value="2199-12-31"' in page
