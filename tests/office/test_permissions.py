"""Every page of the back office, asked for by every role and by strangers. Made from the table of pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django_scopes import scope
from pytest_django import DjangoDbBlocker

from regulars.tenants.models import Staff
from regulars.tenants.permissions import PERMISSIONS, ROLES
from regulars.web.office.pages import Page
from regulars.web.office.urls import PAGES
from tests.factories import Shop, make_shop
from tests.office.seat import Seat
from tests.office.things import MAKERS, NAMES, OWN

# Each test is a savepoint in what the module has made. That pages work on both databases, others show.
pytestmark = [pytest.mark.django_db, pytest.mark.once]


WRITES = [page for page in PAGES if "POST" in page.methods]
WHOLE = [page for page in PAGES if page.whole_business]


def parameters(page: Page) -> list[str]:
    return re.findall(r"<(?:\w+:)?(\w+)>", page.path)


def ids_of(page: Page, shop: Shop, staff: Staff | None = None) -> dict[str, Any]:
    with scope(business=shop.business):
        return {
            name: OWN[name](shop, staff) if staff is not None and name in OWN else MAKERS[name](shop)
            for name in parameters(page)
        }


@dataclass(frozen=True)
class World:
    """Alice's shop with somebody of each role, and one of everything; Charlie's shop."""

    shop: Shop
    seats: dict[str, Seat]
    bob: Seat  # a manager who belongs to one branch
    charlie: Seat
    things: dict[str, Any]

    def ids(self, page: Page, seat: Seat | None = None) -> dict[str, Any]:
        """What fills a page's address; what belongs to one person is made for whoever asks."""
        found = {name: self.things[name] for name in parameters(page)}
        if seat is not None:
            with scope(business=self.shop.business):
                found |= {name: make(self.shop, seat.staff) for name, make in OWN.items() if name in found}
        return found


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside did not happen."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """All of it is made once, and taken back after the last test."""
    with django_db_blocker.unblock(), undone():
        shop = make_shop()
        seats = {role: Seat(shop) if role == "owner" else Seat.of(shop, role) for role in ROLES}
        bob = Seat.of(shop, "manager", branch_id=shop.branch("Bob's").pk)
        with scope(business=shop.business):
            names = {name for page in PAGES for name in parameters(page)}
            things = {name: MAKERS[name](shop) for name in sorted(names)}
        yield World(shop, seats, bob, Seat(make_shop("Charlie's")), things)


def ask(client: Client, method: str, url: str) -> int:
    """The status of an answer. A request changes nothing for the next."""
    with undone():
        response: Any = client.generic(method, url, secure=True)
        for close in response._resource_closers:  # a file; closing all of it would close the database, too
            close()
    return int(response.status_code)


def test_names_and_permissions_are_known_and_each_once() -> None:
    assert len({page.name for page in PAGES}) == len(PAGES)
    assert {page.permission for page in PAGES} <= PERMISSIONS.keys()
    assert {name for page in PAGES for name in parameters(page)} <= MAKERS.keys()
    assert {method for page in PAGES for method in page.methods} <= {"GET", "POST"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_open_to_those_whose_role_has_its_permission(page: Page, world: World) -> None:
    for role, seat in world.seats.items():
        with undone():
            status = ask(seat.client, page.methods[0], seat.url(page.name, **world.ids(page, seat)))
        if page.permission in ROLES[role]:
            assert status not in (403, 404, 405, 500), (role, status)
        else:
            assert status == 403, (role, status)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_closed_to_strangers(page: Page, world: World) -> None:
    ids = world.ids(page)
    url = world.seats["owner"].url(page.name, **ids)
    # Whoever is not signed in is asked to; another shop's owner finds no such business.
    unknown = Client().generic(page.methods[0], url, secure=True)
    assert (unknown.status_code, unknown.headers["Location"].partition("?")[0]) == (302, "/account/login/")
    assert ask(world.charlie.client, page.methods[0], url) == 404
    if ids.keys() - NAMES:  # at their own desk the numbers of another shop's rows lead to nothing
        for method in page.methods:
            assert ask(world.charlie.client, method, world.charlie.url(page.name, **ids)) == 404


@pytest.mark.parametrize("page", WHOLE, ids=lambda page: page.name)
def test_what_is_about_the_whole_business_is_closed_to_people_of_one_branch(page: Page, world: World) -> None:
    assert (
        ask(world.bob.client, page.methods[0], world.bob.url(page.name, **world.ids(page, world.bob))) == 403
    )


@pytest.mark.parametrize("page", WRITES, ids=lambda page: page.name)
def test_what_is_posted_from_elsewhere_changes_nothing(page: Page, world: World) -> None:
    seat = world.seats["owner"]
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = seat.client.cookies
    assert ask(strict, "POST", seat.url(page.name, **world.ids(page))) == 403


def test_who_left_or_may_not_come_in_finds_no_business(world: World) -> None:
    with undone():
        left = Seat.of(world.shop, "manager")
        barred = Seat.of(world.shop, "manager", disable_backoffice_access=True)
        invited = Seat.of(world.shop, "manager")
        with scope(business=world.shop.business):
            Staff.objects.filter(pk=left.staff.pk).update(is_active=False)
            Staff.objects.filter(pk=invited.staff.pk).update(temp_password="hash")
        assert [seat.get("audit").status_code for seat in (left, barred, invited)] == [404, 404, 404]


def test_whoever_works_at_the_counter_only_is_told_so_and_led_there(world: World) -> None:
    with undone():
        barred = Seat.of(world.shop, "staff", disable_backoffice_access=True)
        for response in (barred.get("home"), barred.client.get("/office/", secure=True)):
            page = response.content.decode()
            assert "You work at the counter only" in page
            assert 'href="/scan/"' in page
        stranger = world.charlie.client.get(barred.url("home"), secure=True)
        assert "There is no such business" in stranger.content.decode()
