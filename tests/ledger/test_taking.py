"""Stamps are taken off a card by hand, for a reason, and come back when that was a mistake."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection, transaction
from django_scopes import scopes_disabled
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.analytics.queries import stats
from regulars.analytics.rollup import roll_up_all
from regulars.ledger import actions, queries
from regulars.ledger.audit import audit
from regulars.ledger.models import Card, Entry, Reward
from regulars.members.actions import delete_member, edit_member
from regulars.outbox.models import Event
from regulars.rules.errors import (
    InvalidInput,
    NotEnoughStamps,
    NotFound,
    NotUndoable,
    StampsSpent,
    StampsTakenSince,
    Suspended,
)
from regulars.tenants.actions import update_branch, update_program
from tests.factories import Shop, make_shop
from tests.ledger.books import agree

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    """A card with 5 of 8 stamps, and a reward that waits."""
    card = shop.enrol()
    shop.stamp(card, 8)
    shop.stamp(card, 5)
    return card


def fresh(card: Card) -> Card:
    with scopes_disabled():
        return Card.objects.get(pk=card.pk)


def take(card: Card, count: int, **more: Any) -> actions.StampsTaken:
    said = {"reason": "Given twice"} | more
    return actions.take_stamps(business_id=card.business_id, member_id=card.pk, count=count, **said)


def undo(card: Card, entry_id: int) -> actions.Undone:
    return actions.undo(business_id=card.business_id, entry_id=entry_id)


def entry(entry_id: int) -> Entry:
    with scopes_disabled():
        return Entry.objects.get(pk=entry_id)


def told(card: Card) -> list[tuple[str, dict[str, Any]]]:
    with scopes_disabled():
        rows = Event.objects.order_by("id")
        return [(event.type, event.payload) for event in rows if event.payload["customer_id"] == card.pk]


def test_stamps_come_off_the_card_by_an_entry_that_says_why(shop: Shop, card: Card) -> None:
    branch, before = shop.branch(), fresh(card)
    result = take(card, 2, branch_id=branch.pk, staff_id=shop.owner.pk, reason="  Given twice ")
    assert result == actions.StampsTaken(
        customer_id=card.pk,
        stamps_taken=2,
        current_stamps=3,
        goal=8,
        pending_rewards=1,
        branch_id=branch.pk,
        entry_id=result.entry_id,
    )
    now, made = fresh(card), entry(result.entry_id)
    assert (now.stamps, now.total_stamps, now.stamps_spent, now.pending_rewards) == (3, 11, 8, 1)
    assert (now.total_visits, now.last_visit_at) == (before.total_visits, before.last_visit_at)
    assert (made.kind, made.text, made.branch_id, made.staff_id) == (
        "stamp_take",
        "Given twice",
        branch.pk,
        shop.owner.pk,
    )
    assert (made.stamps, made.stamps_spent, made.rewards, made.visits, made.stamps_after) == (-2, 0, 0, 0, 3)
    agree()


def test_more_than_there_are_are_not_taken_and_a_reward_that_waits_is_never_touched(card: Card) -> None:
    before = fresh(card)
    with pytest.raises(NotEnoughStamps, match="6 stamps were to be taken, and 5 are on the card") as refused:
        take(card, 6)
    assert refused.value.details == {"stamps": 6, "available": 5}
    assert set(refused.value.fields) == {"count"}
    assert take(card, 5).current_stamps == 0
    with pytest.raises(NotEnoughStamps, match="0 are on the card"):
        take(card, 1)
    assert (fresh(card).version, fresh(card).pending_rewards) == (before.version + 1, 1)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": -1}, "count"),
        ({"count": 50}, "count"),
        ({"reason": ""}, "reason"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 301}, "reason"),
        ({"reason": "\0"}, "reason"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(card: Card, said: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        take(card, **{"count": 1} | said)
    assert set(refused.value.fields) == {field}
    assert fresh(card).stamps == 5


def test_a_card_or_a_branch_of_another_shop_is_not_found(shop: Shop, card: Card) -> None:
    other, closed = make_shop("Charlie's"), shop.branch("Closed")
    update_branch(business_id=shop.id, branch_id=closed.pk, is_active=False)
    for ask in (
        {"business_id": other.id},
        {"member_id": card.pk + 1_000},
        {"branch_id": other.branch().pk},
        {"branch_id": closed.pk},
    ):
        with pytest.raises(NotFound):
            actions.take_stamps(
                **{"business_id": shop.id, "member_id": card.pk, "count": 1, "reason": "Rain"} | ask
            )


def test_nothing_is_taken_from_a_suspended_member_but_a_mistake_can_be_mended(shop: Shop, card: Card) -> None:
    taken = take(card, 1)
    edit_member(business_id=shop.id, pk=card.pk, suspended=True)
    with pytest.raises(Suspended):
        take(card, 1)
    assert undo(card, taken.entry_id).current_stamps == 5


def test_a_taking_by_mistake_is_undone_and_the_stamps_are_there_again(shop: Shop, card: Card) -> None:
    taken = take(card, 3, branch_id=shop.branch().pk)
    result = undo(card, taken.entry_id)
    assert (result.kind, result.stamps, result.rewards, result.reward) == ("stamp_undo", -3, 0, "")
    assert (result.current_stamps, result.pending_rewards, result.total_redeemed) == (5, 1, 0)
    back = entry(result.entry_id)
    assert (back.reverses_id, back.stamps, back.visits, back.text) == (taken.entry_id, 3, 0, "Given twice")
    assert back.branch_id == taken.branch_id
    with pytest.raises(NotUndoable, match="itself an undo"):
        undo(card, result.entry_id)
    agree()


def test_stamps_that_come_back_complete_a_reward_as_given_ones_do(shop: Shop, card: Card) -> None:
    """At 5 of 8, 3 taken and 5 given: had nothing been taken, 10 would be a reward and 2."""
    taken = take(card, 3)
    shop.stamp(card, 5)
    update_program(business_id=shop.id, reward_description="Cake")
    result = undo(card, taken.entry_id)
    assert (result.stamps, result.rewards, result.current_stamps, result.pending_rewards) == (-3, -1, 2, 2)
    with scopes_disabled():
        reward = Reward.objects.latest("pk")
    assert (reward.text, reward.earned_entry_id) == ("Cake", result.entry_id)
    (kind, earned), (returned, data) = reversed(told(card)[-2:])
    assert (returned, kind) == ("stamp.returned", "reward.earned")
    assert data["rewards_earned"] == earned["count"] == 1
    agree()


def test_stamps_that_were_taken_since_are_named_when_their_giving_is_undone(shop: Shop) -> None:
    card = shop.enrol()
    given = shop.stamp(card, 5).entry_id
    first, last = take(card, 2).entry_id, take(card, 1).entry_id
    with pytest.raises(StampsTakenSince, match=f"the last of them by transaction {last}. Undo that first"):
        undo(card, given)
    undo(card, last)
    with pytest.raises(StampsTakenSince, match=f"by transaction {first}"):
        undo(card, given)
    undo(card, first)
    assert undo(card, given).current_stamps == 0
    agree()


def test_stamps_in_a_reward_that_was_redeemed_are_named_before_those_that_were_taken(shop: Shop) -> None:
    card = shop.enrol()
    given = shop.stamp(card, 10).entry_id
    actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
    take(card, 2)
    with pytest.raises(StampsSpent):
        undo(card, given)


def test_both_are_told(shop: Shop, card: Card) -> None:
    taken = take(card, 2, branch_id=shop.branch().pk)
    back = undo(card, taken.entry_id)
    assert told(card)[-2:] == [
        (
            "stamp.taken",
            {
                "customer_id": card.pk,
                "stamps": 2,
                "reason": "Given twice",
                "current_stamps": 3,
                "pending_rewards": 1,
                "branch_id": taken.branch_id,
                "transaction_id": taken.entry_id,
            },
        ),
        (
            "stamp.returned",
            {
                "customer_id": card.pk,
                "stamps": 2,
                "rewards_earned": 0,
                "current_stamps": 5,
                "pending_rewards": 1,
                "undoes": taken.entry_id,
                "transaction_id": back.entry_id,
            },
        ),
    ]


def test_figures_count_stamps_less_those_taken_and_nobody_is_active_by_it(shop: Shop) -> None:
    card = shop.enrol()
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=60)
    shop.stamp(card, 5, occurred_at=long_ago)
    taken = take(card, 2)
    for _ in range(2):
        now = stats(shop.business)
        assert (now.total_stamps, now.stamps_today, now.active_7d, now.active_30d) == (3, -2, 0, 0)
        roll_up_all()
    undo(card, taken.entry_id)
    now = stats(shop.business)
    assert (now.total_stamps, now.stamps_today, now.active_30d) == (5, 0, 0)
    roll_up_all()
    agree()


def test_it_is_in_the_list_of_transactions(shop: Shop, card: Card) -> None:
    taken = take(card, 1)
    undo(card, taken.entry_id)
    page = queries.transactions(business_id=shop.id, page=1, per_page=10, kind="stamp_take")
    assert [(row.pk, row.undone) for row in page.rows] == [(taken.entry_id, True)]
    kinds = [row.kind for row in queries.recent_transactions(business_id=shop.id, member_id=card.pk)]
    assert kinds == ["stamp_undo", "stamp_take", "stamp_add", "stamp_add"]


def test_a_member_from_whom_stamps_were_taken_can_be_erased(shop: Shop, card: Card) -> None:
    taken = take(card, 3)
    shop.stamp(card, 5)
    undo(card, taken.entry_id)
    take(card, 1)
    delete_member(business_id=shop.id, member_id=card.pk)
    agree()


@settings(deadline=None, max_examples=20)
@given(
    goal=st.integers(2, 9),
    stamps=st.lists(st.integers(1, 10), min_size=1, max_size=6),
    number=st.integers(0, 6),
    count=st.integers(1, 8),
)
def test_a_card_becomes_what_it_would_be_had_nothing_been_taken(
    goal: int, stamps: list[int], number: int, count: int
) -> None:
    with transaction.atomic():
        shop = make_shop(stamps_required=goal)
        one, other = shop.enrol("One"), shop.enrol("Other")
        taken = None
        for index, given_stamps in enumerate(stamps):
            shop.stamp(one, given_stamps)
            shop.stamp(other, given_stamps)
            if index == min(number, len(stamps) - 1) and fresh(one).stamps >= count:
                taken = take(one, count).entry_id
        if taken is not None:
            undo(one, taken)
        columns = ("stamps", "total_stamps", "stamps_spent", "pending_rewards", "total_visits")
        assert [getattr(fresh(one), name) for name in columns] == [
            getattr(fresh(other), name) for name in columns
        ]
        assert audit().ok
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("kind = 'stamp_add'", "stamps of an entry"),
        ("stamps = 2, stamps_after = 7", "stamps of an entry"),
        ("visits = 1", "stamps of an entry"),
        ("rewards = -1", "stamps of an entry"),
    ],
)
def test_the_audit_finds_a_taking_that_is_none(card: Card, change: str, check: str) -> None:
    taken = take(card, 2)
    assert audit().ok
    with connection.cursor() as cursor:
        free(cursor)
        cursor.execute(f"UPDATE ledger_entry SET {change} WHERE id = %s", [taken.entry_id])
    assert check in {difference["check"] for difference in audit().differences}


def free(cursor: Any) -> None:
    """Let entries be changed until the test ends."""
    on = " ON ledger_entry" if connection.vendor == "postgresql" else ""
    cursor.execute(f"DROP TRIGGER ledger_entry_append_only{on}")
