"""An operator at an owner's place: what is written down of it, and under whose name."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django_scopes import scope

from regulars.ledger.models import Entry
from regulars.tenants import actions as tenants
from regulars.tenants import operators
from regulars.tenants.models import User
from tests.factories import Shop, make_shop
from tests.office.seat import Seat, records
from tests.web.operator.given import REASON, Operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def olga(db: None) -> Operator:
    return Operator()


def enter(olga: Operator, shop: Shop) -> Any:
    return olga.do(f"tenants/business/{shop.id}/enter/", **REASON)


def done(shop: Shop) -> list[str]:
    return [record.action for record in records(shop)]


def test_what_an_operator_does_stands_under_nobody_s_name(olga: Operator, shop: Shop) -> None:
    card, seat = shop.enrol(), Seat(shop)
    given = {"way": "give", "count": "2", "reason": "Forgotten", "branch_id": ""}
    enter(olga, shop)
    url = seat.url("member-stamps", member_id=card.pk)
    assert olga.client.post(url, given, secure=True).status_code == 303
    assert seat.post("member-stamps", given, member_id=card.pk).status_code == 303
    with scope(business=shop.business):
        entries = Entry.objects.filter(kind="stamp_add").order_by("id")
        assert [entry.staff_id for entry in entries] == [None, shop.owner.pk]
    assert seat.text("member", member_id=card.pk).count("Olga (operator)") == 1


def test_going_to_another_business_leaves_the_first(olga: Operator, shop: Shop) -> None:
    other = make_shop("Charlie's")
    enter(olga, shop)
    enter(olga, shop)
    assert done(shop) == ["operator.enter", "operator.enter"]
    enter(olga, other)
    assert (done(shop)[0], done(other)) == ("operator.leave", ["operator.enter"])
    assert olga.client.get(Seat(shop).url("settings"), secure=True).status_code == 404


def test_signing_out_leaves_the_business(olga: Operator, shop: Shop) -> None:
    enter(olga, shop)
    assert olga.client.post("/account/logout/", secure=True).status_code == 302
    assert done(shop) == ["operator.leave", "operator.enter"]
    assert records(shop)[0].actor == "Olga"


def test_what_a_former_operator_did_is_still_known(olga: Operator, shop: Shop) -> None:
    Operator("pete@harbour.example")
    staff = tenants.add_staff(business=shop.business, name="Olga", email=olga.user.email).staff
    enter(olga, shop)
    operators.remove_operator(email=olga.user.email)
    tenants.remove_staff(business_id=shop.id, staff_id=staff.pk)
    assert LogEntry.objects.filter(user__email=olga.user.email).exists()
    assert User.objects.filter(email=olga.user.email).exists()
