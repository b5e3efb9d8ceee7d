"""What happened on a member's card, told to the shop: every entry of the ledger, who made it, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.auditlog.models import Record
from regulars.ledger.models import Entry, PointsAdjustment
from regulars.ledger.undoing import UNDOES, undone_by
from regulars.members.models import MergedMember
from regulars.rules import occasions
from regulars.sales.models import Sale
from regulars.web.office import names
from regulars.web.office.desk import Desk
from regulars.web.office.digits import whole
from regulars.web.office.tags import money, number

PER_PAGE: Final = 25
_ADJUSTMENT: Final = "adjustment"
_SALE: Final = "sale"
_OF_MERGES: Final = (Entry.Kind.ENROL, Entry.Kind.MERGE)
# Under this name the audit log keeps which entry something made, and why.
ENTRY: Final = "entry"
REASONED: Final = ("member.stamps-given", "member.reward-handed-out", "member.taken-back")
_ICONS: Final = {
    Entry.Kind.ENROL.value: "user",
    Entry.Kind.STAMP_ADD.value: "stamp",
    Entry.Kind.BIRTHDAY_BONUS.value: "gift",
    Entry.Kind.REWARD_REDEEM.value: "gift",
    Entry.Kind.POINTS_EXPIRE.value: "clock",
    Entry.Kind.STAMP_TAKE.value: "stamp",
    Entry.Kind.STAMP_UNDO.value: "undo",
    Entry.Kind.REWARD_UNDO.value: "undo",
    Entry.Kind.POINTS_REVERSE.value: "undo",
    Entry.Kind.POINTS_RETURN.value: "undo",
    Entry.Kind.MERGE.value: "swap",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry. `undo` says how it can be taken back: "entry", "points", or not at all."""

    id: int
    at: dt.datetime
    icon: str
    text: str
    change: str
    gain: bool
    balance: str
    where: str
    who: str
    why: str
    undone: bool
    undo: str
    url: str


def lines(desk: Desk, member_id: int, before: int | None) -> tuple[list[Line], int | None]:
    """A page of a card's entries, newest first, and the id behind which the next page begins; None: no more.

    Whoever is limited to a branch sees what happened there.
    """
    rows = (
        Entry.objects.filter(card_id=member_id).select_related("branch", "staff").annotate(undone=undone_by())
    )
    if desk.branch_id is not None:
        rows = rows.filter(branch_id=desk.branch_id)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found: list[Any] = list(rows.order_by("-pk")[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    gifts = _adjustments(shown)
    sales = _sales(desk, shown)
    noted = _noted(member_id, [entry.pk for entry in shown])
    told = [
        _line(desk, entry, gifts.get(_number(entry, _ADJUSTMENT)), noted.get(entry.pk), sales)
        for entry in shown
    ]
    if any(entry.kind in _OF_MERGES for entry in shown):
        told = _with_merges(member_id, shown, told)
    return told, shown[-1].pk if len(found) > PER_PAGE else None


def _with_merges(member_id: int, entries: list[Any], told: list[Line]) -> list[Line]:
    """With what other records brought, and as whom the member joined once more."""
    rows = MergedMember.objects.filter(member_id=member_id).values_list("merged_at", "brought")
    brought = dict(rows)
    first = Entry.objects.filter(card_id=member_id).order_by("pk").values_list("pk", flat=True).first()
    found = []
    for entry, line in zip(entries, told, strict=True):
        if entry.kind == Entry.Kind.ENROL and entry.pk != first:
            found.append(replace(line, text=_("Joined as another record")))
        elif entry.kind == Entry.Kind.MERGE:
            came = brought.get(entry.occurred_at, {})
            amounts = {"stamps": came.get("stamps", 0), "points": came.get("points", 0)}
            change = _amounts(**amounts, rewards=came.get("pending_rewards", 0) + entry.rewards)
            found.append(replace(line, change=change, gain=bool(change), balance=_lies(entry)))
        else:
            found.append(line)
    return found


def _number(entry: Entry, source: str) -> int | None:
    name, _colon, text = (entry.source or "").partition(":")
    return whole(text) if name == source else None


def _adjustments(entries: Iterable[Entry]) -> dict[int | None, PointsAdjustment]:
    wanted = {number for entry in entries if (number := _number(entry, _ADJUSTMENT)) is not None}
    return {one.pk: one for one in PointsAdjustment.objects.filter(pk__in=wanted)} if wanted else {}


def _sales(desk: Desk, entries: Iterable[Entry]) -> dict[int | None, Decimal]:
    """What the sales came to that entries are of, and that there still are, for whoever may look at them."""
    wanted = {number for entry in entries if (number := _number(entry, _SALE)) is not None}
    if not wanted or not desk.may("sales.view"):
        return {}
    return dict(Sale.objects.filter(pk__in=wanted).values_list("pk", "total_value"))


def _noted(member_id: int, entry_ids: list[int]) -> dict[int, Record]:
    """What the audit log tells of entries: the reason, and the operator who sat at a place of the team."""
    rows = Record.objects.filter(member_id=member_id, action__in=REASONED, after__entry__in=entry_ids)
    return {record.after[ENTRY]: record for record in rows}


def _who(entry: Any, record: Record | None) -> str:
    if entry.staff is None and record is not None and record.by_operator:
        return _("%(name)s (operator)") % {"name": record.actor}
    return names.who(entry.staff)


def _line(
    desk: Desk,
    entry: Any,
    gift: PointsAdjustment | None,
    noted: Record | None,
    sales: dict[int | None, Decimal],
) -> Line:
    sale = _number(entry, _SALE)
    return Line(
        id=entry.pk,
        at=entry.occurred_at,
        icon=_ICONS.get(entry.kind, "star"),
        text=_text(entry, _worth(desk, sales.get(sale))),
        change=_change(entry),
        gain=entry.stamps > 0 or entry.points > 0 or entry.rewards > 0,
        balance=_balance(entry),
        where=entry.branch.name if entry.branch else "",
        who=_who(entry, noted),
        why=(noted.reason if noted is not None else "") or _own_reason(entry, gift),
        undone=entry.undone,
        undo=_undo(desk, entry, gift),
        url=desk.url("sale", sale_id=sale) if sale is not None and sale in sales else "",
    )


def _own_reason(entry: Entry, gift: PointsAdjustment | None) -> str:
    """Why, as far as it is kept with the change itself: the API has no audit log."""
    if gift is not None:
        return gift.internal_notes
    return entry.text if entry.kind == Entry.Kind.STAMP_TAKE else ""


def _undo(desk: Desk, entry: Any, gift: PointsAdjustment | None) -> str:
    if entry.undone or not desk.may("members.balance"):
        return ""
    if entry.kind in UNDOES:
        return "entry"
    first = entry.kind in (Entry.Kind.POINTS_EARN, Entry.Kind.POINTS_SPEND)
    return "points" if gift is not None and first and gift.origin == PointsAdjustment.Origin.MANUAL else ""


def _worth(desk: Desk, value: Decimal | None) -> str:
    return "" if value is None else money(value, desk.business.currency)


def _text(entry: Entry, worth: str = "") -> str:
    said = {
        Entry.Kind.ENROL.value: _("Joined"),
        Entry.Kind.STAMP_ADD.value: _("Visit") if entry.visits else _("Stamps given"),
        Entry.Kind.BIRTHDAY_BONUS.value: _("Birthday gift"),
        Entry.Kind.REWARD_REDEEM.value: _("Reward handed out: %(text)s"),
        Entry.Kind.STAMP_TAKE.value: _("Stamps taken"),
        Entry.Kind.STAMP_UNDO.value: _("Stamps given back") if entry.stamps > 0 else _("Stamps taken back"),
        Entry.Kind.REWARD_UNDO.value: _("Reward waits again: %(text)s"),
        Entry.Kind.MERGE.value: _("Came from another record of theirs"),
        Entry.Kind.POINTS_EXPIRE.value: _("Points lapsed"),
    }
    text = said.get(entry.kind) or _of_points(entry, worth)
    return text % {"text": entry.text} if "%(text)s" in text else text


def _of_points(entry: Entry, worth: str) -> str:
    source = (entry.source or "").partition(":")[0]
    of_sale = source == _SALE
    if of_sale and entry.occasion:  # the one occasion of a sale
        return _("Sale deleted")
    said = {
        Entry.Kind.POINTS_REVERSE.value: _("Sale corrected") if of_sale else _("Points taken back"),
        Entry.Kind.POINTS_RETURN.value: _("Sale corrected") if of_sale else _("Points given back"),
        Entry.Kind.POINTS_SPEND.value: _("Points taken"),
        Entry.Kind.POINTS_EARN.value: _("Sale") if of_sale else _("Points given"),
    }
    if worth and entry.kind == Entry.Kind.POINTS_EARN:
        return _("Sale of %(amount)s") % {"amount": worth}
    if entry.kind == Entry.Kind.POINTS_SPEND and source == "issue":
        return _("Voucher: %(text)s") if entry.text else _("Voucher")
    return _occasion(entry.occasion or "") or said.get(entry.kind, entry.kind)


def told(entry: Entry) -> str:
    """An entry in a few words, with what it changed."""
    return f"{_text(entry)} {_change(entry)}".strip()


def _occasion(occasion: str) -> str:
    # The occasions of promotions say promotion, its number, and the event.
    event = [*occasion.split(":"), "", "", ""][2]
    return {
        occasions.SIGNUP: _("Welcome gift"),
        occasions.BIRTHDAY: _("Birthday gift"),
        occasions.ANNIVERSARY: _("Anniversary gift"),
        occasions.MONTHLY: _("Gift of the month"),
        occasions.FIRST_LOGIN: _("Gift for signing in"),
    }.get(event, "")


def _change(entry: Entry) -> str:
    return _amounts(stamps=entry.stamps, points=entry.points, rewards=max(entry.rewards, 0))


def _amounts(*, stamps: int, points: int, rewards: int) -> str:
    parts = []
    if stamps:
        text = ngettext("%(number)s stamp", "%(number)s stamps", abs(stamps))
        parts.append(text % {"number": _signed(stamps)})
    if points:
        text = ngettext("%(number)s point", "%(number)s points", abs(points))
        parts.append(text % {"number": _signed(points)})
    if rewards:
        text = ngettext("%(number)s reward", "%(number)s rewards", rewards)
        parts.append(text % {"number": _signed(rewards)})
    return ", ".join(parts)


def _balance(entry: Entry) -> str:
    if entry.points:
        return _lying(points=entry.points_after)
    return _lying(stamps=entry.stamps_after) if entry.stamps else ""


def _lies(entry: Entry) -> str:
    """All that lay on the card after an entry."""
    both = [_lying(stamps=entry.stamps_after)]
    if entry.points_after:
        both.append(_lying(points=entry.points_after))
    return ", ".join(both)


def _lying(*, stamps: int | None = None, points: int = 0) -> str:
    if stamps is not None:
        text = ngettext("%(number)s stamp on the card", "%(number)s stamps on the card", stamps)
        return text % {"number": number(stamps)}
    text = ngettext("%(number)s point on the card", "%(number)s points on the card", abs(points))
    return text % {"number": number(points)}


def _signed(value: int) -> str:
    return ("+" if value > 0 else "\N{MINUS SIGN}") + number(abs(value))
