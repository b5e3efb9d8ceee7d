"""Finding the member that a till names."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from regulars import db
from regulars.ledger.merging import merge_members
from regulars.ledger.models import Card
from regulars.members import queries
from regulars.members.actions import edit_member
from regulars.members.models import Member
from regulars.members.queries import (
    by_contact,
    find_by_contact,
    find_for_new_code,
    find_member,
    has,
    ids_by_others,
)
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from tests.factories import Shop, make_shop

pytestmark = [pytest.mark.usefixtures("forgets_statistics"), pytest.mark.django_db]


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def priya(shop: Shop) -> Card:
    """Priya, and somebody with the same in another business."""
    known = {"phone": "+919876543210", "email": "priya@mail.example", "code": "P-1", "secondary_code": "é2"}
    card = shop.enrol("Priya", **known)
    make_shop("Charlie's").enrol("Priya", **known)
    return card


@pytest.mark.parametrize(
    "reference",
    ["P-1", " p-1 ", "é2", "priya@mail.example", "Priya@Mail.Example", "+919876543210", "098765 43210"],
)
def test_a_member_is_found_by_code_secondary_code_email_and_cell(
    reference: str, shop: Shop, priya: Card
) -> None:
    assert find_member(business_id=shop.id, reference=reference) == priya.pk


@pytest.mark.parametrize("reference", ["", " ", "P-2", "P", "%", "_-1", "priya", "987654321", "x@y.example"])
def test_nobody_is_found_by_less_or_by_nothing(reference: str, shop: Shop, priya: Card) -> None:
    shop.enrol(email="second@mail.example")  # without secondary code, and with no cell
    with pytest.raises(NotFound) as refused:
        find_member(business_id=shop.id, reference=reference)
    assert list(refused.value.fields) == ["member"]


@pytest.mark.parametrize("reference", ["a\0b", "x" * 255, "\ud800"])
def test_what_no_member_can_have_is_refused(reference: str, shop: Shop) -> None:
    with pytest.raises(InvalidInput) as refused:
        find_member(business_id=shop.id, reference=reference)
    assert list(refused.value.fields) == ["member"]


def test_a_code_goes_before_all_else(shop: Shop, priya: Card) -> None:
    other = shop.enrol("Other", code="priya@mail.example", secondary_code="P-1")
    assert find_member(business_id=shop.id, reference="priya@mail.example") == other.pk
    assert find_member(business_id=shop.id, reference="P-1") == priya.pk


@pytest.mark.parametrize(
    ("reference", "twin"),
    [
        ("é2", {"secondary_code": "é2"}),
        ("priya@mail.example", {"email": "priya@mail.example"}),
        ("9876543210", {"phone": "+919876543210"}),
        ("priya@mail.example", {"secondary_code": "Priya@mail.example"}),
    ],
)
def test_what_several_have_names_nobody(
    reference: str, twin: dict[str, str], shop: Shop, priya: Card
) -> None:
    shop.enrol("Twin", unique_contact=False, **twin)
    with pytest.raises(Conflict, match="Several members") as refused:
        find_member(business_id=shop.id, reference=reference)
    assert list(refused.value.fields) == ["member"]


def test_one_member_with_the_same_in_two_fields_is_one(shop: Shop) -> None:
    card = shop.enrol(email="a@mail.example", secondary_code="a@mail.example")
    assert find_member(business_id=shop.id, reference="a@mail.example") == card.pk


@pytest.mark.parametrize("contact", ["priya@mail.example", "+919876543210"])
def test_a_contact_finds_whom_a_reference_finds(contact: str, shop: Shop, priya: Card) -> None:
    def found() -> int | None:
        return find_by_contact(business_id=shop.id, contact=contact)

    assert found() == find_member(business_id=shop.id, reference=contact) == priya.pk
    second = shop.enrol("Second", secondary_code=contact)
    assert found() is None
    with pytest.raises(Conflict):
        find_member(business_id=shop.id, reference=contact)
    coded = shop.enrol("Coded", code=contact)
    assert found() == find_member(business_id=shop.id, reference=contact) == coded.pk
    kept = shop.enrol("Kept")
    for other in (coded, priya, second):
        merge_members(business_id=shop.id, member_id=kept.pk, other_id=other.pk, take=())
    edit_member(business_id=shop.id, pk=kept.pk, email="", phone="", secondary_code="")
    assert found() == find_member(business_id=shop.id, reference=contact) == kept.pk
    assert find_by_contact(business_id=shop.id, contact="nobody@mail.example") is None


def test_a_member_named_by_code_costs_one_statement(shop: Shop, priya: Card) -> None:
    with CaptureQueriesContext(connection) as captured:
        find_member(business_id=shop.id, reference="P-1")
    assert len(captured) == 1


def test_who_is_to_get_a_new_code_is_found_in_order(shop: Shop, priya: Card) -> None:
    asha = shop.enrol("Asha", email="asha@mail.example", secondary_code="A2")
    uma = shop.enrol("Uma", phone="+919123456780")

    def found(secondary_code: str = "", email: str = "", cell: str = "") -> int | None:
        return find_for_new_code(business_id=shop.id, secondary_code=secondary_code, email=email, cell=cell)

    assert found("a2", "priya@mail.example", "91234 56780") == asha.pk
    assert found("none", " PRIYA@mail.example", "91234 56780") == priya.pk
    assert found("", "none@mail.example", "91234 56780") == uma.pk
    assert found("P-1", "none", "none") is None
    assert found() is None


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("secondary_code", "é2", "secondary_code"),
        ("email", "priya@mail.example", "email"),
        ("cell", "9876543210", "phone"),
    ],
)
def test_a_new_code_goes_to_nobody_when_several_fit(
    field: str, value: str, name: str, shop: Shop, priya: Card
) -> None:
    shop.enrol("Twin", unique_contact=False, **{name: value})
    with pytest.raises(Conflict) as refused:
        find_for_new_code(business_id=shop.id, **{field: value})
    assert list(refused.value.fields) == [field]
    erased: dict[str, Any] = {field: ""}
    edit_member(business_id=shop.id, pk=priya.pk, **erased)
    assert find_for_new_code(business_id=shop.id, **{field: value}) not in {None, priya.pk}


def test_every_way_to_name_a_member_has_its_index(shop: Shop, database: str) -> None:
    explain = "EXPLAIN QUERY PLAN " if database == "sqlite" else "EXPLAIN "
    asked: dict[str, Any] = {"business_id": shop.id, "cell": "x"}
    wanted: list[tuple[Callable[[], object], set[str]]] = [
        (lambda: db.run(queries._BY_CODE, (shop.id, "x")), {"member_code_unique"}),
        (
            lambda: ids_by_others(**asked, text="x", most=2),
            {"member_secondary_code", "member_email", "member_cell"},
        ),
        (lambda: _first(by_contact(**asked, email="x")), {"member_email", "member_cell"}),
        (lambda: _first(has(email="x")), {"member_email"}),
        (
            lambda: find_by_contact(business_id=shop.id, contact="+911"),
            {"member_code_unique", "member_secondary_code", "member_email", "member_cell"},
        ),
    ]
    rows = [
        Member(
            business=shop.business,
            code=f"M{number}",
            secondary_code=f"S{number}",
            email=f"{number}@mail.example",
            cell=f"+91{number}",
            name="Priya",
            joined_at=dt.datetime(2026, 6, 1, tzinfo=dt.UTC),
        )
        for number in range(2000)
    ]
    with scope(business=shop.business), connection.cursor() as cursor:
        Member.objects.bulk_create(rows, batch_size=500)
        cursor.execute("ANALYZE")
        for act, indexes in wanted:
            with CaptureQueriesContext(connection) as captured:
                act()
            (statement,) = captured.captured_queries
            cursor.execute(explain + statement["sql"])
            plan = repr(cursor.fetchall())
            assert {index for index in indexes if index in plan} == indexes, plan


def _first(condition: Q) -> list[Member]:
    return list(Member.objects.filter(condition).exclude(pk=1).order_by("id")[:20])
