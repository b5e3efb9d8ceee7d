"""Points: earned in lots that expire, spent from the soonest to expire."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.ledger import post as poster
from regulars.ledger.models import Entry, Lot
from regulars.ledger.post import CardState, Posting
from regulars.ledger.settle import Decision, NothingToDo, Settled, check_branch, settle, settle_earning
from regulars.outbox.emit import NewEvent
from regulars.rules import points
from regulars.rules.errors import AlreadyGiven, InvalidInput
from regulars.rules.text import clean_text
from regulars.tenants.models import Business

MAX_POINTS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class PointsChanged:
    """The entry, how many points it moved (spent: negative), and the balance after it."""

    entry_id: int
    points: int
    balance: int


def add_points(
    *,
    business_id: int,
    member_id: int,
    points_to_add: int,
    expires_on: dt.date | None = None,
    branch_id: int | None = None,
    staff_id: int | None = None,
    text: str = "",
    occurred_at: dt.datetime | None = None,
    source: str | None = None,
    occasion: str | None = None,
    suspended_too: bool = False,
) -> PointsChanged:
    """Credit points as a lot of their own.

    The lot expires on `expires_on`; without it the business's expiry in months counts from the earning,
    and is fixed now: a later change of policy does not touch it. `source` names the document that they are
    for ("sale:7"), so that `corrections` can put them right later. An `occasion` happens once to a card.

    Raises:
        InvalidInput: the number of points is unusable.
        NotFound: the business has no such member, or no such active branch.
        Suspended: the member is suspended, unless `suspended_too`.
        AlreadyGiven: the occasion has happened to this card.
    """
    check_points(points_to_add)
    note = clean_text(text, field="text", max_length=300)
    now = occurred_at or timezone.now()

    def decide(state: CardState) -> Decision:
        check_branch(state, branch_id)
        _check_occasion(state, occasion)
        posting = Posting(
            kind=Entry.Kind.POINTS_EARN.value,
            occurred_at=now,
            points=points_to_add,
            lot_remaining=points.earn(state.points, points_to_add),
            lot_expires_on=expires_on or last_day(state, now),
            text=note,
            branch_id=branch_id,
            staff_id=staff_id,
            source=source,
            occasion=occasion,
        )
        return posting, [points_event("points.earned", state, posting)]

    settled = settle_earning(
        decide,
        business_id=business_id,
        member_id=member_id,
        branch_id=branch_id,
        suspended_too=suspended_too,
    )
    return _points_changed(settled)


def spend_points(
    *,
    business_id: int,
    member_id: int,
    points_to_spend: int,
    branch_id: int | None = None,
    staff_id: int | None = None,
    text: str = "",
    occurred_at: dt.datetime | None = None,
    source: str | None = None,
) -> PointsChanged:
    """Take points, from the soonest-expiring lot first, then the oldest, never-expiring last.

    `source` names the document that they pay for ("issue:7"), so that `corrections` can give them back.

    Raises:
        InvalidInput: the number of points is unusable.
        NotFound: the business has no such member, or no such active branch.
        Suspended: the member is suspended.
        NotEnoughPoints: the lots that have not expired do not cover it.
    """
    check_points(points_to_spend)
    note = clean_text(text, field="text", max_length=300)
    now = occurred_at or timezone.now()

    def decide(state: CardState) -> Decision:
        check_branch(state, branch_id)
        posting = Posting(
            kind=Entry.Kind.POINTS_SPEND.value,
            occurred_at=now,
            points=-points_to_spend,
            takes=tuple(points.take(spendable(state, now), points_to_spend)),
            text=note,
            branch_id=branch_id,
            staff_id=staff_id,
            source=source,
        )
        return posting, [points_event("points.spent", state, posting)]

    return _points_changed(settle(decide, business_id=business_id, member_id=member_id, branch_id=branch_id))


def expire_points(*, business_id: int, occurred_at: dt.datetime | None = None) -> int:
    """Let lapse all points of a business whose last day has passed in its time zone; how many points.

    Safe to run at any time and as often as one likes.
    """
    now = occurred_at or timezone.now()
    with scope(business=business_id):
        zone = Business.objects.values_list("timezone", flat=True).get(pk=business_id)
        today = poster.business_day(zone, now)
        due = Lot.objects.filter(remaining__gt=0, expires_on__lt=today)
        cards = list(due.order_by("card_id").values_list("card_id", flat=True).distinct())
    return sum(expire_card(business_id=business_id, member_id=member_id, now=now) for member_id in cards)


def expire_card(*, business_id: int, member_id: int, now: dt.datetime) -> int:
    """Let lapse the points of one card whose last day has passed at `now`; how many points."""

    def decide(state: CardState) -> Decision | None:
        return expiry(state, open_lots(state.member_id), now)

    try:
        _, posting, _ = settle(decide, business_id=business_id, member_id=member_id, suspended_too=True)
    except NothingToDo:
        return 0
    return -posting.points


def expiry(state: CardState, lots: Sequence[points.Lot], now: dt.datetime) -> Decision | None:
    """The posting by which those of a card's open lots lapse that have expired at `now`; None: none has."""
    late = points.expired(lots, poster.business_day(state.timezone, now))
    if not late:
        return None
    posting = Posting(
        kind=Entry.Kind.POINTS_EXPIRE.value,
        occurred_at=now,
        points=-sum(lot.remaining for lot in late),
        takes=tuple(points.Take(lot_id=lot.id, points=lot.remaining) for lot in late),
    )
    return posting, [points_event("points.expired", state, posting)]


def last_day(state: CardState, now: dt.datetime) -> dt.date | None:
    """Until when points are good that are earned at `now`, under the business's present policy."""
    return points.expiry_date(poster.business_day(state.timezone, now), state.points_expire_months)


def spendable(state: CardState, now: dt.datetime) -> list[points.Lot]:
    """A card's lots that have not expired at `now`."""
    today = poster.business_day(state.timezone, now)
    return [lot for lot in open_lots(state.member_id) if lot.expires_on is None or lot.expires_on >= today]


def open_lots(member_id: int) -> list[points.Lot]:
    """A card's lots that hold points, in no order."""
    rows = db.run(
        "SELECT id, remaining, expires_on, entry_id FROM ledger_lot WHERE card_id = %s AND remaining > 0",
        (member_id,),
    )
    return [points.Lot(row[0], row[1], row[2] and db.to_date(row[2]), row[3]) for row in rows]


def points_event(kind: str, state: CardState, posting: Posting) -> NewEvent:
    """What is told about a posting of points."""
    data = {
        "customer_id": state.member_id,
        "points": posting.points,
        "balance": state.points + posting.points,
    }
    return NewEvent(kind, state.member_id, data)


def _points_changed(settled: Settled) -> PointsChanged:
    state, posting, entry_id = settled
    return PointsChanged(entry_id, posting.points, state.points + posting.points)


def _check_occasion(state: CardState, occasion: str | None) -> None:
    # Exact in a crowd: if it happens after this look, the card has changed and the posting is refused.
    if occasion is None:
        return
    asked = (state.member_id, occasion)
    if db.run("SELECT 1 FROM ledger_entry WHERE card_id = %s AND occasion = %s", asked):
        raise AlreadyGiven(f"{occasion} was given to customer {state.member_id} before.")


def check_points(number: int) -> None:
    """Refuse a number of points that nobody can mean, with InvalidInput."""
    if not 1 <= number <= MAX_POINTS:
        raise InvalidInput.at("points", f"must be a whole number from 1 to {MAX_POINTS}")
