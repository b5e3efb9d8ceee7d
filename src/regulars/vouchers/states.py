"""The one way in which a voucher code changes its state: read, decide, and change what was read.

A change names the version that was read and does nothing when somebody was quicker; then the code is read
again. On PostgreSQL the change, its log and its event are one statement.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import transaction

from regulars import db
from regulars.outbox import emit
from regulars.rules import vouchers as rules
from regulars.rules.errors import NotFound

# How often a change is tried before the code is locked first.
_FREE_TRIES = 4


@dataclass(frozen=True, slots=True)
class CodeState:
    """A voucher code as it was read, with what the rules need to know beside it."""

    id: int
    business_id: int
    code: str
    version: int
    status: str
    value: Decimal
    value_type: int
    expires_on: dt.date | None
    reserved_until: dt.datetime | None
    reservation: str
    redeemed_at: dt.datetime | None
    credit_id: int | None
    voucher_id: int
    voucher_code: str
    voucher_name: str
    date_from: dt.date | None
    min_value: Decimal | None
    branch_id: int | None
    sku_id: int | None
    credits_points: int
    member_id: int | None
    member_code: str
    member_name: str
    suspended: bool
    timezone: str
    branch_active: bool
    sku_known: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a code, and what the log and the event say about it."""

    status: str
    action: str
    at: dt.datetime
    event: emit.NewEvent
    reserved_until: dt.datetime | None = None
    reservation: str = ""
    redeemed_at: dt.datetime | None = None
    redeemed_branch_id: int | None = None
    redeemed_value: Decimal | None = None
    branch_id: int | None = None
    staff_id: int | None = None
    sale_value: Decimal | None = None
    text: str = ""


_READ = """
SELECT c.id, c.business_id, c.code, c.version, c.status, c.value, c.value_type, c.expires_on,
       c.reserved_until, c.reservation, c.redeemed_at, c.credit_id, v.id, v.code, v.name, v.date_from,
       v.min_value, v.branch_id, v.sku_id, v.can_be_redeemed_for_points, m.id, m.code, m.name, m.suspended,
       b.timezone, br.is_active, s.id
FROM vouchers_vouchercode c
JOIN vouchers_voucher v ON v.id = c.voucher_id
JOIN tenants_business b ON b.id = c.business_id
LEFT JOIN members_member m ON m.id = c.member_id
LEFT JOIN tenants_branch br ON br.id = %s AND br.business_id = c.business_id
LEFT JOIN catalog_sku s ON s.id = %s AND s.business_id = c.business_id
WHERE c.business_id = %s AND UPPER(c.code) = UPPER(CAST(%s AS text))"""
_LOCKED = f"{_READ} FOR UPDATE OF c"


def read(
    *,
    business_id: int,
    code: str,
    branch_id: int | None = None,
    sku_id: int | None = None,
    lock: bool = False,
) -> CodeState:
    """A voucher code of a business, whatever the case. `branch_id` and `sku_id` are looked up on the way.

    Raises:
        NotFound: the business has no such voucher code.
    """
    sql = _LOCKED if lock and db.is_postgresql() else _READ
    rows = db.run(sql, (branch_id, sku_id, business_id, code)) if "\0" not in code else []
    if not rows:
        raise NotFound(f"There is no voucher code {code[:50]}.", fields={"voucher_code": "is unknown"})
    row = rows[0]
    return CodeState(
        id=row[0],
        business_id=row[1],
        code=row[2],
        version=row[3],
        status=row[4],
        value=_money(row[5]),
        value_type=row[6],
        expires_on=row[7] and db.to_date(row[7]),
        reserved_until=row[8] and db.to_moment(row[8]),
        reservation=row[9],
        redeemed_at=row[10] and db.to_moment(row[10]),
        credit_id=row[11],
        voucher_id=row[12],
        voucher_code=row[13],
        voucher_name=row[14],
        date_from=row[15] and db.to_date(row[15]),
        min_value=None if row[16] is None else _money(row[16]),
        branch_id=row[17],
        sku_id=row[18],
        credits_points=row[19],
        member_id=row[20],
        member_code=row[21] or "",
        member_name=row[22] or "",
        suspended=bool(row[23]),
        timezone=row[24],
        branch_active=bool(row[25]),
        sku_known=row[26] is not None,
    )


def _money(value: Any) -> Decimal:
    # SQLite has no decimals: it gives whole numbers and floats, which hold fourteen digits exactly.
    return Decimal(str(value)).quantize(rules.CENT)


_UPDATE = """
UPDATE vouchers_vouchercode SET status = %s, reserved_until = {moment}, reservation = %s,
    redeemed_at = {moment}, redeemed_branch_id = {number}, redeemed_value = {money},
    version = version + 1, modified_at = {moment}
WHERE id = %s AND version = %s RETURNING id"""
_LOG = """
INSERT INTO vouchers_voucherlog
    (business_id, voucher_code_id, action, at, branch_id, staff_id, sale_value, text)"""
_SQLITE_UPDATE = _UPDATE.format(moment="%s", number="%s", money="%s")
_SQLITE_LOG = f"{_LOG} VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"


@cache
def _pg_statement() -> str:
    update = _UPDATE.format(moment="%s::timestamptz", number="%s::bigint", money="%s::numeric")
    log = (
        f"{_LOG} SELECT %s::bigint, changed.id, %s, %s::timestamptz, %s::bigint, %s::bigint, %s::numeric, %s "
        "FROM changed"
    )
    return (
        f"WITH changed AS ({update}), log AS ({log}), {emit.event_cte(1, follows='changed')} "
        "SELECT id FROM changed"
    )


def change(state: CodeState, to: Change) -> bool:
    """Change a code's state, with log and event; False when somebody changed it since it was read."""
    update = [
        to.status,
        to.reserved_until and db.moment(to.reserved_until),
        to.reservation,
        to.redeemed_at and db.moment(to.redeemed_at),
        to.redeemed_branch_id,
        _amount(to.redeemed_value),
        db.moment(to.at),
        state.id,
        state.version,
    ]
    about = [to.branch_id, to.staff_id, to.sale_value, to.text]
    if db.is_postgresql():
        log = [state.business_id, to.action, db.moment(to.at), *about]
        return bool(db.run(_pg_statement(), update + log + emit.event_params(state.business_id, [to.event])))
    about[2] = _amount(to.sale_value)
    with transaction.atomic(savepoint=False):
        if not db.run(_SQLITE_UPDATE, update):
            return False
        db.run(_SQLITE_LOG, [state.business_id, state.id, to.action, db.moment(to.at), *about])
        emit.emit(business_id=state.business_id, events=[to.event])
        return True


def _amount(value: Decimal | None) -> Any:
    """An amount of money as a parameter: SQLite's driver knows no decimals."""
    return value if value is None or db.is_postgresql() else str(value)


Decide = Callable[[CodeState], Change]


def settle(decide: Decide, **which: Any) -> tuple[CodeState, Change]:
    """Read a code, let `decide` say what becomes of it, change it; again when somebody was quicker.

    `which` goes to `read`. `decide` may refuse by raising.

    Raises:
        NotFound: the business has no such voucher code.
    """
    for _ in range(_FREE_TRIES):
        state = read(**which)
        wanted = decide(state)
        if change(state, wanted):
            return state, wanted
    with transaction.atomic():
        state = read(**which, lock=True)
        wanted = decide(state)
        if not change(state, wanted):
            raise RuntimeError("a locked voucher code changed under its lock")
        return state, wanted
