"""Who may be the same person, and what it costs to find out."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from regulars.ledger import duplicates
from regulars.ledger.models import Card
from regulars.members.models import Member
from tests.factories import Shop, make_shop
from tests.test_plans import sqlite_only, steps, wide

pytestmark = pytest.mark.django_db

BORN = dt.date(1990, 4, 2)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def sharing(shop: Shop, number: int, **same: str) -> list[Card]:
    cards = [shop.enrol(f"Member {one}") for one in range(number)]
    with scope(business=shop.business):
        Member.objects.filter(pk__in=[card.pk for card in cards]).update(**same)
    return cards


def told(shop: Shop, **look: int) -> list[tuple[str, int, list[int]]]:
    found = duplicates.suggestions(business_id=shop.id, **look)
    return [(one.why, one.number, [card.pk for card in one.cards]) for one in found.rows]


def test_each_look_tells_of_others_and_together_they_tell_of_all(shop: Shop) -> None:
    old, new = sharing(shop, 3, cell="+919876500001"), sharing(shop, 3, email="a@b.example")
    mixed = [old[0].pk, new[0].pk]
    with scope(business=shop.business):
        Member.objects.filter(pk__in=mixed).update(name="\u00c9lise Str\u00f6m", date_of_birth=BORN)
    seen: list[tuple[str, int, list[int]]] = []
    before: int | None = None
    for _ in range(3):
        found = duplicates.suggestions(business_id=shop.id, before=before, look=2)
        seen += [(one.why, one.number, [card.pk for card in one.cards]) for one in found.rows]
        before = found.further
    assert before is None
    assert seen == [
        ("email", 3, [card.pk for card in new]),
        ("birthday", 2, mixed),
        ("phone", 3, [card.pk for card in old]),
    ]
    assert sorted(told(shop)) == sorted(seen)


def test_a_number_that_very_many_have_is_not_counted_to_its_end(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "MOST_COUNTED", 6)
    cards = sharing(shop, 8, cell="+919876500001")
    assert told(shop) == [("phone", 6, [card.pk for card in cards[:5]])]
    last = duplicates.duplicates_of(business_id=shop.id, member_id=cards[-1].pk)
    assert [card.pk for card in last] == [card.pk for card in cards[:5]]


def test_names_with_accents_are_the_same_name(shop: Shop) -> None:
    first, twin = (shop.enrol("\u00c9lise Str\u00f6m", birthday=BORN) for _ in range(2))
    assert duplicates.duplicates_of(business_id=shop.id, member_id=first.pk) == [twin]
    assert duplicates.duplicates_of(business_id=shop.id, member_id=twin.pk) == [first]


def test_nobody_is_somebody_of_another_shop(shop: Shop) -> None:
    sharing(shop, 1, cell="+919876500001")
    other = make_shop("Charlie's")
    (alone,) = sharing(other, 1, cell="+919876500001")
    assert told(shop) == told(other) == []
    assert duplicates.duplicates_of(business_id=other.id, member_id=alone.pk) == []
    assert duplicates.duplicates_of(business_id=shop.id, member_id=alone.pk) == []


@sqlite_only
def test_a_look_reads_as_many_members_as_it_looks_at_and_their_equals(shop: Shop) -> None:
    cards = sharing(shop, 2, cell="+919876500001", email="a@b.example", date_of_birth="1990-04-02")
    found = wide(steps(lambda: duplicates.suggestions(business_id=shop.id, before=cards[-1].pk + 1)))
    # The two that go through the members of the business end with the look.
    assert {step for step, _ in found} <= {
        "SEARCH members_member USING INDEX member_business_id (business_id=? AND id<?)",
        "SEARCH members_member USING COVERING INDEX member_business_id (business_id=? AND id<?)",
    }
    assert found
    assert all("LIMIT" in sql for _, sql in found)
    assert wide(steps(lambda: duplicates.duplicates_of(business_id=shop.id, member_id=cards[0].pk))) == []


def test_a_look_is_so_many_statements_whoever_there_is(shop: Shop) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            duplicates.suggestions(business_id=shop.id)
        return len(asked)

    sharing(shop, 2, cell="+919876500001")
    before = cost()
    sharing(shop, 4, email="a@b.example", date_of_birth="1990-04-02")
    assert cost() == before
