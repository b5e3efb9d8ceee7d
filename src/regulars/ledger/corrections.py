"""Putting points right when the document that moved them is changed or undone (docs/decisions/0010).

Entries are never edited. What a document is worth now, less what it was worth before, is posted anew under
the document's source. For each document the sum of points less shortfall, over the entries under its source,
is what it is worth.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from regulars import db
from regulars.ledger.models import Entry
from regulars.ledger.points import (
    check_points,
    expire_card,
    expiry,
    last_day,
    open_lots,
    points_event,
    spendable,
)
from regulars.ledger.post import CardState, Posting
from regulars.ledger.settle import Decision, settle, settle_earning
from regulars.rules import points
from regulars.rules.errors import NotFound
from regulars.rules.text import clean_text


@dataclass(frozen=True, slots=True)
class _Document:
    """Whose points are put right, for which document, and what the new entries say beside the figures."""

    business_id: int
    member_id: int
    source: str
    branch_id: int | None
    staff_id: int | None
    text: str
    now: dt.datetime
    occasion: str | None = None

    def posting(self, kind: Entry.Kind, number: int, **more: Any) -> Posting:
        return Posting(
            kind=kind.value,
            occurred_at=self.now,
            points=number,
            text=self.text,
            branch_id=self.branch_id,
            staff_id=self.staff_id,
            source=self.source,
            occasion=self.occasion,
            **more,
        )

    def check_branch(self, state: CardState) -> None:
        # One that has closed since is still where the document belongs.
        if self.branch_id is not None and state.branch_found is None:
            raise NotFound(f"There is no branch {self.branch_id}.", fields={"branch_id": "is unknown"})

    @property
    def which(self) -> dict[str, Any]:
        return {
            "business_id": self.business_id,
            "member_id": self.member_id,
            "branch_id": self.branch_id,
        }


def change_points(
    *,
    business_id: int,
    member_id: int,
    source: str,
    before: int,
    after: int,
    takes_back: bool = False,
    branch_id: int | None = None,
    staff_id: int | None = None,
    text: str = "",
    occurred_at: dt.datetime | None = None,
    occasion: str | None = None,
) -> int:
    """Let the ledger follow a document whose worth to a member changed; how many points really moved.

    `before` and `after` are what it was and is worth: positive when it earns, negative when it spends, 0 when
    it is new or gone. All entries under `source` are the document's; call it for one at a time, with the
    document locked. With `takes_back` a document that is worth less than nothing takes earned points back
    by the refund policy and is never refused, such as a sale of a negative value; without it, it spends.
    An `occasion` happens once to a card, such as that the document is deleted; it needs `takes_back`, with
    which there is no more than one entry.

    - Worth more: the difference is earned as a new lot. What earlier corrections could not take back is made
      good first: those points the member had kept.
    - Worth less: the difference is taken back by the refund policy, from the document's own lots first, then
      in the order of spending. What has expired out of its own lots is gone already. Also from suspended
      members.
    - Spends more: the difference is spent. Spends less: it goes back into the lots that it came from, after
      a debt was paid, and what has expired meanwhile lapses at once.

    Raises:
        InvalidInput: more points change hands than anybody can mean.
        NotFound: the business has no such member or branch.
        NotEnoughPoints: it spends more, and the lots that have not expired do not cover it.
        Suspended: it earns or spends more, and the member is suspended.
    """
    note = clean_text(text, field="text", max_length=300)
    document = _Document(
        business_id, member_id, source, branch_id, staff_id, note, occurred_at or timezone.now(), occasion
    )
    if takes_back or (before >= 0 and after >= 0):
        steps = [("earns", after - before)]
    elif before <= 0 and after <= 0:
        steps = [("spends", before - after)]
    elif before > 0:
        steps = [("earns", -before), ("spends", -after)]
    else:
        steps = [("spends", before), ("earns", after)]
    moved = 0
    with transaction.atomic():
        for what, difference in steps:
            if difference > 0:
                moved += (_earn if what == "earns" else _spend)(document, difference)
            elif difference < 0:
                moved += (_take_back if what == "earns" else _give_back)(document, -difference)
    return moved


def _earn(document: _Document, number: int) -> int:
    check_points(number)

    def decide(state: CardState) -> Decision:
        document.check_branch(state)
        kept = min(number, _shortfall(document))
        new = number - kept
        if not new:
            return document.posting(Entry.Kind.POINTS_EARN, 0, shortfall=-kept), []
        posting = document.posting(
            Entry.Kind.POINTS_EARN,
            new,
            shortfall=-kept,
            lot_remaining=points.earn(state.points, new),
            lot_expires_on=last_day(state, document.now),
        )
        return posting, [points_event("points.earned", state, posting)]

    _, posting, _ = settle_earning(decide, **document.which)
    return posting.points


def _take_back(document: _Document, number: int) -> int:
    def decide(state: CardState) -> Decision:
        document.check_branch(state)
        lots = open_lots(state.member_id)
        # What has expired lapses first: it can pay for nothing, and a debt leaves no lot with points.
        lapsing = expiry(state, lots, document.now)
        if lapsing is not None:
            return lapsing
        own = _own_lots(document)
        back = points.take_back(
            [lot for lot in lots if lot.id in own],
            [lot for lot in lots if lot.id not in own],
            points=number,
            lapsed=max(0, _lapsed(document) - _shortfall(document)),
            policy=state.refund_policy,
        )
        posting = document.posting(
            Entry.Kind.POINTS_REVERSE, -back.points, shortfall=back.shortfall, takes=tuple(back.takes)
        )
        events = [points_event("points.reversed", state, posting)] if back.points else []
        return posting, events

    while True:
        _, posting, _ = settle(decide, suspended_too=True, **document.which)
        if posting.kind == Entry.Kind.POINTS_REVERSE:
            return posting.points


def _spend(document: _Document, number: int) -> int:
    check_points(number)

    def decide(state: CardState) -> Decision:
        document.check_branch(state)
        takes = points.take(spendable(state, document.now), number)
        posting = document.posting(Entry.Kind.POINTS_SPEND, -number, takes=tuple(takes))
        return posting, [points_event("points.spent", state, posting)]

    _, posting, _ = settle(decide, **document.which)
    return posting.points


def _give_back(document: _Document, number: int) -> int:
    def decide(state: CardState) -> Decision:
        document.check_branch(state)
        takes = points.give_back(_taken(document), number, balance=state.points)
        posting = document.posting(Entry.Kind.POINTS_RETURN, number, takes=tuple(takes))
        return posting, [points_event("points.returned", state, posting)]

    _, posting, _ = settle(decide, suspended_too=True, **document.which)
    expire_card(business_id=document.business_id, member_id=document.member_id, now=document.now)
    return posting.points


def _shortfall(document: _Document) -> int:
    """How many points earlier corrections could not take back."""
    total = db.run(
        "SELECT COALESCE(SUM(shortfall), 0) FROM ledger_entry WHERE card_id = %s AND source = %s",
        (document.member_id, document.source),
    )
    return int(total[0][0])


def _own_lots(document: _Document) -> set[int]:
    """The lots that the document earned."""
    rows = db.run(
        "SELECT l.id FROM ledger_entry e JOIN ledger_lot l ON l.entry_id = e.id "
        "WHERE e.card_id = %s AND e.source = %s",
        (document.member_id, document.source),
    )
    return {lot_id for (lot_id,) in rows}


def _lapsed(document: _Document) -> int:
    """How many points have expired out of the lots that the document earned."""
    total = db.run(
        "SELECT COALESCE(SUM(u.points), 0) FROM ledger_entry e "
        "JOIN ledger_lot l ON l.entry_id = e.id JOIN ledger_lotuse u ON u.lot_id = l.id "
        "JOIN ledger_entry x ON x.id = u.entry_id "
        "WHERE e.card_id = %s AND e.source = %s AND x.kind = 'points_expire'",
        (document.member_id, document.source),
    )
    return int(total[0][0])


def _taken(document: _Document) -> list[points.Lot]:
    """The lots that the document was paid from; what remains in them is here what they gave."""
    rows = db.run(
        "SELECT l.id, SUM(u.points), l.expires_on, l.entry_id FROM ledger_entry e "
        "JOIN ledger_lotuse u ON u.entry_id = e.id JOIN ledger_lot l ON l.id = u.lot_id "
        "WHERE e.card_id = %s AND e.source = %s AND e.kind IN ('points_spend', 'points_return') "
        "GROUP BY l.id, l.expires_on, l.entry_id HAVING SUM(u.points) > 0",
        (document.member_id, document.source),
    )
    return [points.Lot(row[0], int(row[1]), row[2] and db.to_date(row[2]), row[3]) for row in rows]
