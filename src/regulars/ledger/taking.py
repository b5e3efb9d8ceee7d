"""Stamps taken off a card by hand, for a reason (docs/decisions/0029)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from regulars.ledger.models import Entry
from regulars.ledger.post import CardState, Posting
from regulars.ledger.settle import Decision, check_branch, settle
from regulars.outbox.emit import NewEvent
from regulars.rules import stamps
from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_text

REASON_LENGTH: Final = 300


@dataclass(frozen=True, slots=True)
class StampsTaken:
    """What a card became when stamps were taken off it."""

    customer_id: int
    stamps_taken: int
    current_stamps: int
    goal: int
    pending_rewards: int
    branch_id: int | None
    entry_id: int


def take_stamps(
    *,
    business_id: int,
    member_id: int,
    count: int,
    reason: str,
    branch_id: int | None = None,
    staff_id: int | None = None,
    occurred_at: dt.datetime | None = None,
) -> StampsTaken:
    """Take stamps off a card, for a `reason` of at most 300 characters that stays with the entry.

    Rewards that wait are not touched, and it is no visit. It can be undone (`undo`).

    Raises:
        InvalidInput: `count` is outside 1 to 49, or there is no reason, or too long a one.
        NotFound: the business has no such member, or no such active branch.
        Suspended: the member is suspended.
        NotEnoughStamps: there are fewer stamps on the card.
    """
    if not stamps.MIN_COUNT <= count <= stamps.MAX_TAKEN:
        raise InvalidInput.at(
            "count", f"must be a whole number from {stamps.MIN_COUNT} to {stamps.MAX_TAKEN}"
        )
    text = clean_text(reason, field="reason", max_length=REASON_LENGTH, required=True)
    now = occurred_at or timezone.now()

    def decide(state: CardState) -> Decision:
        check_branch(state, branch_id)
        left = stamps.take_stamps(stamps=state.stamps, count=count)
        posting = Posting(
            kind=Entry.Kind.STAMP_TAKE.value,
            occurred_at=now,
            stamps=-count,
            text=text,
            branch_id=branch_id,
            staff_id=staff_id,
        )
        data = {
            "customer_id": state.member_id,
            "stamps": count,
            "reason": text,
            "current_stamps": left,
            "pending_rewards": state.pending_rewards,
            "branch_id": branch_id,
        }
        return posting, [NewEvent("stamp.taken", state.member_id, data)]

    state, posting, entry_id = settle(
        decide, business_id=business_id, member_id=member_id, branch_id=branch_id
    )
    return StampsTaken(
        customer_id=state.member_id,
        stamps_taken=-posting.stamps,
        current_stamps=state.stamps + posting.stamps,
        goal=state.goal,
        pending_rewards=state.pending_rewards,
        branch_id=branch_id,
        entry_id=entry_id,
    )
