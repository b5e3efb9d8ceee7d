"""Anything may follow anything: random histories of a shop, compared after each step with a plain model.

Short in ordinary runs; SOAK=1 in the environment makes it long.
"""

import datetime as dt
from copy import deepcopy
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    consumes,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from regulars.analytics import rollup
from regulars.ledger import actions, adjustments, points
from regulars.ledger.corrections import change_points
from regulars.ledger.models import Card
from regulars.rules.errors import (
    AlreadyUndone,
    Conflict,
    NotEnoughPoints,
    NotEnoughStamps,
    NotFound,
    NothingToRedeem,
)
from regulars.tenants import actions as tenants
from regulars.tenants.models import Business
from tests.analytics.recount import Recount
from tests.factories import make_shop
from tests.ledger import pencil
from tests.ledger.pencil import ModelAdjustment, ModelEntry, add_months, birthday_in
from tests.ledger.shop_books import LONG, Books

START = dt.datetime(2026, 2, 20, 11, tzinfo=dt.UTC)


class Shopkeeping(Books):
    """A shop with two branches on which everything happens that may happen."""

    cards: Bundle[Card] = Bundle("cards")
    adjusted: Bundle[ModelAdjustment] = Bundle("adjusted")
    entries: Bundle[ModelEntry] = Bundle("entries")

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.travel = time_machine.travel(START, tick=False)
        self.clock = self.travel.start()
        self.model: dict[int, pencil.Card] = {}
        self.refunds: dict[int, int] = {}  # what the refunds of a card are worth, all in one document

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
        self.policy = "to_zero"

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
        self.model[card.pk] = pencil.Card(birthday)
        return card

    @rule(
        target=entries,
        card=cards,
        count=st.integers(1, 10),
        branch=st.integers(0, 2),
        back=st.integers(0, 72),
    )
    def stamp(self, card: Card, count: int, branch: int, back: int) -> ModelEntry:
        """Stamps, perhaps given while the till was offline."""
        moment = self.now - dt.timedelta(hours=back)
        result = self.shop.stamp(card, count, branch_id=self.branches[branch], occurred_at=moment)
        known = self.model[card.pk]
        assert result.rewards_earned == known.stamp(count, self.goal, self.text, result.entry_id)
        known.visits.append(moment)
        assert (result.current_stamps, result.pending_rewards) == (known.stamps, len(known.waiting))
        return ModelEntry(result.entry_id, card.pk, count, moment)

    @rule(target=entries, card=cards, branch=st.integers(0, 2))
    def redeem(self, card: Card, branch: int) -> ModelEntry | MultipleResults[ModelEntry]:
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
            return multiple()
        result = actions.redeem_reward(**ask)
        reward = known.redeem()
        assert (result.reward, result.pending_rewards) == (reward.text, len(known.waiting))
        return ModelEntry(result.entry_id, card.pk, reward=reward)

    @rule(made=entries)
    def undo(self, made: ModelEntry) -> None:
        """A mistake is taken back: once, and not out of a reward that was handed out."""
        ask: dict[str, Any] = {"business_id": self.shop.id, "entry_id": made.pk}
        known = self.model.get(made.card)
        if known is None:
            with pytest.raises(NotFound):
                actions.undo(**ask)
            return
        if made.undone:
            with pytest.raises(AlreadyUndone):
                actions.undo(**ask)
            return
        if made.reward is not None:
            known.unredeem(made.reward)
        elif made.stamps < 0:
            self.give_back(known, made)
            return
        elif why_not := known.unstamp(made.stamps, made.pk):
            with pytest.raises(why_not):
                actions.undo(**ask)
            return
        if made.visited is not None:
            known.visits.remove(made.visited)
        made.undone = True
        result = actions.undo(**ask)
        assert (result.current_stamps, result.pending_rewards) == (known.stamps, len(known.waiting))
        assert result.reward == (made.reward.text if made.reward else "")

    def give_back(self, known: pencil.Card, made: ModelEntry) -> None:
        """Stamps that were taken by mistake are as if they were given now."""
        made.undone = True
        known.taken += made.stamps
        result = actions.undo(business_id=self.shop.id, entry_id=made.pk)
        earned = known.stamp(-made.stamps, self.goal, self.text, result.entry_id)
        assert (result.stamps, result.rewards) == (made.stamps, -earned)
        assert (result.current_stamps, result.pending_rewards) == (known.stamps, len(known.waiting))

    @rule(target=entries, card=cards, count=st.integers(1, 12), branch=st.integers(0, 2))
    def take_stamps(self, card: Card, count: int, branch: int) -> ModelEntry | MultipleResults[ModelEntry]:
        """Stamps off the card, as far as they go."""
        known = self.model[card.pk]
        ask = {**self.ids(card), "count": count, "reason": "Rain", "branch_id": self.branches[branch]}
        if known.stamps < count:
            with pytest.raises(NotEnoughStamps) as refused:
                actions.take_stamps(**ask)
            assert refused.value.details == {"stamps": count, "available": known.stamps}
            return multiple()
        result = actions.take_stamps(**ask)
        known.take_stamps(count)
        assert (result.current_stamps, result.pending_rewards) == (known.stamps, len(known.waiting))
        return ModelEntry(result.entry_id, card.pk, -count)

    @rule(card=cards, number=st.integers(1, 60))
    def earn(self, card: Card, number: int) -> None:
        """Points, under the policy of the moment."""
        known = self.model[card.pk]
        result = points.add_points(**self.ids(card), points_to_add=number)
        known.earn(number, self.last_day())
        assert result.balance == known.balance

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
        assert result.balance == known.balance

    @rule(target=adjusted, card=cards, number=st.integers(-40, 60).filter(bool))
    def adjust(self, card: Card, number: int) -> ModelAdjustment | MultipleResults[ModelAdjustment]:
        """Points by hand, given or taken."""
        known = self.model[card.pk]
        if known.spendable(self.today()) < -number:
            with pytest.raises(NotEnoughPoints):
                adjustments.add_adjustment(**self.ids(card), points=number)
            return multiple()
        row = adjustments.add_adjustment(**self.ids(card), points=number)
        self.follow(known, adjustments.source_of(row.pk), 0, number)
        return ModelAdjustment(row, card.pk, number)

    @rule(made=adjusted, card=cards, number=st.integers(-60, 60).filter(bool), moves=st.booleans())
    def adjust_anew(self, made: ModelAdjustment, card: Card, number: int, moves: bool) -> None:  # noqa: FBT001
        """Other points, perhaps for somebody else."""
        to = card.pk if moves else made.card
        source = adjustments.source_of(made.row.pk)
        ask = {"business_id": self.shop.id, "pk": made.row.pk, "member_id": to, "points": number}
        if made.card not in self.model:
            with pytest.raises(NotFound):
                adjustments.edit_adjustment(**ask)
            return
        tried = deepcopy(self.model)
        before = made.points
        if to != made.card:
            self.follow(tried[made.card], source, made.points, 0)
            before = 0
        if self.cannot(tried[to], source, before, number):
            with pytest.raises(NotEnoughPoints):
                adjustments.edit_adjustment(**ask)
            return
        adjustments.edit_adjustment(**ask)
        self.follow(tried[to], source, before, number)
        self.model, made.card, made.points = tried, to, number

    @rule(made=consumes(adjusted))
    def undo_adjustment(self, made: ModelAdjustment) -> None:
        """As if it had never been, as far as the policy goes."""
        ask = {"business_id": self.shop.id, "pk": made.row.pk}
        if made.card not in self.model:
            with pytest.raises(NotFound):
                adjustments.delete_adjustment(**ask)
            return
        adjustments.delete_adjustment(**ask)
        self.follow(self.model[made.card], adjustments.source_of(made.row.pk), made.points, 0)

    @rule(card=cards, worth=st.integers(-80, 80))
    def refund(self, card: Card, worth: int) -> None:
        """A document that takes back below zero, and is never refused."""
        known, before = self.model[card.pk], self.refunds.get(card.pk, 0)
        change_points(**self.ids(card), source="refund:1", before=before, after=worth, takes_back=True)
        if worth > before:
            known.earn(worth - before, self.last_day(), "refund:1")
        elif worth < before:
            known.take_back(before - worth, self.today(), "refund:1", self.policy)
        self.refunds[card.pk] = worth

    def last_day(self) -> dt.date | None:
        """Until when points are good that are earned now."""
        return add_months(self.today(), self.months)

    def follow(self, known: pencil.Card, source: str, before: int, after: int) -> None:
        """The model of a change of worth."""
        known.follow(
            source,
            before=before,
            after=after,
            today=self.today(),
            policy=self.policy,
            last_day=self.last_day(),
        )

    def cannot(self, known: pencil.Card, source: str, before: int, after: int) -> bool:
        """Whether the model has too few points for a document that spends."""
        if after >= min(before, 0):
            return False
        tried = deepcopy(known)
        self.follow(tried, source, before, min(before, 0))
        return tried.spendable(self.today()) < min(before, 0) - after

    @rule()
    def expire(self) -> None:
        """The worker's round."""
        expected = sum(known.expire(self.today()) for known in self.model.values())
        assert points.expire_points(business_id=self.shop.id) == expected

    @rule(target=entries, card=cards)
    def birthday(self, card: Card) -> ModelEntry | MultipleResults[ModelEntry]:
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
            assert result.rewards_earned == known.stamp(3, self.goal, self.text, result.entry_id)
            return ModelEntry(result.entry_id, card.pk, 3)
        return multiple()

    @rule(card=consumes(cards))
    def delete(self, card: Card) -> None:
        """Somebody wants to be forgotten."""
        self.recount.delete(card.pk)
        del self.model[card.pk]
        self.refunds.pop(card.pk, None)

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

    @rule(policy=st.sampled_from(["to_zero", "allow_negative", "keep"]))
    def change_policy(self, policy: str) -> None:
        """What becomes of points that were spent when what earned them is undone."""
        self.policy = policy
        Business.objects.filter(pk=self.shop.id).update(refund_policy=policy)

    @rule(limit=st.sampled_from([1, 2, 5, 1000]))
    def roll_up(self, limit: int) -> None:
        """Part of the tail, or all of it."""
        rollup.roll_up(limit)

    @rule(range_days=st.integers(7, 90))
    def look_closely(self, range_days: int) -> None:
        """Figures of another range."""
        self.recount.check(range_days)
        self.elsewhere.check(range_days)


@pytest.mark.django_db(transaction=True)  # each history is a transaction of its own, taken back at its end
def test_any_history_adds_up() -> None:
    run_state_machine_as_test(
        Shopkeeping,
        settings=settings(
            max_examples=200 if LONG else 12,
            stateful_step_count=80 if LONG else 25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
