"""What happened on a card, in words for its member."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_scopes import scope

from regulars.ledger.models import Entry
from regulars.portal import money
from regulars.rules import occasions

# What a member may look for, and the kinds of entries that it is.
STAMPS: Final = "stamps"
POINTS: Final = "points"
REWARDS: Final = "rewards"
FILTERS: Final = {
    STAMPS: (
        Entry.Kind.STAMP_ADD,
        Entry.Kind.BIRTHDAY_BONUS,
        Entry.Kind.STAMP_TAKE,
        Entry.Kind.STAMP_UNDO,
    ),
    POINTS: (
        Entry.Kind.POINTS_EARN,
        Entry.Kind.POINTS_SPEND,
        Entry.Kind.POINTS_EXPIRE,
        Entry.Kind.POINTS_REVERSE,
        Entry.Kind.POINTS_RETURN,
    ),
    REWARDS: (Entry.Kind.REWARD_REDEEM, Entry.Kind.REWARD_UNDO),
}


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One thing that happened. `amount` is what it changed in words ("+2 stamps"), empty for nothing.

    `stamps` and `points` are the same as numbers, with the balances after it. `undone` when it was taken
    back later. `before=row.id` asks for the rows that follow.
    """

    id: int
    day: dt.date
    at: dt.datetime
    kind: str
    text: str
    amount: str
    branch: str
    stamps: int
    points: int
    stamps_after: int
    points_after: int
    undone: bool


def history(
    *,
    business_id: int,
    member_id: int,
    before: int | None = None,
    most: int = 20,
    only: str = "",
    first_day: dt.date | None = None,
    last_day: dt.date | None = None,
) -> list[HistoryRow]:
    """What happened on a member's card, newest first, at most so many rows.

    `only` is one of `FILTERS`; both days are inclusive business days. A member whom the business does not
    have has no history. One statement.
    """
    with scope(business=business_id):
        return [_row(entry) for entry in _entries(member_id, before, only, first_day, last_day)[:most]]


def joined_row(day: dt.date, at: dt.datetime) -> HistoryRow:
    """The one row of a card on which nothing happened yet."""
    kind = Entry.Kind.ENROL.value
    return HistoryRow(0, day, at, kind, _("You joined"), "", "", 0, 0, 0, 0, undone=False)


def _entries(
    member_id: int, before: int | None, only: str, first_day: dt.date | None, last_day: dt.date | None
) -> QuerySet[Entry]:
    # That two records became one moves nothing: it tells the shop something, and the member nothing.
    rows = Entry.objects.filter(card_id=member_id).exclude(kind=Entry.Kind.MERGE)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if only in FILTERS:
        rows = rows.filter(kind__in=FILTERS[only])
    if first_day is not None:
        rows = rows.filter(day__gte=first_day)
    if last_day is not None:
        rows = rows.filter(day__lte=last_day)
    rows = rows.annotate(was_undone=Exists(Entry.objects.filter(reverses=OuterRef("pk"))))
    return rows.select_related("branch").order_by("-pk")


def _row(entry: Entry) -> HistoryRow:
    return HistoryRow(
        id=entry.pk,
        day=entry.day,
        at=entry.occurred_at,
        kind=entry.kind,
        text=_text(entry),
        amount=_amount(entry),
        branch=entry.branch.name if entry.branch else "",
        stamps=entry.stamps,
        points=entry.points,
        stamps_after=entry.stamps_after,
        points_after=entry.points_after,
        undone=bool(getattr(entry, "was_undone", False)),
    )


def _text(entry: Entry) -> str:
    said = {
        Entry.Kind.ENROL.value: _("You joined"),
        Entry.Kind.STAMP_ADD.value: _("Visit") if entry.visits else _("Stamps given"),
        Entry.Kind.BIRTHDAY_BONUS.value: _("Birthday gift"),
        Entry.Kind.REWARD_REDEEM.value: _("Reward: %(reward)s") % {"reward": entry.text},
        Entry.Kind.STAMP_TAKE.value: _("Stamps taken"),
        Entry.Kind.STAMP_UNDO.value: _("Stamps given back") if entry.stamps > 0 else _("Stamps taken back"),
        Entry.Kind.REWARD_UNDO.value: _("Reward given back: %(reward)s") % {"reward": entry.text},
    }
    return said.get(entry.kind) or _text_of_deletion(entry) or _text_of_points(entry)


def _text_of_deletion(entry: Entry) -> str:
    # A sale has no other occasion than that it is deleted.
    return _("Purchase deleted") if entry.occasion and (entry.source or "").startswith("sale:") else ""


def _text_of_points(entry: Entry) -> str:
    source = (entry.source or "").partition(":")[0]
    match entry.kind:
        case Entry.Kind.POINTS_EXPIRE:
            return _("Points lapsed")
        case Entry.Kind.POINTS_RETURN:
            return _("Points given back")
        case Entry.Kind.POINTS_REVERSE:
            return _("Purchase changed") if source == "sale" else _("Points taken back")
        case Entry.Kind.POINTS_SPEND:
            if source == "issue":
                return _("Voucher: %(voucher)s") % {"voucher": entry.text} if entry.text else _("Voucher")
            return _("Points used")
        case _:
            return _("Purchase") if source == "sale" else _gift(entry.occasion or "")


def _gift(occasion: str) -> str:
    # The occasions of promotions say promotion, its number, and the event.
    event = [*occasion.split(":"), "", "", ""][2]
    return {
        occasions.SIGNUP: _("Welcome gift"),
        occasions.BIRTHDAY: _("Birthday gift"),
        occasions.ANNIVERSARY: _("Anniversary gift"),
        occasions.MONTHLY: _("Gift of the month"),
        occasions.FIRST_LOGIN: _("Gift for signing in"),
    }.get(event, _("Points"))


def _amount(entry: Entry) -> str:
    if entry.stamps:
        return ngettext("%(number)s stamp", "%(number)s stamps", abs(entry.stamps)) % {
            "number": _signed(entry.stamps)
        }
    if entry.points:
        return ngettext("%(number)s point", "%(number)s points", abs(entry.points)) % {
            "number": _signed(entry.points)
        }
    return ""


def _signed(number: int) -> str:
    return ("+" if number > 0 else "\N{MINUS SIGN}") + money.whole(abs(number))
