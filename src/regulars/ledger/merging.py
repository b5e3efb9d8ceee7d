"""Merging two records of one person: everything of one becomes the other's (docs/decisions/0022)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.ledger import post as poster
from regulars.ledger.models import Card, Entry
from regulars.ledger.points import open_lots, points_event
from regulars.ledger.post import CardState, Posting
from regulars.ledger.settle import earned_event
from regulars.members import merged, merging
from regulars.members.models import Member, MergedMember
from regulars.outbox.emit import NewEvent
from regulars.rules import points, stamps
from regulars.rules.errors import InvalidInput, Merged

# As for an erasure: how long it waits for a lock before it gives way and begins again, and how often.
_PATIENCE: Final = 200
_PATIENT_TRIES: Final = 20
# What a card brought, as it is told and remembered.
_BROUGHT: Final = ("stamps", "points", "pending_rewards", "total_visits")


class Move(Protocol):
    """Gives everything that a room holds about a member to another one, within the caller's transaction."""

    def __call__(self, *, business_id: int, member_id: int, into_id: int) -> None:
        """Move it."""


_registry: dict[str, Move] = {}


def register(room: str, move: Move) -> None:
    """Enter a room with tables about members, once, when the application starts.

    It is called while both members and both cards are locked, before the ledger moves what is on the card.
    Whatever it leaves behind makes the database refuse the merge.
    """
    _registry[room] = move


def rows_of(*tables: str) -> Move:
    """The move of a room that only says whose rows these are: of tables with member_id and business_id."""

    def move(*, business_id: int, member_id: int, into_id: int) -> None:
        for table in tables:
            db.run(
                f"UPDATE {table} SET member_id = %s WHERE member_id = %s AND business_id = %s",
                (into_id, member_id, business_id),
            )

    return move


def rooms() -> list[str]:
    """The rooms that have entered."""
    return list(_registry)


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What became of two records.

    `brought` is what lay on the card that is gone: stamps, points, pending_rewards and total_visits; the
    others are what lies on the kept one now. `rewards_earned` were completed by both cards' stamps together.
    `already` says that it had been done before.
    """

    customer_id: int
    merged_customer_id: int
    stamps: int
    points: int
    pending_rewards: int
    total_visits: int
    rewards_earned: int = 0
    brought: dict[str, int] = field(default_factory=dict)
    already: bool = False


def merge_members(
    *,
    business_id: int,
    member_id: int,
    other_id: int,
    take: Collection[str] = (),
    staff_id: int | None = None,
    occurred_at: dt.datetime | None = None,
) -> MergeResult:
    """Let everything of `other_id` be that of `member_id`, who is kept; the other is no member any more.

    Nothing is lost: stamps, points with their own last days, rewards, vouchers, sales, scratch cards,
    messages, consents and the whole history. The cards and codes of the other record go on working. Of the
    profile, `take` (names of `members.merging.CHOICES`) and what the kept record does not say come from the
    other one. It cannot be undone. Done again, it answers as before and changes nothing.

    Raises:
        InvalidInput: both are one record, or `take` names what there is not.
        NotFound: the business has no such member.
        Merged: one of them was merged into somebody else meanwhile.
    """
    if member_id == other_id:
        raise InvalidInput.at("customer_id", "must be another customer")
    wanted = merging.check_choices(take)
    work = _Merge(business_id, member_id, other_id, wanted, staff_id, occurred_at or timezone.now())
    for most in (*[_PATIENCE] * _PATIENT_TRIES, None):
        with suppress(db.StillLocked):
            return work.run(most)
    raise RuntimeError("whoever waits as long as it takes gets the lock")


@dataclass(frozen=True, slots=True)
class _Merge:
    business_id: int
    member_id: int
    other_id: int
    take: frozenset[str]
    staff_id: int | None
    now: dt.datetime

    def run(self, patience: int | None) -> MergeResult:
        with transaction.atomic(), scope(business=self.business_id), db.patience(patience):
            try:
                kept, other = merging.lock_both(
                    business_id=self.business_id, member_id=self.member_id, other_id=self.other_id
                )
            except Merged:
                done = MergedMember.objects.filter(pk=self.other_id, member_id=self.member_id).first()
                if done is None:
                    raise
                return self._result(done, already=True)
            poster.lock_cards(business_id=self.business_id, member_ids=(self.member_id, self.other_id))
            return self._merge(kept, other)

    def _merge(self, kept: Member, other: Member) -> MergeResult:
        card = Card.objects.get(member_id=other.pk)
        brought = {name: int(getattr(card, name)) for name in _BROUGHT}
        self._pay_debt()
        merging.take_over(kept, other, self.take)
        noted = merging.remember(kept, other, qr_code=card.qr_code, brought=brought, at=self.now)
        ids = {"business_id": self.business_id, "member_id": self.other_id, "into_id": self.member_id}
        for move in list(_registry.values()):
            move(**ids)
        poster.move_card(**ids)
        merging.forget(business_id=self.business_id, member_id=self.other_id)
        return self._result(noted, rewards_earned=self._tell(other, brought))

    def _pay_debt(self) -> None:
        """What one card owes, the points of the other pay: nobody owes what is there to spend."""
        states = [self._state(self.member_id), self._state(self.other_id)]
        poor, rich = sorted(states, key=lambda state: state.points)
        debt = min(-poor.points, rich.points)
        if debt <= 0:
            return
        paid = Posting(
            kind=Entry.Kind.POINTS_SPEND.value,
            occurred_at=self.now,
            points=-debt,
            takes=tuple(points.take(open_lots(rich.member_id), debt)),
            staff_id=self.staff_id,
        )
        owed = Posting(
            kind=Entry.Kind.POINTS_RETURN.value, occurred_at=self.now, points=debt, staff_id=self.staff_id
        )
        self._post(rich, paid, [points_event("points.spent", rich, paid)])
        self._post(poor, owed, [points_event("points.returned", poor, owed)])

    def _tell(self, other: Member, brought: dict[str, int]) -> int:
        """Enter on the kept card what happened, with the rewards that are full now; how many these are."""
        state = self._state(self.member_id)
        full = stamps.complete(stamps=state.stamps, goal=state.goal)
        posting = Posting(
            kind=Entry.Kind.MERGE.value,
            occurred_at=self.now,
            stamps_spent=full.stamps_spent,
            rewards=full.rewards_earned,
            reward_text=state.reward_text,
            text=f"{other.code} {other.name}"[:300],
            staff_id=self.staff_id,
        )
        pending = state.pending_rewards + full.rewards_earned
        told: dict[str, Any] = {
            "customer_id": self.member_id,
            "merged_customer_id": self.other_id,
            "merged_code": other.code,
            "current_stamps": full.stamps,
            "pending_rewards": pending,
            "balance": state.points,
        }
        events = [NewEvent("member.merged", self.member_id, told)]
        if full.rewards_earned:
            events.append(earned_event(state, full.rewards_earned))
        self._post(state, posting, events)
        return full.rewards_earned

    def _state(self, member_id: int) -> CardState:
        state = poster.read_card(business_id=self.business_id, member_id=member_id)
        if state is None:
            raise merged.nobody(business_id=self.business_id, member_id=member_id)
        return state

    def _post(self, state: CardState, posting: Posting, events: list[NewEvent]) -> None:
        if poster.post(state, posting, events) is None:
            raise RuntimeError("a locked card changed under its lock")

    def _result(self, noted: MergedMember, *, rewards_earned: int = 0, already: bool = False) -> MergeResult:
        card = Card.objects.get(member_id=self.member_id)
        return MergeResult(
            customer_id=self.member_id,
            merged_customer_id=self.other_id,
            stamps=card.stamps,
            points=card.points,
            pending_rewards=card.pending_rewards,
            total_visits=card.total_visits,
            rewards_earned=rewards_earned,
            brought=dict(noted.brought),
            already=already,
        )
