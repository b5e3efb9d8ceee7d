"""Changes and undoes what was issued, codes and points alike. Within the caller's transaction and scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from regulars import db
from regulars.ledger.corrections import change_points
from regulars.ledger.post import business_day
from regulars.rules import values
from regulars.rules import vouchers as rules
from regulars.rules.errors import Conflict, HasHistory, InvalidInput, NotFound
from regulars.vouchers import making
from regulars.vouchers.lookups import (
    Place,
    check_branch,
    find_person,
    find_voucher,
    lock_cards,
    place_of,
    terms_of,
)
from regulars.vouchers.models import VoucherCode, VoucherIssue, VoucherLog
from regulars.vouchers.orders import MAX_QTY, check_force, check_room, price, source_of

_FIELDS = frozenset(
    {"qty", "member_id", "voucher_id", "occurred_at", "points_used", "branch_id", "force_value", "staff_id"}
)
# What a code in use no longer lets change.
_FIXED = ("voucher_id", "member_id", "points_used", "force_value")
# Columns of a code that follow its issue.
_CODE_COLUMNS = (
    "value",
    "value_type",
    "expires_on",
    "expiry_told_at",
    "voucher_id",
    "member_id",
    "version",
    "modified_at",
)


@dataclass(frozen=True, slots=True)
class _Codes:
    """The codes of an issue, locked: those that are redeemed or held by a till, and the others."""

    busy: list[VoucherCode]
    free: list[VoucherCode]

    @property
    def value_type(self) -> int:
        """What the first of them is a value of; a voucher may have become another one since."""
        return min((*self.busy, *self.free), key=lambda code: code.pk).value_type

    def check_force(self, value: Decimal | None) -> Decimal | None:
        """A value that all of them shall have, or InvalidInput."""
        if value is None:
            return None
        for value_type in {code.value_type for code in (*self.busy, *self.free)}:
            value = rules.check_value(value, field="force_value", value_type=value_type)
        return value


def revise(business_id: int, pk: int, changes: Mapping[str, Any]) -> int:
    """What `issuing.edit_issue` says."""
    unknown = changes.keys() - _FIELDS
    if unknown:
        raise InvalidInput.at(min(unknown), "is not a field of an issued voucher")
    issue, codes = _locked(business_id, pk, changes.get("member_id"))
    before = (issue.member_id, issue.points_used)
    wanted, place = _wanted(issue, changes, codes), place_of(business_id)
    _check(issue, wanted, codes, place, named="points_used" in changes)
    was = {name: getattr(issue, name) for name in wanted}
    for name, value in wanted.items():
        setattr(issue, name, value)
    if wanted == was:
        return issue.pk
    _pay(issue, before)
    issue.save(update_fields=[*wanted, "modified_at"])
    changed = {name for name in wanted if wanted[name] != was[name]}
    forced_type = None if "voucher" in changed else codes.value_type
    _follow(issue, codes, changed, making.Worth(issue.voucher, place, issue.force_value, forced_type))
    return issue.pk


def _locked(business_id: int, pk: int, *more_members: Any) -> tuple[VoucherIssue, _Codes]:
    """An issue and its codes, in the order in which all lock them: cards, issue, codes."""
    issue = _hold(business_id, pk, *more_members)
    found, now = _Codes([], []), timezone.now()
    for code in VoucherCode.objects.select_for_update().filter(issue_id=pk).order_by("pk"):
        (found.busy if is_busy(code, now) else found.free).append(code)
    return issue, found


def _hold(business_id: int, pk: int, *more_members: Any) -> VoucherIssue:
    """An issue that nobody else changes until the transaction ends, nor the cards that it moves points of.

    Its name comes first, so that it stays with the member whose card is locked: whoever found another member
    under the lock would have to lock a further card, out of order.
    """
    db.serialise("issue", pk)
    member_id = VoucherIssue.objects.values_list("member_id", flat=True).filter(pk=pk).first()
    lock_cards(business_id, [member_id, *(one or None for one in more_members)])
    rows = VoucherIssue.objects.select_for_update(of=("self",)).select_related("voucher")
    issue = rows.filter(pk=pk).first()
    if issue is None:
        raise NotFound(f"There is no issued voucher {pk}.", fields={"code": "is unknown"})
    return issue


def is_busy(code: VoucherCode, now: dt.datetime) -> bool:
    """Whether a code is redeemed or a till holds it."""
    return code.status == VoucherCode.Status.REDEEMED or is_held(code, now)


def is_held(code: VoucherCode, now: dt.datetime) -> bool:
    """Whether a till holds a code: reserved, and the reservation has not run out."""
    return (
        code.status == VoucherCode.Status.RESERVED
        and code.reserved_until is not None
        and code.reserved_until > now
    )


def _wanted(issue: VoucherIssue, changes: Mapping[str, Any], codes: _Codes) -> dict[str, Any]:
    """The fields of the issue as they shall be: those that are named, and the points that follow."""
    given = {name: None if value == "" else value for name, value in changes.items()}
    wanted: dict[str, Any] = {}
    if "qty" in given:
        wanted["qty"] = values.whole_number(given["qty"] or 0, field="qty", least=1, most=MAX_QTY)
    for name in ("member_id", "branch_id", "staff_id"):
        if name in given:
            wanted[name] = given[name]
    if "occurred_at" in given:
        wanted["occurred_at"] = _moment(given["occurred_at"])
    voucher = issue.voucher
    if "voucher_id" in given:
        if given["voucher_id"] is None:
            raise InvalidInput.at("voucher_id", "must not be empty")
        voucher = find_voucher(given["voucher_id"])
        wanted["voucher"] = voucher
    force = given.get("force_value", issue.force_value)
    if voucher.pk != issue.voucher_id and ("force_value" in given or force is not None):
        wanted["force_value"] = check_force(force, voucher)
    elif "force_value" in given:
        wanted["force_value"] = codes.check_force(force)
    qty, member_id = wanted.get("qty", issue.qty), wanted.get("member_id", issue.member_id)
    as_required = issue.points_used == price(issue.voucher, issue.qty, issue.member_id, None)
    points = given.get("points_used")
    if points is None and not as_required and "points_used" not in given and member_id is not None:
        points = issue.points_used
    wanted["points_used"] = price(voucher, qty, member_id, points)
    return wanted


def _moment(value: dt.datetime | None) -> dt.datetime:
    if value is None:
        raise InvalidInput.at("occurred_at", "must not be empty")
    return values.moment(value, field="occurred_at", now=timezone.now())


def _check(
    issue: VoucherIssue, wanted: Mapping[str, Any], codes: _Codes, place: Place, *, named: bool
) -> None:
    """Refuse what the codes, the terms or the limit do not allow. Nothing has been changed yet."""
    voucher = wanted.get("voucher", issue.voucher)
    qty, member_id = wanted.get("qty", issue.qty), wanted.get("member_id", issue.member_id)
    other = {
        "voucher_id": voucher.pk != issue.voucher_id,
        "member_id": member_id != issue.member_id,
        "points_used": named and wanted["points_used"] != issue.points_used,
        "force_value": wanted.get("force_value", issue.force_value) != issue.force_value,
    }
    fixed = [name for name in _FIXED if other[name]]
    if codes.busy and fixed:
        raise Conflict(
            f"A voucher code of {issue.code} is redeemed or reserved.",
            fields=dict.fromkeys(fixed, "cannot change any more"),
        )
    if qty < len(codes.busy):
        raise Conflict(
            f"{len(codes.busy)} voucher codes of {issue.code} are redeemed or reserved.",
            fields={"qty": f"must be at least {len(codes.busy)}"},
        )
    if wanted.get("branch_id") not in (None, issue.branch_id):
        check_branch(wanted["branch_id"])
    if other["voucher_id"] or other["member_id"]:
        day = business_day(place.timezone, wanted.get("occurred_at", issue.occurred_at))
        rules.check_eligible(terms_of(voucher), today=day, person=find_person(member_id))
    if other["voucher_id"] or other["member_id"] or qty > issue.qty:
        check_room(voucher, member_id, qty, but_issue=issue.pk)


def _pay(issue: VoucherIssue, before: tuple[int | None, int]) -> None:
    """Let the ledger follow from what the issue took of whom to what it takes now."""
    payer, paid = before
    if payer != issue.member_id:
        _change_points(issue, payer, paid, 0)
        paid = 0
    _change_points(issue, issue.member_id, paid, issue.points_used)


def _change_points(issue: VoucherIssue, member_id: int | None, paid: int, pays: int) -> None:
    if member_id is not None and paid != pays:
        change_points(
            business_id=issue.business_id,
            member_id=member_id,
            source=source_of(issue.pk),
            before=-paid,
            after=-pays,
            text=issue.voucher.name,
        )


def _follow(issue: VoucherIssue, codes: _Codes, changed: set[str], worth: making.Worth) -> None:
    """Let the codes follow the issue."""
    keep = issue.qty - len(codes.busy)
    kept, surplus = codes.free[:keep], codes.free[keep:]
    _drop(surplus)
    shares = rules.shares(issue.points_used, issue.qty)
    for code, share in zip(kept, shares, strict=False):
        _revalue(code, share, changed, worth)
        if changed & {"voucher", "occurred_at"}:
            code.expires_on, code.expiry_told_at = worth.expires_on(issue.occurred_at), None
        code.voucher_id, code.member_id = issue.voucher_id, issue.member_id
        code.version += 1
        code.modified_at = timezone.now()
    VoucherCode.objects.bulk_update(kept, _CODE_COLUMNS, batch_size=100)
    missing = keep - len(codes.free)
    made = making.make_codes(issue, worth, missing) if missing > 0 else {}
    now = timezone.now()
    ids = [code.pk for code in kept]
    making.log_codes(issue, ids, VoucherLog.Action.CHANGE, at=now, text=", ".join(sorted(changed)))
    making.log_codes(issue, made, VoucherLog.Action.ISSUE, at=now)


def _revalue(code: VoucherCode, share: int, changed: set[str], worth: making.Worth) -> None:
    """Let the value of a code follow what changed. A percentage stays one, whatever its voucher has become,
    until the code has another voucher, or no value of its own any more.
    """
    if "voucher" in changed or ("force_value" in changed and worth.force_value is None):
        code.value, code.value_type = worth.of(share), worth.value_type
    elif "force_value" in changed:
        code.value = worth.of(share)
    elif changed & {"points_used", "qty"} and worth.force_value is None:
        by_points = rules.POINTS == worth.voucher.value_type == code.value_type and not worth.voucher.value
        code.value = worth.of(share) if by_points else code.value


def _drop(codes: list[VoucherCode]) -> None:
    gone = [code.pk for code in codes]
    VoucherLog.objects.filter(voucher_code_id__in=gone).delete()
    VoucherCode.objects.filter(pk__in=gone).delete()


def revise_code(business_id: int, pk: int, changes: Mapping[str, Any]) -> VoucherCode:
    """What `issuing.edit_code` says."""
    unknown = changes.keys() - {"force_value", "expires_on"}
    if unknown:
        raise InvalidInput.at(min(unknown), "is not a field of a voucher code")
    rows = VoucherCode.objects.select_related("issue", "voucher", "member")
    known = rows.filter(pk=pk).first()
    if known is not None:  # its issue may be changed next, within the same transaction
        _hold(business_id, known.issue_id)
    code = rows.select_for_update(of=("self",)).filter(pk=pk).first()
    if code is None:
        raise NotFound(f"There is no voucher code {pk}.", fields={"voucher_code": "is unknown"})
    refuse_busy(code)
    if "force_value" in changes and changes["force_value"] in (None, ""):
        worth = making.Worth(code.voucher, place_of(business_id), None)
        code.value, code.value_type = worth.of(-(-code.issue.points_used // code.issue.qty)), worth.value_type
    elif "force_value" in changes:
        code.value = rules.check_value(
            changes["force_value"], field="force_value", value_type=code.value_type
        )
    if "expires_on" in changes:
        code.expires_on, code.expiry_told_at = changes["expires_on"] or None, None
    code.version += 1
    code.save(update_fields=["value", "value_type", "expires_on", "expiry_told_at", "version", "modified_at"])
    text = ", ".join(sorted(changes))
    making.log_codes(code.issue, [code.pk], VoucherLog.Action.CHANGE, at=timezone.now(), text=text)
    return code


def refuse_busy(code: VoucherCode) -> None:
    """Refuse a code that is redeemed or that a till holds."""
    if code.status == VoucherCode.Status.REDEEMED:
        raise rules.AlreadyRedeemed(
            f"The voucher code {code.code} is redeemed.", fields={"voucher_code": "is redeemed"}
        )
    if is_held(code, timezone.now()):
        raise rules.ReservedElsewhere(
            f"The voucher code {code.code} is reserved until {code.reserved_until:%Y-%m-%d %H:%M:%S} UTC.",
            fields={"voucher_code": "is reserved"},
        )


def withdraw(business_id: int, pk: int) -> None:
    """What `issuing.delete_issue` says."""
    issue, codes = _locked(business_id, pk)
    redeemed = [one for one in codes.busy if one.status == VoucherCode.Status.REDEEMED]
    if redeemed:
        raise HasHistory(f"The voucher code {redeemed[0].code} of {issue.code} is redeemed. Reset it first.")
    for held in codes.busy:
        refuse_busy(held)
    _change_points(issue, issue.member_id, issue.points_used, 0)
    _drop(codes.free)
    issue.delete()
