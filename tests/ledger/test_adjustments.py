"""Adjustments: points given or taken by hand, by a promotion or by a voucher; changed and undone."""

import datetime as dt
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scopes_disabled

from regulars.ledger import adjustments, points
from regulars.ledger.models import Card, Entry, PointsAdjustment
from regulars.members.actions import delete_member
from regulars.members.models import Member
from regulars.rules.errors import (
    AlreadyGiven,
    Conflict,
    InvalidInput,
    NotEnoughPoints,
    NotFound,
    Refusal,
    Suspended,
)
from regulars.tenants import actions as tenants
from tests.factories import Shop, make_shop
from tests.ledger.books import agree, balance, set_policy, totals, written

pytestmark = pytest.mark.django_db

Act = Callable[..., Any]

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol()


def add(card: Card, number: int, **more: Any) -> PointsAdjustment:
    given = {"business_id": card.business_id, "member_id": card.pk}
    return adjustments.add_adjustment(points=number, **(given | more))


def edit(adjustment: PointsAdjustment, **changes: Any) -> PointsAdjustment:
    return adjustments.edit_adjustment(business_id=adjustment.business_id, pk=adjustment.pk, **changes)


def delete(adjustment: PointsAdjustment) -> None:
    adjustments.delete_adjustment(business_id=adjustment.business_id, pk=adjustment.pk)


def count() -> int:
    with scopes_disabled():
        return PointsAdjustment.objects.count()


def test_it_gives_points_and_says_what_it_is(shop: Shop, card: Card) -> None:
    branch = shop.branch()
    made = add(
        card,
        25,
        occurred_at=NOON,
        internal_notes=" a cold soup\r\n",
        branch_id=branch.pk,
        staff_id=shop.owner.pk,
    )
    assert re.fullmatch(r"A\d{6}", made.code)
    assert (made.points, made.occurred_at, made.origin) == (25, NOON, "manual")
    assert made.internal_notes == "a cold soup"
    assert (made.branch, made.staff, made.card.member.name) == (branch, shop.owner, "Priya Sharma")
    assert made.created_at is not None
    with scopes_disabled():
        entry = Entry.objects.get(source=f"adjustment:{made.pk}")
    assert (entry.kind, entry.points, entry.branch_id, entry.staff_id, entry.occurred_at) == (
        "points_earn",
        25,
        branch.pk,
        shop.owner.pk,
        NOON,
    )
    agree()


def test_below_zero_it_spends(card: Card) -> None:
    add(card, 25)
    assert add(card, -20).points == -20
    assert totals(card) == (5, 25, 20, 0)
    with pytest.raises(NotEnoughPoints):
        add(card, -6)
    assert (balance(card), count()) == (5, 2)
    agree()


@pytest.mark.parametrize("number", [0, points.MAX_POINTS + 1, -points.MAX_POINTS - 1])
def test_numbers_that_nobody_can_mean_are_refused(card: Card, number: int) -> None:
    good = add(card, 1)
    attempts: list[Act] = [partial(add, card, number), partial(edit, good, points=number)]
    for act in attempts:
        with pytest.raises(InvalidInput) as refused:
            act()
        assert set(refused.value.fields) == {"points"}
    assert (balance(card), count()) == (1, 1)


def test_codes_are_made_unless_given_and_belong_to_one(card: Card) -> None:
    first, second = (add(card, 1) for _ in range(2))
    number = int(first.code[1:])
    assert [first.code, second.code] == [f"A{number:06d}", f"A{number + 1:06d}"]
    by_hand = f"a{number + 4:06d}"
    assert add(card, 1, code=by_hand).code == by_hand
    assert add(card, 1, code=" Sorry ").code == "Sorry"
    following = [add(card, 1) for _ in range(2)]
    assert {one.code.lower() for one in following}.isdisjoint({by_hand, first.code, second.code})
    assert len({one.code for one in following}) == 2
    for taken in ("SORRY", first.code.lower()):
        with pytest.raises(Conflict) as refused:
            add(card, 1, code=taken)
        assert refused.value.fields == {"code": "belongs to another adjustment"}
    assert balance(card) == 6
    charlie = make_shop("Charlie's").enrol()
    assert add(charlie, 1, code="Sorry").code == "Sorry"


def test_an_occasion_happens_once_to_a_card(shop: Shop, card: Card) -> None:
    add(card, 10, origin="promotion", occasion="promotion:1:signup")
    other = shop.enrol()
    with transaction.atomic():
        for _ in range(2):
            with pytest.raises(AlreadyGiven):
                add(card, 10, origin="promotion", occasion="promotion:1:signup")
        add(other, 10, origin="promotion", occasion="promotion:1:signup")
    assert (balance(card), balance(other), count()) == (10, 10, 2)
    with pytest.raises(InvalidInput, match="occasion"):
        add(card, -5, occasion="promotion:2:signup")
    agree()


def test_unusable_values_are_named(card: Card) -> None:
    cases: dict[str, dict[str, Any]] = {
        "code": {"code": "x" * 51},
        "internal_notes": {"internal_notes": "a\0b"},
        "origin": {"origin": "gift"},
    }
    for field, values in cases.items():
        with pytest.raises(InvalidInput) as refused:
            add(card, 1, **values)
        assert set(refused.value.fields) == {field}
    assert count() == 0


def test_nothing_of_another_business_is_found(shop: Shop, card: Card) -> None:
    charlie = make_shop("Charlie's")
    theirs, mine = add(charlie.enrol(), 10), add(card, 10)
    branch = charlie.branch().pk
    refusals: dict[str, dict[str, Any]] = {
        "member_id": {"member_id": theirs.card_id},
        "branch_id": {"branch_id": branch},
        "staff_id": {"staff_id": charlie.owner.pk},
    }
    for field, values in refusals.items():
        attempts: list[Act] = [partial(add, card, 1, **values), partial(edit, mine, **values)]
        for act in attempts:
            with pytest.raises(NotFound) as refused:
                act()
            assert set(refused.value.fields) == {field}
    attempts = [adjustments.edit_adjustment, adjustments.delete_adjustment]
    for act in attempts:
        with pytest.raises(NotFound):
            act(business_id=shop.id, pk=theirs.pk)
    assert (balance(card), count()) == (10, 2)
    with scopes_disabled():
        assert PointsAdjustment.objects.get(pk=mine.pk).card_id == card.pk
    agree()


def test_a_closed_branch_is_refused_unless_it_was_there_before(shop: Shop, card: Card) -> None:
    branch = shop.branch()
    made = add(card, 10, branch_id=branch.pk)
    tenants.update_branch(business_id=shop.id, branch_id=branch.pk, is_active=False)
    assert edit(made, points=12, branch_id=branch.pk).points == 12
    assert edit(made, branch_id=None).branch is None
    attempts: list[Act] = [
        partial(edit, made, branch_id=branch.pk),
        partial(add, card, 1, branch_id=branch.pk),
    ]
    for act in attempts:
        with pytest.raises(NotFound) as refused:
            act()
        assert refused.value.fields == {"branch_id": "is not an active branch"}
    assert balance(card) == 12


@pytest.mark.parametrize("numbers", [(10, 25), (25, 10), (-10, -25), (-25, -10), (20, -20), (-20, 20)])
def test_other_points_are_put_right(card: Card, numbers: tuple[int, int]) -> None:
    first, second = numbers
    points.add_points(business_id=card.business_id, member_id=card.pk, points_to_add=100)
    made = add(card, first)
    assert edit(made, points=second).points == second
    assert balance(card) == 100 + second
    agree()
    delete(made)
    assert (balance(card), count()) == (100, 0)
    agree()


def test_an_edit_refused_for_want_of_points_changes_nothing(card: Card) -> None:
    add(card, 10)
    made = add(card, -4)
    with pytest.raises(NotEnoughPoints):
        edit(made, points=-11, internal_notes="more")
    with scopes_disabled():
        kept = PointsAdjustment.objects.get(pk=made.pk)
    assert (kept.points, kept.internal_notes, balance(card)) == (-4, "", 6)


def test_what_is_not_named_stays_and_what_is_empty_is_erased(shop: Shop, card: Card) -> None:
    made = add(card, 10, code="Mine", internal_notes="why", staff_id=shop.owner.pk, occurred_at=NOON)
    entries = written(card)
    same = edit(made)
    for name in ("code", "internal_notes", "staff_id", "occurred_at", "points", "card_id"):
        assert getattr(same, name) == getattr(made, name)
    changed = edit(made, internal_notes=None, staff_id=None, code="mine", occurred_at=NOON + dt.timedelta(1))
    assert (changed.internal_notes, changed.staff, changed.code) == ("", None, "mine")
    assert changed.occurred_at == NOON + dt.timedelta(1)
    assert changed.modified_at > made.modified_at
    assert written(card) == entries
    other = add(card, 1)
    with pytest.raises(Conflict):
        edit(other, code="MINE")
    for field in ("member_id", "points", "occurred_at", "code"):
        with pytest.raises(InvalidInput) as refused:
            edit(made, **{field: None})
        assert set(refused.value.fields) == {field}
    with pytest.raises(InvalidInput, match="origin is not a field"):
        edit(made, origin="voucher")


def test_nothing_is_dated_in_a_far_future(card: Card) -> None:
    made, future = add(card, 10), dt.datetime(2199, 1, 1, tzinfo=dt.UTC)
    attempts: list[Act] = [partial(add, card, 10), partial(edit, made)]
    for act in attempts:
        with pytest.raises(InvalidInput) as refusal:
            act(occurred_at=future)
        assert list(refusal.value.fields) == ["occurred_at"]
    assert balance(card) == 10


@pytest.mark.parametrize("number", [30, -30])
def test_it_may_go_to_another_member(shop: Shop, card: Card, number: int) -> None:
    other = shop.enrol()
    for one in (card, other):
        points.add_points(business_id=shop.id, member_id=one.pk, points_to_add=50)
    made = add(card, number)
    moved = edit(made, member_id=other.pk, points=number * 2 // 3)
    assert (moved.card_id, moved.card.member_id, moved.points) == (other.pk, other.pk, number * 2 // 3)
    assert (balance(card), balance(other)) == (50, 50 + number * 2 // 3)
    agree()
    edit(made, member_id=card.pk, points=number)
    assert (balance(card), balance(other)) == (50 + number, 50)
    agree()


def test_points_that_were_spent_are_a_matter_of_policy(shop: Shop, card: Card) -> None:
    made = add(card, 30)
    add(card, -20)
    set_policy(shop, "allow_negative")
    edit(made, points=5)
    assert balance(card) == -15
    delete(made)
    assert (balance(card), count()) == (-20, 1)
    agree()


def test_of_suspended_members_they_can_be_undone_but_not_made(shop: Shop, card: Card) -> None:
    given, taken = add(card, 30), add(card, -10)
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(suspended=True)
    attempts: list[Act] = [
        partial(add, card, 1),
        partial(add, card, -1),
        partial(edit, given, points=31),
        partial(edit, taken, points=-11),
    ]
    for act in attempts:
        with pytest.raises(Suspended):
            act()
    assert edit(given, points=20).points == 20
    delete(taken)
    delete(given)
    assert (balance(card), count()) == (0, 0)
    agree()


def test_one_that_is_gone_is_not_found(card: Card) -> None:
    made = add(card, 5)
    delete(made)
    attempts: list[Act] = [partial(delete, made), partial(edit, made, points=6)]
    for act in attempts:
        with pytest.raises(NotFound) as refused:
            act()
        assert refused.value.fields == {"code": "is unknown"}
    assert balance(card) == 0


def test_it_goes_with_its_member(shop: Shop, card: Card) -> None:
    other = shop.enrol()
    add(card, 5)
    moved = add(card, 7)
    edit(moved, member_id=other.pk)
    delete_member(business_id=shop.id, member_id=card.pk)
    with scopes_disabled():
        assert [one.pk for one in PointsAdjustment.objects.all()] == [moved.pk]
    agree()
    delete(moved)
    agree()


def test_a_refusal_leaves_the_caller_s_transaction_alone(shop: Shop, card: Card) -> None:
    attempts: list[Act] = [
        partial(add, card, -6),
        partial(add, card, 1, code="taken"),
        partial(add, card, 1, branch_id=10**6),
        partial(add, card, 1, member_id=10**6),
    ]
    with transaction.atomic():
        add(card, 5, code="Taken")
        for act in attempts:
            with pytest.raises(Refusal):
                act()
        add(card, 2)
    assert (balance(card), count()) == (7, 2)
    agree()
