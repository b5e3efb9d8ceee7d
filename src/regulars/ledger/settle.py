"""From a decision to a posting: read the card, decide, post, and again when the card changed in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from regulars import db
from regulars.ledger import followups
from regulars.ledger import post as poster
from regulars.ledger.post import CardState, Posting
from regulars.members import aliases, merged
from regulars.outbox.emit import NewEvent
from regulars.rules.errors import NotFound, Refusal, Suspended

# How often a posting is computed anew before the card is locked first: a crowd on one card is rare.
_FREE_TRIES = 4

Decision = tuple[Posting, list[NewEvent]]
Settled = tuple[CardState, Posting, int]


def check_branch(state: CardState, branch_id: int | None) -> None:
    """Refuse a branch that is closed or belongs to somebody else, with NotFound."""
    if branch_id is not None and not state.branch_active:
        raise NotFound(
            f"There is no active branch {branch_id}.", fields={"branch_id": "is not an active branch"}
        )


def earned_event(state: CardState, rewards: int) -> NewEvent:
    """What is told when stamps complete rewards, under the text of the programme as it is."""
    data = {
        "customer_id": state.member_id,
        "reward": state.reward_text,
        "count": rewards,
        "pending_rewards": state.pending_rewards + rewards,
    }
    return NewEvent("reward.earned", state.member_id, data)


class NothingToDo(Exception):  # noqa: N818 - an outcome, not an error
    """The decision was that nothing is to be posted."""


def settle(
    decide: Callable[[CardState], Decision | None],
    *,
    suspended_too: bool = False,
    locked: bool = False,
    **which: Any,
) -> Settled:
    """Read a card, let `decide` compute a posting from it, post it; again when the card changed in between.

    `which` goes to `post.read_card`; a code may also be a confirmed alias of a card. `decide` may refuse by
    raising, or return None to post nothing. With `locked` the card is locked before it is read: for who
    reads more than the card, and would refuse for what was never true at once.

    Raises:
        NotFound: the business has no such card.
        Suspended: the member is suspended, unless `suspended_too`.
        NothingToDo: the decision was None.
    """
    for _ in range(0 if locked else _FREE_TRIES):
        settled = _try_once(decide, which, suspended_too=suspended_too)
        if settled is not None:
            return settled
    # A crowd is at this card: queue at its lock, behind which nothing can come in between.
    settled = None
    refusal: Exception | None = None
    with transaction.atomic(savepoint=False):
        which = _lock_card(which)
        try:
            settled = _try_once(decide, which, suspended_too=suspended_too)
        except (Refusal, NothingToDo) as refused:
            refusal = refused  # nothing was written, so a caller's transaction may go on: raised outside
        if settled is None and refusal is None:
            raise RuntimeError("a locked card changed under its lock")
    if settled is None:
        raise refusal or NothingToDo
    return settled


def settle_earning(
    decide: Callable[[CardState], Decision], *, suspended_too: bool = False, **which: Any
) -> Settled:
    """Like `settle`, for a posting of earned points; then other rooms do what follows from them.

    What they do is in the same transaction, which is opened only if there is such a room.
    """
    if not followups.follow_earning():
        return settle(decide, suspended_too=suspended_too, **which)
    refusal: Refusal | None = None
    with transaction.atomic(savepoint=False):
        try:
            state, posting, entry_id = settle(decide, suspended_too=suspended_too, **which)
        except Refusal as refused:
            refusal = refused  # as above
        else:
            if posting.points:
                followups.earned(
                    business_id=state.business_id,
                    member_id=state.member_id,
                    entry_id=entry_id,
                    points=posting.points,
                    balance=state.points + posting.points,
                    at=posting.occurred_at,
                )
    if refusal is not None:
        raise refusal
    return state, posting, entry_id


def _try_once(
    decide: Callable[[CardState], Decision | None], which: dict[str, Any], *, suspended_too: bool
) -> Settled | None:
    state = poster.read_card(**which)
    if state is None and (other_name := _by_alias(which)):
        state = poster.read_card(**other_name)
    if state is None:
        raise _no_card(which)
    if state.suspended and not suspended_too:
        raise Suspended("This customer is suspended and can neither collect nor redeem.")
    decision = decide(state)
    if decision is None:
        raise NothingToDo
    posting, events = decision
    entry_id = poster.post(state, posting, events)
    return None if entry_id is None else (state, posting, entry_id)


def _by_alias(which: dict[str, Any]) -> dict[str, Any] | None:
    """The member whose card has this as another code; None when it is not a code, or nobody's.

    Asked anew every time: while others merge records, it can be one member's now and another's next.
    """
    if which.get("qr_code") is None:
        return None
    member_id = aliases.confirmed_member(business_id=which["business_id"], qr_code=which["qr_code"])
    return None if member_id is None else which | {"qr_code": None, "member_id": member_id}


def _no_card(which: dict[str, Any]) -> Refusal:
    if which.get("qr_code") is not None:
        return NotFound("There is no card with this QR code.", fields={"qr_code": "is unknown"})
    return merged.nobody(business_id=which["business_id"], member_id=which["member_id"], field="member_id")


def _lock_card(which: dict[str, Any]) -> dict[str, Any]:
    """Lock the card; how it is named from now on.

    Who waited for a card that was then merged into another got no lock, and its code is another one's: so
    that is locked in its place, which may be merged meanwhile, too.
    """
    if not db.is_postgresql():
        return which  # the write transaction itself is the lock
    named = which
    while not _lock_named(named):
        other_name = _by_alias(which)
        if other_name is None or other_name == named:
            return named  # there is no such card: reading it says so
        named = other_name
    return named


def _lock_named(which: dict[str, Any]) -> bool:
    column = "qr_code" if which.get("qr_code") is not None else "member_id"
    return bool(
        db.run(
            f"SELECT 1 FROM ledger_card WHERE {column} = %s AND business_id = %s FOR UPDATE",
            (which[column], which["business_id"]),
        )
    )
