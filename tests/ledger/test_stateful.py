"""Anything may follow anything: random histories of a shop, compared after each step with a plain model.

Short in ordinary runs; SOAK=1 in the environment makes it long.
"""

import datetime as dt
import os
from dataclasses import dataclass, field
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django_scopes import scope
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from regulars.analytics import rollup
from regulars.analytics.audit import audit
from regulars.ledger import actions, points
from regulars.ledger.models import Card
from regulars.rules.errors import Conflict, NotEnoughPoints, NothingToRedeem
from regulars.tenants import actions as tenants
from regulars.tenants.models import Business
from tests.analytics.recount import Recount
from tests.factories import make_shop

LONG = bool(os.environ.get("SOAK"))
START = dt.datetime(2026, 2, 20, 11, tzinfo=dt.UTC)


@dataclass
class ModelLot:
    """Points that expire together."""

    left: int
    last_day: dt.date | None


@dataclass
class ModelCard:
    """A card as somebody with a pencil would keep it."""

    birthday: dt.date | None
    stamps: int = 0
    all_stamps: int = 0
    visits: int = 0
    waiting: list[str] = field(default_factory=list)
    redeemed: list[str] = field(default_factory=list)
    lots: list[ModelLot] = field(default_factory=list)
    bonus_years: set[int] = field(default_factory=set)
    changes: int = 0

    def stamp(self, count: int, goal: int, text: str) -> int:
        """One stamp after the other, a full card becomes a reward."""
        before = len(self.waiting)
        self.all_stamps += count
        self.stamps += count
        while self.stamps >= goal:
            self.stamps -= goal
            self.waiting.append(text)
        self.changes += 1
        return len(self.waiting) - before

    def spendable(self, today: dt.date) -> int:
        """The points that have not expired."""
        return sum(lot.left for lot in self.lots if lot.last_day is None or lot.last_day >= today)

    def spend(self, number: int, today: dt.date) -> None:
        """One point after the other, each from the lot that expires first."""
        for _ in range(number):
            good = [lot for lot in self.lots if lot.left and (lot.last_day is None or lot.last_day >= today)]
            min(good, key=lambda lot: lot.last_day or dt.date.max).left -= 1
        self.changes += 1

    def expire(self, today: dt.date) -> int:
        """What lapses; that it does is a change."""
        late = [lot for lot in self.lots if lot.left and lot.last_day is not None and lot.last_day < today]
        gone = sum(lot.left for lot in late)
        for lot in late:
            lot.left = 0
        self.changes += bool(gone)
        return gone


class Shopkeeping(RuleBasedStateMachine):
    """A shop with two branches on which everything happens that may happen."""

    cards: Bundle[Card] = Bundle("cards")

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.travel = time_machine.travel(START, tick=False)
        self.clock = self.travel.start()
        self.model: dict[int, ModelCard] = {}

    def teardown(self) -> None:
        """The books are closed; nothing of this history is left for the next."""
        try:
            self.totals_equal_entries_and_lots()
        finally:
            self.travel.stop()
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    @initialize(goal=st.integers(2, 10), zone=st.sampled_from(["Asia/Kolkata", "America/New_York", "UTC"]))
    def open(self, goal: int, zone: str) -> None:
        """Two shops: the other one's figures must not move."""
        self.shop = make_shop(stamps_required=goal, timezone=zone, birthday_bonus_stamps=3)
        self.goal, self.text = goal, "Free coffee"
        self.branches = [None, self.shop.branch("One").pk, self.shop.branch("Two").pk]
        self.other = make_shop("Charlie's")
        self.other.stamp(self.other.enrol(), 5)
        self.recount, self.elsewhere = Recount(self.shop.business), Recount(self.other.business)
        self.months: int | None = None

    @property
    def now(self) -> dt.datetime:
        """The time of this history."""
        return dt.datetime.now(dt.UTC)

    def today(self, moment: dt.datetime | None = None) -> dt.date:
        """The business's day."""
        return self.recount.business_day(moment or self.now)

    def ids(self, card: Card) -> dict[str, Any]:
        """Which card an action is about, for those that ask by member."""
        return {"business_id": self.shop.id, "member_id": card.pk}

    @rule(hours=st.integers(1, 24 * 40))
    def wait(self, hours: int) -> None:
        """Time passes: hours, or weeks."""
        self.clock.move_to(self.now + dt.timedelta(hours=hours))

    @rule(target=cards, birthday=st.sampled_from([None, dt.date(2000, 3, 1), dt.date(2004, 2, 29)]))
    def enrol(self, birthday: dt.date | None) -> Card:
        """Somebody joins."""
        card = self.shop.enrol(f"Customer {len(self.model)}", birthday=birthday)
        self.model[card.pk] = ModelCard(birthday)
        return card

    @rule(card=cards, count=st.integers(1, 10), branch=st.integers(0, 2), back=st.integers(0, 72))
    def stamp(self, card: Card, count: int, branch: int, back: int) -> None:
        """Stamps, perhaps given while the till was offline."""
        moment = self.now - dt.timedelta(hours=back)
        result = self.shop.stamp(card, count, branch_id=self.branches[branch], occurred_at=moment)
        known = self.model[card.pk]
        assert result.rewards_earned == known.stamp(count, self.goal, self.text)
        known.visits += 1
        assert (result.current_stamps, result.pending_rewards) == (known.stamps, len(known.waiting))

    @rule(card=cards, branch=st.integers(0, 2))
    def redeem(self, card: Card, branch: int) -> None:
        """The oldest reward, or a refusal."""
        known = self.model[card.pk]
        ask: dict[str, Any] = {
            "business_id": self.shop.id,
            "qr_code": card.qr_code,
            "branch_id": self.branches[branch],
        }
        if not known.waiting:
            with pytest.raises(NothingToRedeem):
                actions.redeem_reward(**ask)
            return
        result = actions.redeem_reward(**ask)
        known.redeemed.append(known.waiting.pop(0))
        known.changes += 1
        assert (result.reward, result.pending_rewards) == (known.redeemed[-1], len(known.waiting))

    @rule(card=cards, number=st.integers(1, 60))
    def earn(self, card: Card, number: int) -> None:
        """Points, under the policy of the moment."""
        known = self.model[card.pk]
        result = points.add_points(**self.ids(card), points_to_add=number)
        day = None if self.months is None else add_months(self.today(), self.months)
        known.lots.append(ModelLot(number, day))
        known.changes += 1
        assert result.balance == sum(lot.left for lot in known.lots)

    @rule(card=cards, number=st.integers(1, 60))
    def spend(self, card: Card, number: int) -> None:
        """Points, as far as they go."""
        known = self.model[card.pk]
        if known.spendable(self.today()) < number:
            with pytest.raises(NotEnoughPoints) as refused:
                points.spend_points(**self.ids(card), points_to_spend=number)
            assert refused.value.details["available"] == known.spendable(self.today())
            return
        result = points.spend_points(**self.ids(card), points_to_spend=number)
        known.spend(number, self.today())
        assert result.balance == sum(lot.left for lot in known.lots)

    @rule()
    def expire(self) -> None:
        """The worker's round."""
        expected = sum(known.expire(self.today()) for known in self.model.values())
        assert points.expire_points(business_id=self.shop.id) == expected

    @rule(card=cards)
    def birthday(self, card: Card) -> None:
        """The worker's other round: too early, now, or a second time."""
        known, today = self.model[card.pk], self.today()
        ask = {**self.ids(card), "year": today.year}
        due = known.birthday is not None and birthday_in(known.birthday, today.year)
        if not due or today.year in known.bonus_years:
            assert actions.add_birthday_bonus(**ask) is None
        elif today < due:
            with pytest.raises(Conflict):
                actions.add_birthday_bonus(**ask)
        else:
            result = actions.add_birthday_bonus(**ask)
            known.bonus_years.add(today.year)
            assert result is not None
            assert result.rewards_earned == known.stamp(3, self.goal, self.text)

    @rule(card=consumes(cards))
    def delete(self, card: Card) -> None:
        """Somebody wants to be forgotten."""
        self.recount.delete(card.pk)
        del self.model[card.pk]

    @rule(goal=st.integers(2, 12), text=st.sampled_from(["Free coffee", "Free cake", "A bag of beans"]))
    def change_programme(self, goal: int, text: str) -> None:
        """A new goal touches only stamps to come."""
        self.goal, self.text = goal, text
        tenants.update_program(business_id=self.shop.id, stamps_required=goal, reward_description=text)

    @rule(months=st.sampled_from([None, 1, 2, 12]))
    def change_expiry(self, months: int | None) -> None:
        """A new policy touches only points to come."""
        self.months = months
        Business.objects.filter(pk=self.shop.id).update(points_expire_months=months)

    @rule(limit=st.sampled_from([1, 2, 5, 1000]))
    def roll_up(self, limit: int) -> None:
        """Part of the tail, or all of it."""
        rollup.roll_up(limit)

    @rule(range_days=st.integers(7, 90))
    def look_closely(self, range_days: int) -> None:
        """Figures of another range."""
        self.recount.check(range_days)
        self.elsewhere.check(range_days)

    @invariant()
    def figures_equal_a_recount(self) -> None:
        """At every moment, rolled up or not."""
        self.recount.check(7)

    @precondition(lambda _: LONG)  # it is made of forty statements; otherwise at the end of each history
    @invariant()
    def totals_equal_entries_and_lots(self) -> None:
        """By the product's own audit."""
        report = audit()
        assert report.ok, report.differences

    @invariant()
    def cards_equal_the_model(self) -> None:
        """All of them, not only the one just changed."""
        with scope(business=self.shop.business):
            stored = {card.pk: card for card in Card.objects.all()}
        assert stored.keys() == self.model.keys()
        for key, card in stored.items():
            known = self.model[key]
            assert (card.stamps, card.total_stamps, card.total_visits) == (
                known.stamps,
                known.all_stamps,
                known.visits,
            )
            assert (card.pending_rewards, card.rewards_redeemed) == (len(known.waiting), len(known.redeemed))
            assert card.points == sum(lot.left for lot in known.lots) >= 0
            assert card.version == known.changes


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in (day.day, 30, 29):
        try:
            return dt.date(year, month + 1, number)
        except ValueError:
            continue
    return dt.date(year, month + 1, 28)


def birthday_in(birthday: dt.date, year: int) -> dt.date:
    """When a birthday is kept."""
    try:
        return birthday.replace(year=year)
    except ValueError:
        return dt.date(year, 2, 28)


@pytest.mark.django_db(transaction=True)  # each history is a transaction of its own, taken back at its end
def test_any_history_adds_up() -> None:
    run_state_machine_as_test(
        Shopkeeping,
        settings=settings(
            max_examples=200 if LONG else 20,
            stateful_step_count=80 if LONG else 25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
