"""Makes the codes of an issue: pre-loaded ones first, then random ones."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum
from django.db.models.functions import Upper
from django.utils import timezone

from regulars import db
from regulars.ledger.post import business_day
from regulars.rules import vouchers as rules
from regulars.vouchers.lookups import Place
from regulars.vouchers.models import Precode, Voucher, VoucherCode, VoucherIssue, VoucherLog

_BATCH = 500

_NEXT_PRECODES = """
WITH next AS {once} (
    SELECT id FROM vouchers_precode WHERE voucher_id = %s AND business_id = %s AND used_at IS NULL
    ORDER BY id LIMIT %s {lock}
)
UPDATE vouchers_precode SET used_at = %s WHERE id IN (SELECT id FROM next) RETURNING id, code"""
_ON_POSTGRESQL = _NEXT_PRECODES.format(once="MATERIALIZED", lock="FOR UPDATE SKIP LOCKED")
_ON_SQLITE = _NEXT_PRECODES.format(once="", lock="")


@dataclass(frozen=True, slots=True)
class Worth:
    """What decides about the value of the codes of an issue.

    `forced_type` is what `force_value` is a value of, when the voucher has become another one since.
    """

    voucher: Voucher
    place: Place
    force_value: Decimal | None
    forced_type: int | None = None

    @property
    def value_type(self) -> int:
        """What the codes are a value of: that of the forced value, else the voucher's."""
        if self.force_value is None or self.forced_type is None:
            return self.voucher.value_type
        return self.forced_type

    def of(self, points_used: int) -> Decimal:
        """The value of a code that has this share of the points taken."""
        return rules.code_value(
            value=self.voucher.value,
            value_type=self.voucher.value_type,
            force_value=self.force_value,
            points_used=points_used,
            point_value=self.place.point_value,
        )

    def expires_on(self, occurred_at: dt.datetime) -> dt.date | None:
        """The last day of codes that were issued at that moment."""
        return rules.expiry(
            business_day(self.place.timezone, occurred_at),
            expires_after_days=self.voucher.expires_after_days,
            date_to=self.voucher.date_to,
        )


def make_codes(issue: VoucherIssue, worth: Worth, number: int) -> list[VoucherCode]:
    """Add so many codes to an issue. Within the caller's transaction."""
    shares = rules.shares(issue.points_used, issue.qty)[-number:]
    expires_on = worth.expires_on(issue.occurred_at)
    return VoucherCode.objects.bulk_create(
        [
            VoucherCode(
                business_id=issue.business_id,
                issue=issue,
                voucher_id=issue.voucher_id,
                member_id=issue.member_id,
                code=code,
                value=worth.of(share),
                value_type=worth.value_type,
                expires_on=expires_on,
            )
            for code, share in zip(_new_codes(issue, number), shares, strict=True)
        ],
        batch_size=_BATCH,
    )


def _new_codes(issue: VoucherIssue, number: int) -> list[str]:
    sql = _ON_POSTGRESQL if db.is_postgresql() else _ON_SQLITE
    now = db.moment(timezone.now())
    taken = db.run(sql, (issue.voucher_id, issue.business_id, number, now))
    found = [code for _, code in sorted(taken)]
    while len(found) < number:
        fresh = {rules.new_code() for _ in range(number - len(found))} - set(found)
        found += sorted(fresh - _known(fresh))
    return found


def _known(codes: set[str]) -> set[str]:
    """Those that are codes already, issued or pre-loaded. Chance alone hardly ever finds one."""
    known: set[str] = set()
    ordered = sorted(codes)
    for start in range(0, len(ordered), _BATCH):
        some = ordered[start : start + _BATCH]
        for model in (VoucherCode, Precode):
            said = model.objects.annotate(said=Upper("code")).filter(said__in=some)
            known.update(said.values_list("said", flat=True))
    return known


def log_codes(
    issue: VoucherIssue,
    codes: list[VoucherCode],
    action: VoucherLog.Action,
    *,
    at: dt.datetime,
    text: str = "",
) -> None:
    """Note what happened to codes of an issue. Within the caller's transaction."""
    VoucherLog.objects.bulk_create(
        [
            VoucherLog(
                business_id=issue.business_id,
                voucher_code=code,
                action=action,
                at=at,
                branch_id=issue.branch_id,
                staff_id=issue.staff_id,
                text=text,
            )
            for code in codes
        ],
        batch_size=_BATCH,
    )


def room_left(voucher: Voucher, member_id: int | None, *, but_issue: int | None = None) -> int | None:
    """How many more codes of a voucher the member may have; None is no limit. Lock the card first."""
    if voucher.limited_to_per_member is None or member_id is None:
        return None
    had = VoucherIssue.objects.filter(
        ~Q(pk=but_issue) if but_issue else Q(), voucher=voucher, member=member_id
    )
    return max(0, voucher.limited_to_per_member - (had.aggregate(total=Sum("qty"))["total"] or 0))
