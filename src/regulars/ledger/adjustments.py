"""Adjustments: points given or taken for a reason other than a sale or a voucher's price."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.ledger.corrections import change_points
from regulars.ledger.models import PointsAdjustment
from regulars.ledger.points import MAX_POINTS, add_points, spend_points
from regulars.ledger.post import lock_cards
from regulars.rules import values
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from regulars.rules.text import clean_text
from regulars.tenants import numbers
from regulars.tenants.models import Branch, Staff
from regulars.tenants.queries import own, same_code

_LETTER = "A"
_TABLE = "ledger_pointsadjustment"
_CHANGEABLE = frozenset(
    {"code", "member_id", "points", "occurred_at", "internal_notes", "branch_id", "staff_id"}
)


def source_of(adjustment_id: int) -> str:
    """The source under which the ledger has the entries of an adjustment."""
    return f"adjustment:{adjustment_id}"


def add_adjustment(
    *,
    business_id: int,
    member_id: int,
    points: int,
    code: str = "",
    occurred_at: dt.datetime | None = None,
    internal_notes: str = "",
    branch_id: int | None = None,
    staff_id: int | None = None,
    origin: str = PointsAdjustment.Origin.MANUAL.value,
    occasion: str | None = None,
) -> PointsAdjustment:
    """Give points or, below zero, take them as a spending does (RPC `add_points`).

    Without a `code` it gets one: `A000001`. An `occasion` happens once to a card; to give it again is
    refused, writes nothing, and leaves the caller's transaction as it was.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        NotFound: the business has no such member, or no such active branch.
        Conflict: an adjustment of the business has this code.
        AlreadyGiven: the occasion has happened to this card.
        NotEnoughPoints: it takes more than there is to spend.
        Suspended: the member is suspended.
    """
    _check_points(points)
    if origin not in PointsAdjustment.Origin.values:
        raise InvalidInput.at("origin", f"must be one of {', '.join(PointsAdjustment.Origin.values)}")
    if occasion is not None and points < 0:
        raise InvalidInput.at("occasion", "gives points and takes none")
    now = timezone.now()
    if occurred_at is not None and origin == PointsAdjustment.Origin.MANUAL:  # others go by our own clock
        _moment(occurred_at, now)
    columns = {
        "card_id": member_id,
        "points": points,
        "occurred_at": occurred_at or now,
        "internal_notes": clean_text(internal_notes, field="internal_notes", max_length=1000),
        "branch_id": branch_id,
        "staff_id": staff_id,
        "origin": origin,
    }
    code = clean_text(code, field="code", max_length=50)
    with transaction.atomic(), scope(business=business_id):
        own(Staff, staff_id, "staff_id")
        code = _unused(code) if code else _free_code(business_id)
        adjustment = PointsAdjustment(business_id=business_id, code=code, **columns)
        _store(adjustment, force_insert=True)
        _post(adjustment, occasion)
        return _read(adjustment.pk)


def _post(adjustment: PointsAdjustment, occasion: str | None) -> None:
    """Give or take the points of a new adjustment."""
    about: dict[str, Any] = {
        "business_id": adjustment.business_id,
        "member_id": adjustment.card_id,
        "branch_id": adjustment.branch_id,
        "staff_id": adjustment.staff_id,
        "occurred_at": adjustment.occurred_at,
        "source": source_of(adjustment.pk),
    }
    if adjustment.points > 0:
        add_points(points_to_add=adjustment.points, occasion=occasion, **about)
    else:
        spend_points(points_to_spend=-adjustment.points, **about)


def edit_adjustment(*, business_id: int, pk: int, **changes: Any) -> PointsAdjustment:
    """Change an adjustment and put its points right, also when it goes to another member.

    `changes` may name code, member_id, points, occurred_at, internal_notes, branch_id and staff_id. Points
    are put right as of now, whatever the day of the adjustment.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        NotFound: the business has no such adjustment or member, or no such active branch.
        Conflict: another adjustment of the business has this code.
        NotEnoughPoints: it takes more than there is to spend.
        Suspended: it gives or takes more, and the member is suspended.
    """
    unknown = changes.keys() - _CHANGEABLE
    if unknown:
        raise InvalidInput.at(min(unknown), "is not a field of an adjustment")
    for field in ("member_id", "points", "occurred_at"):
        if field in changes and changes[field] in (None, ""):
            raise InvalidInput.at(field, "must not be empty")
    if "points" in changes:
        _check_points(changes["points"])
    if "occurred_at" in changes:
        _moment(changes["occurred_at"], timezone.now())
    with transaction.atomic(), scope(business=business_id):
        adjustment = _hold(business_id, pk, changes.get("member_id"))
        before, member_id = adjustment.points, adjustment.card_id
        _change(adjustment, changes)
        _store(adjustment)
        about: dict[str, Any] = {
            "business_id": business_id,
            "source": source_of(pk),
            "branch_id": adjustment.branch_id,
            "staff_id": adjustment.staff_id,
        }
        if adjustment.card_id == member_id:
            change_points(member_id=member_id, before=before, after=adjustment.points, **about)
        else:
            change_points(member_id=member_id, before=before, after=0, **about)
            change_points(member_id=adjustment.card_id, before=0, after=adjustment.points, **about)
        return _read(pk)


def delete_adjustment(*, business_id: int, pk: int) -> None:
    """Delete an adjustment and put its points right: given ones are taken back by the refund policy.

    Raises:
        NotFound: the business has no such adjustment.
    """
    with transaction.atomic(), scope(business=business_id):
        adjustment = _hold(business_id, pk)
        change_points(
            business_id=business_id,
            member_id=adjustment.card_id,
            source=source_of(pk),
            before=adjustment.points,
            after=0,
            branch_id=adjustment.branch_id,
        )
        adjustment.delete()


def lock_adjustment(*, business_id: int, pk: int, other_member_id: int | None = None) -> None:
    """Let nobody else change the adjustment, its card, and another member's until the transaction ends.

    Whoever erases a member locks the card before what belongs to it, so the cards come before the row; and
    so that it cannot go to another card meanwhile, its name comes before all of them.
    """
    db.serialise("adjustment", pk)
    with scope(business=business_id):
        member_id = PointsAdjustment.objects.values_list("card_id", flat=True).filter(pk=pk).first()
    member_ids = {one for one in (member_id, other_member_id) if one is not None}
    if member_ids:
        lock_cards(business_id=business_id, member_ids=member_ids)


def _hold(business_id: int, pk: int, other_member_id: int | None = None) -> PointsAdjustment:
    """The adjustment, which nobody else changes until the transaction ends, nor the cards that it moves."""
    lock_adjustment(business_id=business_id, pk=pk, other_member_id=other_member_id)
    adjustment = PointsAdjustment.objects.filter(pk=pk).first()
    if adjustment is None:
        raise NotFound(f"There is no adjustment {pk}.", fields={"code": "is unknown"})
    return adjustment


def _change(adjustment: PointsAdjustment, changes: dict[str, Any]) -> None:
    for field in ("points", "occurred_at"):
        if field in changes:
            setattr(adjustment, field, changes[field])
    if "member_id" in changes:
        adjustment.card_id = changes["member_id"]
    if "internal_notes" in changes:
        notes = changes["internal_notes"] or ""
        adjustment.internal_notes = clean_text(notes, field="internal_notes", max_length=1000)
    if "code" in changes:
        code = clean_text(changes["code"] or "", field="code", max_length=50, required=True)
        if code != adjustment.code:
            adjustment.code = _unused(code, but=adjustment.pk)
    if "branch_id" in changes and changes["branch_id"] != adjustment.branch_id:
        branch = own(Branch, changes["branch_id"] or None, "branch_id")
        if branch is not None and not branch.is_active:
            raise NotFound(
                f"There is no active branch {branch.pk}.", fields={"branch_id": "is not an active branch"}
            )
        adjustment.branch = branch
    if "staff_id" in changes:
        adjustment.staff = own(Staff, changes["staff_id"] or None, "staff_id")


def _free_code(business_id: int) -> str:
    while True:
        code = numbers.draw_code(business_id=business_id, letter=_LETTER, table=_TABLE)
        # A code may have been given by hand that the numbers reach only now.
        if not PointsAdjustment.objects.filter(same_code(code)).exists():
            return code


def _unused(code: str, *, but: int | None = None) -> str:
    others = PointsAdjustment.objects.filter(same_code(code))
    if (others if but is None else others.exclude(pk=but)).exists():
        raise _taken(code)
    return code


def _taken(code: str) -> Conflict:
    return Conflict(
        f"There is an adjustment with code {code}.", fields={"code": "belongs to another adjustment"}
    )


def _store(adjustment: PointsAdjustment, *, force_insert: bool = False) -> None:
    try:
        with transaction.atomic():
            adjustment.save(force_insert=force_insert)
    except IntegrityError as error:  # foreign keys are looked at later: only the code can be in the way
        raise _taken(adjustment.code) from error


def _read(pk: int) -> PointsAdjustment:
    return PointsAdjustment.objects.select_related("card__member", "branch", "staff").get(pk=pk)


def _moment(value: dt.datetime, now: dt.datetime) -> dt.datetime:
    return values.moment(value, field="occurred_at", now=now)


def _check_points(points: int) -> None:
    if points == 0 or abs(points) > MAX_POINTS:
        raise InvalidInput.at(
            "points", f"must be a whole number from -{MAX_POINTS} to {MAX_POINTS}, and not 0"
        )
