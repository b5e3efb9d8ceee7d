"""Editing a member: what is named changes, what is not stays, and refusals change nothing."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scope, scopes_disabled

from regulars.ledger import queries
from regulars.members.actions import edit_member
from regulars.members.groups import ensure_group
from regulars.members.models import Member
from regulars.members.profile import FIELDS, FLAGS, TEXTS
from regulars.outbox.models import Event
from regulars.rules.errors import AlreadyEnrolled, Conflict, InvalidInput, NotFound
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
BORN = dt.date(1990, 5, 17)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def member(shop: Shop) -> Member:
    """A member of whom everything is known."""
    return shop.enrol(
        "Priya Sharma",
        phone="+919876543210",
        email="priya@mail.example",
        birthday=BORN,
        code="P-1",
        group_id=ensure_group(business=shop.business, code="Gold").pk,
        branch_id=shop.branch().pk,
        subscription_date_from=dt.date(2026, 1, 1),
        subscription_date_to=dt.date(2026, 12, 31),
        language="de",
        **dict.fromkeys(FLAGS, True),
        **{field: f"old {field}" for field in TEXTS},
    ).member


def stored(member: Member) -> dict[str, Any]:
    with scope(business=member.business_id):
        return dict(Member.objects.values().get(pk=member.pk))


def edit(member: Member, **changes: Any) -> Member:
    return edit_member(business_id=member.business_id, pk=member.pk, **changes)


def events(kind: str = "member.updated") -> list[dict[str, Any]]:
    with scopes_disabled():
        return list(Event.objects.filter(type=kind).order_by("id").values_list("payload", flat=True))


# For each field: a new value, what it stores in which columns, and what erasing it stores.
CHANGES: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "cell": ("98765 43211", {"cell": "+919876543211"}, ""),
    "phone": ("98765 43211", {"cell": "+919876543211"}, ""),
    "email": (" New@Mail.Example ", {"email": "new@mail.example"}, ""),
    "date_of_birth": (dt.date(1991, 1, 1), {"date_of_birth": dt.date(1991, 1, 1)}, None),
    "birthday": (dt.date(1991, 1, 1), {"date_of_birth": dt.date(1991, 1, 1)}, None),
    "subscription_date_from": (dt.date(2026, 2, 1), {"subscription_date_from": dt.date(2026, 2, 1)}, None),
    "subscription_date_to": (dt.date(2026, 11, 1), {"subscription_date_to": dt.date(2026, 11, 1)}, None),
    "language": ("hi", {"language": "hi"}, ""),
    **{field: (f" new {field} ", {field: f"new {field}"}, "") for field in TEXTS},
    **{field: (False, {field: False}, False) for field in FLAGS},
}
NAMES = {
    "name": ("Ana de la Cruz", {"name": "Ana de la Cruz", "first_name": "Ana de la", "last_name": "Cruz"}),
    "first_name": (" Ana  María", {"name": "Ana María Sharma", "first_name": "Ana María"}),
    "last_name": ("de la Cruz", {"name": "Priya de la Cruz", "last_name": "de la Cruz"}),
}
ALWAYS = {"modified_at", "search_text"}


def test_every_field_has_a_case() -> None:
    assert CHANGES.keys() | NAMES.keys() | {"group_id", "branch_id"} == FIELDS


@pytest.mark.parametrize("field", [*CHANGES, *NAMES])
def test_one_field_changes_and_the_others_stay(field: str, member: Member) -> None:
    before = stored(member)
    value, columns = (CHANGES | NAMES)[field][:2]
    changed = edit(member, **{field: value})
    after = stored(member)
    assert {name: after[name] for name in after.keys() - ALWAYS} == {
        name: (before | columns)[name] for name in before.keys() - ALWAYS
    }
    assert {name: getattr(changed, name) for name in columns} == columns
    assert after["modified_at"] > before["modified_at"]


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize("field", CHANGES)
def test_a_field_that_is_sent_empty_is_erased(field: str, empty: str | None, member: Member) -> None:
    (column,) = CHANGES[field][1]
    edit(member, **{field: empty})
    assert stored(member)[column] == CHANGES[field][2]


def test_references_change_and_are_loaded(shop: Shop, member: Member) -> None:
    silver, other = ensure_group(business=shop.business, code="Silver"), shop.branch("Indiranagar")
    changed = edit(member, group_id=silver.pk, branch_id=other.pk)
    with CaptureQueriesContext(connection) as captured:
        assert (changed.group, changed.branch) == (silver, other)
    assert len(captured) == 0
    assert (stored(member)["group_id"], stored(member)["branch_id"]) == (silver.pk, other.pk)
    edit(member, group_id=None, branch_id=None)
    assert (stored(member)["group_id"], stored(member)["branch_id"]) == (None, None)


@pytest.mark.parametrize("field", ["group_id", "branch_id"])
def test_a_reference_to_somebody_else_s_record_is_unknown(field: str, member: Member) -> None:
    other = make_shop("Charlie's")
    theirs = {
        "group_id": ensure_group(business=other.business, code="Gold").pk,
        "branch_id": other.branch().pk,
    }
    before = stored(member)
    for pk in (theirs[field], 0, -1, 2**63):
        with pytest.raises(NotFound) as refused:
            edit(member, company_name="New", **{field: pk})
        assert refused.value.fields == {field: "is unknown"}
    assert stored(member) == before


def test_what_a_search_looks_through_follows(shop: Shop, member: Member) -> None:
    edit(member, name="Zoë Quix", email="zoe@mail.example", cell="+14155550123")
    assert stored(member)["search_text"] == "zoë quix\nzoe@mail.example\n+14155550123"
    found = [
        queries.customers(business_id=shop.id, page=1, per_page=5, q=q).total
        for q in ("QUIX", "zoe@", "4155550123", "sharma", "98765")
    ]
    assert found == [1, 1, 1, 0, 0]


def test_the_event_says_what_changed(member: Member) -> None:
    edit(member, first_name="Ana", cell="", company_name="New", suspended=True)  # suspended before, too
    (told,) = events()
    assert told == {
        "customer_id": member.pk,
        "code": "P-1",
        "name": "Ana Sharma",
        "email": "priya@mail.example",
        "phone": "",
        "changed": ["cell", "company_name", "first_name", "name"],
    }


def test_without_a_change_nothing_is_written_and_nothing_told(member: Member) -> None:
    before = stored(member)
    edit(member)
    edit(member, name="Priya  Sharma", cell="098765 43210", email="PRIYA@mail.example", code="P-1")
    edit(member, group_id=member.group_id, date_of_birth=BORN, optout_email=True)
    assert stored(member) == before
    assert events() == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "A B", "last_name": "C"}, "name"),
        ({"first_name": "", "last_name": " "}, "first_name"),
        ({"first_name": "x" * 200}, "last_name"),
        ({"last_name": "x" * 201}, "last_name"),
        ({"first_name": "a\0b"}, "first_name"),
        ({"email": "priya"}, "email"),
        ({"cell": "12"}, "cell"),
        ({"phone": "12"}, "phone"),
        ({"date_of_birth": dt.date(1899, 12, 31)}, "date_of_birth"),
        ({"birthday": dt.date(2026, 6, 2)}, "birthday"),
        ({"subscription_date_from": dt.date(2027, 1, 1)}, "subscription_date_from"),
        ({"subscription_date_to": dt.date(2025, 1, 1)}, "subscription_date_to"),
        ({"language": "tlh"}, "language"),
        ({"code": ""}, "code"),
        ({"code": None}, "code"),
        ({"code": "x" * 51}, "code"),
        ({"shoe_size": 44}, "shoe_size"),
        ({"search_text": "x"}, "search_text"),
        *(({field: "x" * (most + 1)}, field) for field, most in TEXTS.items()),
    ],
)
def test_an_unusable_value_is_refused_by_name_and_changes_nothing(
    changes: dict[str, Any], named: str, member: Member
) -> None:
    before = stored(member)
    with time_machine.travel(NOW, tick=False), pytest.raises(InvalidInput) as refused:
        edit(member, **({"company_name": "New"} | changes))
    assert list(refused.value.fields) == [named]
    assert stored(member) == before
    assert events() == []


def test_one_of_two_names_may_be_empty(member: Member) -> None:
    edit(member, first_name="")
    assert (stored(member)["name"], stored(member)["last_name"]) == ("Sharma", "Sharma")
    edit(member, first_name="Ana", last_name="")
    assert (stored(member)["name"], stored(member)["last_name"]) == ("Ana", "")


def test_a_new_code_is_taken_when_nobody_has_it_whatever_its_case(shop: Shop, member: Member) -> None:
    other = shop.enrol(code="Gold-7")
    with pytest.raises(Conflict) as refused:
        edit(member, code="GOLD-7", company_name="New")
    assert list(refused.value.fields) == ["code"]
    assert stored(member)["company_name"] == "old company_name"
    assert edit(member, code="p-1").code == "p-1"  # one's own, written otherwise
    assert edit(member, code=" S-9 ").code == "S-9"
    shop.enrol(code="P-1")  # free again
    with pytest.raises(IntegrityError), transaction.atomic(), scope(business=shop.business):
        Member.objects.filter(pk=other.pk).update(code="s-9")


def test_a_contact_of_somebody_else_is_refused_only_when_asked(shop: Shop, member: Member) -> None:
    other = shop.enrol(phone="+919123456780", email="other@mail.example")
    for field, value in {"cell": "91234 56780", "email": "OTHER@mail.example"}.items():
        with pytest.raises(AlreadyEnrolled) as refused:
            edit(member, unique_contact=True, **{field: value})
        assert refused.value.details == {"customer_id": other.pk}
        assert list(refused.value.fields) == [field]
    # One's own contacts are no conflict.
    edit(member, unique_contact=True, cell="98765 43210", email="priya@mail.example", company_name="New")
    edit(member, cell="91234 56780", email="other@mail.example")
    assert (stored(member)["cell"], stored(member)["email"]) == ("+919123456780", "other@mail.example")


@pytest.mark.parametrize("pk", [0, -1, 987_654_321])
def test_an_unknown_member_is_not_found(pk: int, shop: Shop) -> None:
    with pytest.raises(NotFound):
        edit_member(business_id=shop.id, pk=pk, company_name="New")


def test_a_member_of_somebody_else_is_not_found_and_stays(member: Member) -> None:
    before = stored(member)
    with pytest.raises(NotFound):
        edit_member(business_id=make_shop("Charlie's").id, pk=member.pk, company_name="New")
    assert stored(member) == before
