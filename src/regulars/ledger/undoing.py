"""Taking back what was a mistake: stamps given or taken, and redemptions (docs/decisions/0015, 0029)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, Max, OuterRef, QuerySet, Sum
from django.utils import timezone
from django_scopes import scope

from regulars.ledger.models import Entry, Reward
from regulars.ledger.post import CardState, Posting, Undoing
from regulars.ledger.settle import Decision, earned_event, settle
from regulars.outbox.emit import NewEvent
from regulars.rules import stamps
from regulars.rules.errors import AlreadyUndone, NotFound, NotUndoable, StampsSpent, StampsTakenSince

STAMPS = (Entry.Kind.STAMP_ADD.value, Entry.Kind.BIRTHDAY_BONUS.value)
UNDOES = {
    **dict.fromkeys((*STAMPS, Entry.Kind.STAMP_TAKE.value), Entry.Kind.STAMP_UNDO.value),
    Entry.Kind.REWARD_REDEEM.value: Entry.Kind.REWARD_UNDO.value,
}


@dataclass(frozen=True, slots=True)
class Undone:
    """What a card became when an entry was taken back.

    `stamps` came off the card (0 for a redemption), and `rewards` that waited went with them. Stamps that
    had been taken come back: then both are below zero or 0, for stamps put on the card and rewards that these
    completed. `reward` is the text of the reward that waits again ("" for stamps). `kind` is "stamp_undo" or
    "reward_undo".
    """

    customer_id: int
    kind: str
    undone_entry_id: int
    entry_id: int
    stamps: int
    rewards: int
    reward: str
    current_stamps: int
    goal: int
    pending_rewards: int
    total_redeemed: int


def undone_by() -> Exists:
    """Whether an entry was taken back: for queries of entries."""
    return Exists(Entry.objects.filter(reverses=OuterRef("pk")))


def undo(
    *,
    business_id: int,
    entry_id: int,
    staff_id: int | None = None,
    within: dt.timedelta | None = None,
    occurred_at: dt.datetime | None = None,
) -> Undone:
    """Take back stamps given or taken, or a redemption, by an entry that reverses it. One caller does it.

    Stamps come off the card as they are: when there are too few on it, rewards that wait are turned back into
    the stamps that they took, those of this entry first, then the newest. The visit is taken back too. Stamps
    that had been taken come back, and may complete rewards. A redeemed reward waits again, under its own
    text. A suspended member is no hindrance. `within` is how long ago the entry may be.

    Raises:
        NotFound: the business has no such entry.
        NotUndoable: it is of another kind, or too long ago.
        AlreadyUndone: somebody took it back before.
        StampsSpent: its stamps are in a reward that was redeemed.
        StampsTakenSince: its stamps were taken off the card since.
    """
    with scope(business=business_id):
        entry = Entry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise NotFound(f"There is no transaction {entry_id}.")
    if entry.kind not in UNDOES:
        raise NotUndoable(_why_not(entry))
    asked = _Asked(entry, occurred_at or timezone.now(), staff_id, within)
    state, posting, undo_id = settle(
        asked.decide, suspended_too=True, locked=True, business_id=business_id, member_id=entry.card_id
    )
    reopened = int(posting.kind == Entry.Kind.REWARD_UNDO)
    return Undone(
        customer_id=state.member_id,
        kind=posting.kind,
        undone_entry_id=entry.pk,
        entry_id=undo_id,
        stamps=-posting.stamps,
        rewards=0 if reopened else -posting.rewards,
        reward=posting.text if reopened else "",
        current_stamps=state.stamps + posting.stamps - posting.stamps_spent,
        goal=state.goal,
        pending_rewards=state.pending_rewards + posting.rewards,
        total_redeemed=state.rewards_redeemed - reopened,
    )


def _why_not(entry: Entry) -> str:
    if entry.reverses_id is not None:
        return f"Transaction {entry.pk} is itself an undo. Give the stamps or redeem the reward again."
    if entry.kind == Entry.Kind.ENROL:
        return "Joining cannot be undone. A customer can be deleted."
    return "Points are put right by changing or deleting what they were given or taken for."


@dataclass(frozen=True, slots=True)
class _Asked:
    """One wish to take back an entry. It decides while the card is locked: it looks at more than the card."""

    entry: Entry
    now: dt.datetime
    staff_id: int | None
    within: dt.timedelta | None

    def decide(self, state: CardState) -> Decision:
        with scope(business=state.business_id):
            if Entry.objects.filter(reverses=self.entry).exists():
                raise AlreadyUndone(f"Transaction {self.entry.pk} was undone before.")
            if self.within is not None and self.now - self.entry.occurred_at > self.within:
                raise NotUndoable(f"Transaction {self.entry.pk} is too long ago to be undone here.")
            if self.entry.kind == Entry.Kind.STAMP_TAKE:
                return self._return_stamps(state)
            return self._take_stamps(state) if self.entry.kind in STAMPS else self._reopen(state)

    def _take_stamps(self, state: CardState) -> Decision:
        entry = self.entry
        rewards, returned = _rewards_to_take(entry, missing=entry.stamps - state.stamps)
        posting = self._posting(
            Undoing(
                entry.pk,
                rewards=rewards,
                last_visit_at=_last_visit_but(entry) if entry.visits else None,
            ),
            rewards=-len(rewards),
            stamps_spent=-returned,
        )
        data = {
            "customer_id": state.member_id,
            "stamps": entry.stamps,
            "rewards": len(rewards),
            "current_stamps": state.stamps - entry.stamps + returned,
            "pending_rewards": state.pending_rewards - len(rewards),
            "undoes": entry.pk,
        }
        return posting, [NewEvent("stamp.undone", state.member_id, data)]

    def _return_stamps(self, state: CardState) -> Decision:
        """What was taken comes back, as stamps that are given do: a full card becomes a reward."""
        count = -self.entry.stamps
        result = stamps.add_stamps(stamps=state.stamps, goal=state.goal, count=count)
        posting = self._posting(
            Undoing(self.entry.pk),
            rewards=result.rewards_earned,
            stamps_spent=result.stamps_spent,
            reward_text=state.reward_text,
        )
        pending = state.pending_rewards + result.rewards_earned
        data = {
            "customer_id": state.member_id,
            "stamps": count,
            "rewards_earned": result.rewards_earned,
            "current_stamps": result.stamps,
            "pending_rewards": pending,
            "undoes": self.entry.pk,
        }
        events = [NewEvent("stamp.returned", state.member_id, data)]
        if result.rewards_earned:
            events.append(earned_event(state, result.rewards_earned))
        return posting, events

    def _reopen(self, state: CardState) -> Decision:
        reward_id = Reward.objects.values_list("pk", flat=True).get(redeemed_entry=self.entry)
        posting = self._posting(Undoing(self.entry.pk, reopened_reward_id=reward_id), rewards=1)
        data = {
            "customer_id": state.member_id,
            "reward": self.entry.text,
            "pending_rewards": state.pending_rewards + 1,
            "undoes": self.entry.pk,
        }
        return posting, [NewEvent("reward.unredeemed", state.member_id, data)]

    def _posting(
        self, undoes: Undoing, *, rewards: int, stamps_spent: int = 0, reward_text: str = ""
    ) -> Posting:
        entry = self.entry
        return Posting(
            kind=UNDOES[entry.kind],
            occurred_at=self.now,
            stamps=-entry.stamps,
            stamps_spent=stamps_spent,
            rewards=rewards,
            visits=-entry.visits,
            text=entry.text,
            reward_text=reward_text,
            branch_id=entry.branch_id,
            staff_id=self.staff_id,
            undoes=undoes,
        )


def _rewards_to_take(entry: Entry, *, missing: int) -> tuple[tuple[int, ...], int]:
    """Which waiting rewards are turned back into stamps so that `missing` ones are there, and how many that
    gives. Each gives what it took, under the goal of its time.
    """
    if missing <= 0:
        return (), 0
    waiting = Reward.objects.filter(card_id=entry.card_id, redeemed_entry=None, undone_entry=None)
    made = waiting.values_list("pk", "earned_entry_id", "earned_entry__stamps_spent", "earned_entry__rewards")
    taken: list[int] = []
    returned = 0
    for pk, _, spent, rewards in sorted(made, key=lambda row: (row[1] != entry.pk, -row[0])):
        if returned >= missing:
            break
        taken.append(pk)
        returned += spent // rewards
    if returned < missing:
        raise _why_missing(entry, missing - returned)
    return tuple(taken), returned


def _why_missing(entry: Entry, missing: int) -> StampsTakenSince | StampsSpent:
    """Where `missing` stamps of an entry are: all of them taken off the card, or in a redeemed reward."""
    takings = _takings(entry.card_id)
    if -(takings.aggregate(stamps=Sum("stamps"))["stamps"] or 0) >= missing:
        return StampsTakenSince(
            f"The stamps of transaction {entry.pk} were taken off the card since, the last of them by "
            f"transaction {takings.latest('pk').pk}. Undo that first."
        )
    return StampsSpent(
        f"The stamps of transaction {entry.pk} are in a reward that was redeemed. Undo the redemption first."
    )


def _takings(card_id: int) -> QuerySet[Entry]:
    """The entries that took stamps off a card and were not undone."""
    return Entry.objects.filter(~undone_by(), card_id=card_id, kind=Entry.Kind.STAMP_TAKE)


def _last_visit_but(entry: Entry) -> dt.datetime | None:
    """When the customer last came, as if they had not come for this entry."""
    visits = Entry.objects.filter(~undone_by(), card_id=entry.card_id, visits__gt=0).exclude(pk=entry.pk)
    last: dt.datetime | None = visits.aggregate(last=Max("occurred_at"))["last"]
    return last
