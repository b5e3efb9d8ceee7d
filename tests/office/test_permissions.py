"""Every page of the back office, asked for by every role and by strangers. Made from the table of pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from regulars.tenants import team
from regulars.tenants.models import Staff
from regulars.tenants.permissions import PERMISSIONS, ROLES
from regulars.web.office.pages import Page
from regulars.web.office.urls import PAGES
from tests.factories import Shop, make_shop
from tests.office.seat import Seat
from tests.office.things import MAKERS, NAMES, OWN

pytestmark = pytest.mark.django_db

WRITES = [page for page in PAGES if "POST" in page.methods]


def parameters(page: Page) -> list[str]:
    return re.findall(r"<(?:\w+:)?(\w+)>", page.path)


def ids_of(page: Page, shop: Shop, staff: Staff | None = None) -> dict[str, Any]:
    with scope(business=shop.business):
        return {
            name: OWN[name](shop, staff) if staff is not None and name in OWN else MAKERS[name](shop)
            for name in parameters(page)
        }


@pytest.fixture
def seats(shop: Shop) -> dict[str, Seat]:
    return {role: Seat(shop) if role == "owner" else Seat.of(shop, role) for role in ROLES}


def ask(seat: Seat, page: Page, ids: dict[str, Any]) -> int:
    method = "GET" if "GET" in page.methods else "POST"
    response = seat.client.generic(method, seat.url(page.name, **ids), secure=True)
    for close in response._resource_closers:  # a file; closing all of it would close the database, too
        close()
    return int(response.status_code)


def test_names_and_permissions_are_known_and_each_once() -> None:
    assert len({page.name for page in PAGES}) == len(PAGES)
    assert {page.permission for page in PAGES} <= PERMISSIONS.keys()
    assert {name for page in PAGES for name in parameters(page)} <= MAKERS.keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_open_to_those_whose_role_has_its_permission(
    page: Page, shop: Shop, seats: dict[str, Seat]
) -> None:
    ids = ids_of(page, shop)
    for role, seat in seats.items():
        theirs = ids_of(page, shop, seat.staff) if OWN.keys() & ids.keys() else ids
        status = ask(seat, page, theirs)
        if page.permission in ROLES[role]:
            assert status not in (403, 404, 405, 500), (role, status)
        else:
            assert status == 403, (role, status)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_closed_to_everybody_else(page: Page, shop: Shop) -> None:
    ids = ids_of(page, shop)
    alice, charlie = Seat(shop), Seat(make_shop("Charlie's"))
    method = "GET" if "GET" in page.methods else "POST"
    # Whoever is not signed in is asked to; another shop's owner finds no such business.
    unknown = Client().generic(method, alice.url(page.name, **ids), secure=True)
    assert (unknown.status_code, unknown.headers["Location"].partition("?")[0]) == (302, "/account/login/")
    assert charlie.client.generic(method, alice.url(page.name, **ids), secure=True).status_code == 404
    if ids.keys() - NAMES:  # at their own desk the numbers of another shop's rows lead to nothing
        for one in page.methods:
            assert charlie.client.generic(one, charlie.url(page.name, **ids), secure=True).status_code == 404
    if page.whole_business:
        bob = Seat.of(shop, "manager", branch_id=shop.branch().pk)
        assert ask(bob, page, ids) == 403


@pytest.mark.parametrize("page", WRITES, ids=lambda page: page.name)
def test_what_is_posted_from_elsewhere_changes_nothing(page: Page, shop: Shop) -> None:
    seat = Seat(shop)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = seat.client.cookies
    response = strict.post(seat.url(page.name, **ids_of(page, shop)), {}, secure=True)
    assert response.status_code == 403


@pytest.fixture
def kept_out(shop: Shop) -> list[Seat]:
    """People who have left, may not come in, or have not accepted yet."""
    left, barred = Seat.of(shop, "manager"), Seat.of(shop, "manager", disable_backoffice_access=True)
    with scope(business=shop.business):
        invited = team.add_staff(business=shop.business, name="New", email="new@shop.example")
        type(left.staff).objects.filter(pk=left.staff.pk).update(is_active=False)
    return [left, barred, Seat(shop, invited.staff)]


def test_who_left_or_may_not_come_in_finds_no_business(kept_out: list[Seat]) -> None:
    assert [seat.get("audit").status_code for seat in kept_out] == [404, 404, 404]
