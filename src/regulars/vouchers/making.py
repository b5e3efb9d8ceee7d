"""Makes the codes of an issue: pre-loaded ones first, then random ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from django.db.models import Q, Sum
from django.utils import timezone

from regulars import db
from regulars.ledger.post import business_day
from regulars.rules import vouchers as rules
from regulars.vouchers.lookups import Place
from regulars.vouchers.models import Voucher, VoucherCode, VoucherIssue, VoucherLog

_NEXT_PRECODES = """
WITH next AS {once} (
    SELECT id FROM vouchers_precode WHERE voucher_id = %s AND business_id = %s AND used_at IS NULL
    ORDER BY id LIMIT %s {lock}
)
UPDATE vouchers_precode SET used_at = %s WHERE id IN (SELECT id FROM next) RETURNING id, code"""
_ON_POSTGRESQL = _NEXT_PRECODES.format(once="MATERIALIZED", lock="FOR UPDATE SKIP LOCKED")
_ON_SQLITE = _NEXT_PRECODES.format(once="", lock="")

_INSERT = """
INSERT INTO vouchers_vouchercode (business_id, issue_id, voucher_id, member_id, value_type, status,
    expires_on, modified_at, reservation, version, code, value)
SELECT {given}, '', 0, {new} RETURNING id, code"""
_INSERT_ON_POSTGRESQL = _INSERT.format(
    given="%s, %s, %s, %s::bigint, %s::smallint, %s, %s::date, %s::timestamptz",
    new="n.code, n.value FROM unnest(%s::text[], %s::numeric[]) WITH ORDINALITY AS n(code, value, place) "
    "ORDER BY n.place",
)
_INSERT_ON_SQLITE = _INSERT.format(
    given=", ".join(["%s"] * 8),
    new="json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(%s) ORDER BY key",
)

_KNOWN = """
SELECT UPPER(code) FROM vouchers_vouchercode WHERE business_id = %s AND {known}
UNION SELECT UPPER(code) FROM vouchers_precode WHERE business_id = %s AND {known}"""
_LOG = """
INSERT INTO vouchers_voucherlog (business_id, voucher_code_id, action, at, branch_id, staff_id, text)
SELECT business_id, id, {noted} FROM vouchers_vouchercode WHERE {ids} AND business_id = %s ORDER BY id"""
_LOG_ON_POSTGRESQL = "%s, %s::timestamptz, %s::bigint, %s::bigint, %s"
_LOG_ON_SQLITE = "%s, %s, %s, %s, %s"


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


def make_codes(issue: VoucherIssue, worth: Worth, number: int) -> dict[int, str]:
    """Add so many codes to an issue: their ids, in order, with the codes. Within the caller's transaction.

    However many they are it is one statement, because on SQLite nobody else can write meanwhile.
    """
    codes = _new_codes(issue, number)
    values = [worth.of(share) for share in rules.shares(issue.points_used, issue.qty)[-number:]]
    if db.is_postgresql():
        lists: list[Any] = [codes, values]
    else:
        pairs = zip(codes, map(str, values), strict=True)
        lists = [orjson.dumps(list(pairs)).decode()]
    made = db.run(
        _INSERT_ON_POSTGRESQL if db.is_postgresql() else _INSERT_ON_SQLITE,
        [
            issue.business_id,
            issue.pk,
            issue.voucher_id,
            issue.member_id,
            worth.value_type,
            VoucherCode.Status.ACTIVE.value,
            db.calendar_day(worth.expires_on(issue.occurred_at)),
            db.moment(timezone.now()),
            *lists,
        ],
    )
    return {int(pk): str(code) for pk, code in sorted(made)}


def _new_codes(issue: VoucherIssue, number: int) -> list[str]:
    sql = _ON_POSTGRESQL if db.is_postgresql() else _ON_SQLITE
    now = db.moment(timezone.now())
    taken = db.run(sql, (issue.voucher_id, issue.business_id, number, now))
    found = [code for _, code in sorted(taken)]
    while len(found) < number:
        fresh = {rules.new_code() for _ in range(number - len(found))} - set(found)
        found += sorted(fresh - _known(issue.business_id, fresh))
    return found


def _known(business_id: int, codes: set[str]) -> set[str]:
    """Those that are codes already, issued or pre-loaded. Chance alone hardly ever finds one."""
    ordered = db.texts(sorted(codes))
    sql = _KNOWN.format(known=db.any_of("UPPER(code)"))
    return {code for (code,) in db.run(sql, (business_id, ordered, business_id, ordered))}


def log_codes(
    issue: VoucherIssue, ids: Iterable[int], action: VoucherLog.Action, *, at: dt.datetime, text: str = ""
) -> None:
    """Note what happened to codes of an issue. Within the caller's transaction."""
    noted = [action.value, db.moment(at), issue.branch_id, issue.staff_id, text]
    values = _LOG_ON_POSTGRESQL if db.is_postgresql() else _LOG_ON_SQLITE
    sql = _LOG.format(noted=values, ids=db.any_of("id"))
    db.run(sql, [*noted, db.numbers(list(ids)), issue.business_id])


def room_left(voucher: Voucher, member_id: int | None, *, but_issue: int | None = None) -> int | None:
    """How many more codes of a voucher the member may have; None is no limit. Lock the card first."""
    if voucher.limited_to_per_member is None or member_id is None:
        return None
    had = VoucherIssue.objects.filter(
        ~Q(pk=but_issue) if but_issue else Q(), voucher=voucher, member=member_id
    )
    return max(0, voucher.limited_to_per_member - (had.aggregate(total=Sum("qty"))["total"] or 0))
