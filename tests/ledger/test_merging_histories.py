"""Whatever happened to two records before they are merged, and to the one afterwards: the books agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from django_scopes import scope, scopes_disabled
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from regulars.analytics import people
from regulars.analytics import queries as figures
from regulars.analytics.models import HourTotal
from regulars.analytics.rollup import roll_up_all
from regulars.ledger import actions, adjustments, points
from regulars.ledger.merging import merge_members
from regulars.ledger.models import Card, Entry, PointsAdjustment
from regulars.rules.errors import Refusal
from tests.factories import Shop, make_shop
from tests.ledger.books import agree, set_policy

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
DEEDS = ("stamp", "unstamp", "redeem", "give", "take", "spend", "withdraw", "undo", "expire", "roll up")
# Which deed, on which card, how much, and how many hours later.
STEPS = st.tuples(
    st.sampled_from(DEEDS), st.booleans(), st.integers(min_value=1, max_value=9), st.integers(0, 40)
)


def do(shop: Shop, card: Card, deed: str, number: int) -> None:
    """Something that may happen in a shop, or may be refused."""
    who: dict[str, Any] = {"business_id": shop.id, "member_id": card.pk}
    deeds: dict[str, Callable[[], object]] = {
        "stamp": lambda: shop.stamp(card, number),
        "unstamp": lambda: actions.take_stamps(**who, count=number, reason="Rain"),
        "redeem": lambda: actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code),
        "give": lambda: adjustments.add_adjustment(**who, points=number * 5),
        "take": lambda: adjustments.add_adjustment(**who, points=-number),
        "spend": lambda: points.spend_points(**who, points_to_spend=number),
        "withdraw": lambda: withdraw(shop, card),
        "undo": lambda: undo(shop, card),
        "expire": lambda: points.expire_points(business_id=shop.id),
        "roll up": roll_up_all,
    }
    with suppress(Refusal):
        deeds[deed]()


def withdraw(shop: Shop, card: Card) -> None:
    """Delete the latest gift of points."""
    with scope(business=shop.business):
        gift = PointsAdjustment.objects.filter(card_id=card.pk, points__gt=0).order_by("pk").last()
    if gift is not None:
        adjustments.delete_adjustment(business_id=shop.id, pk=gift.pk)


def undo(shop: Shop, card: Card) -> None:
    """Take back the latest stamps, given or taken, or redemption."""
    with scope(business=shop.business):
        rows = Entry.objects.filter(card_id=card.pk, kind__in=("stamp_add", "stamp_take", "reward_redeem"))
        entry = rows.order_by("pk").last()
    if entry is not None:
        actions.undo(business_id=shop.id, entry_id=entry.pk)


def lying_on(*cards: Card) -> tuple[int, int, int]:
    """Stamps ever given, rewards that wait, and points, on some cards together."""
    with scopes_disabled():
        found = Card.objects.filter(pk__in=[card.pk for card in cards])
        rows = list(found.values_list("total_stamps", "pending_rewards", "points"))
    return sum(row[0] for row in rows), sum(row[1] for row in rows), sum(row[2] for row in rows)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    joins=st.sampled_from([0, 30, 800]),
    before=st.lists(STEPS, max_size=10),
    after=st.lists(STEPS, max_size=6),
)
@example(  # a debt on the record that goes, stamps of both that fill a card, and an undo afterwards
    joins=800,
    before=[
        ("stamp", False, 1, 0),
        ("give", False, 4, 0),
        ("spend", False, 9, 1),
        ("withdraw", False, 1, 1),
        ("give", True, 9, 1),
        ("stamp", True, 6, 30),
        ("roll up", True, 1, 1),
        ("stamp", False, 7, 1),
    ],
    after=[("undo", True, 1, 1), ("redeem", True, 1, 1), ("expire", True, 1, 40)],
)
def test_the_books_agree_whatever_happened(
    joins: int, before: list[tuple[str, bool, int, int]], after: list[tuple[str, bool, int, int]]
) -> None:
    shop = make_shop()
    set_policy(shop, "allow_negative")
    with time_machine.travel(START, tick=False) as clock:
        kept = shop.enrol()
        clock.shift(dt.timedelta(hours=joins))
        other = shop.enrol()
        for deed, on_kept, number, hours in before:
            clock.shift(dt.timedelta(hours=hours))
            do(shop, kept if on_kept else other, deed, number)
        stamps, rewards, balance = lying_on(kept, other)
        seen = figures.stats(shop.business)
        result = merge_members(business_id=shop.id, member_id=kept.pk, other_id=other.pk)
        assert lying_on(kept) == (stamps, rewards + result.rewards_earned, balance)
        now = figures.stats(shop.business)
        assert (now.total_customers, now.total_stamps) == (seen.total_customers - 1, seen.total_stamps)
        agree()
        for deed, _, number, hours in after:
            clock.shift(dt.timedelta(hours=hours))
            do(shop, kept, deed, number)
        roll_up_all()
        agree()


def test_a_visit_on_the_day_of_joining_again_is_one_of_somebody_who_came_back() -> None:
    shop = make_shop()

    def visits() -> tuple[int, int]:
        with scope(business=shop.business):
            rows = list(HourTotal.objects.values_list("visits", "came_back"))
        return sum(row[0] for row in rows), sum(row[1] for row in rows)

    with time_machine.travel(START, tick=False) as clock:
        kept = shop.enrol()
        shop.stamp(kept)
        clock.shift(dt.timedelta(days=40))
        other = shop.enrol()
        shop.stamp(other)
        roll_up_all()
        assert visits() == (2, 0)
        merge_members(business_id=shop.id, member_id=kept.pk, other_id=other.pk)
        roll_up_all()
        assert visits() == (2, 1)


def test_a_record_of_somebody_known_is_none_of_those_who_joined_and_may_come_back() -> None:
    shop = make_shop()

    def joined() -> list[tuple[int, list[int]]]:
        found = people.retention(shop.business, timezone.localdate(), 2)
        return [(one.members, one.came) for one in found]

    with time_machine.travel(START, tick=False) as clock:
        kept = shop.enrol()
        clock.shift(dt.timedelta(days=40))
        others = shop.enrol(), shop.enrol(), shop.enrol()
        for card in (kept, *others):
            shop.stamp(card)
        assert joined() == [(1, [0, 1]), (3, [3])]
        merge_members(business_id=shop.id, member_id=others[0].pk, other_id=others[1].pk)
        assert joined() == [(1, [0, 1]), (2, [2])]
        roll_up_all()
        merge_members(business_id=shop.id, member_id=others[0].pk, other_id=kept.pk)
        assert joined() == [(1, [0, 1]), (1, [1])]
