"""The hand-written statements of a sale's way: what it depends on, what could give it points, its rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from regulars import db
from regulars.rules.errors import Conflict, NotFound
from regulars.rules.promotions import Promotion, Share
from regulars.tenants import numbers


@dataclass(frozen=True, slots=True)
class Context:
    """What a sale depends on beside what was given. `next_id` is free for a new sale, and so is `number` for
    its code, where one was drawn.
    """

    suspended: bool
    group_id: int | None
    timezone: str
    cap: int | None
    branch_active: bool
    category_id: int | None
    archived: bool
    next_id: int
    number: int | None


_CONTEXT = """
SELECT m.suspended, m.group_id, b.timezone, b.points_per_sale_cap, br.id AS branch_id, br.is_active,
       k.id AS sku_id, k.category_id, k.archived, {next_id} AS next_id,
       {number} AS number
FROM members_member m
JOIN tenants_business b ON b.id = m.business_id
LEFT JOIN tenants_branch br ON br.id = %s AND br.business_id = m.business_id
LEFT JOIN catalog_sku k ON k.id = %s AND k.business_id = m.business_id
WHERE m.id = %s AND m.business_id = %s{lock}"""
_KEEP = " FOR KEY SHARE OF m"
_NEXT_ID = "nextval(pg_get_serial_sequence('sales_sale', 'id'))"
_PG_NEW = _CONTEXT.format(next_id=_NEXT_ID, number="NULL", lock=_KEEP)
_NUMBER = "(SELECT number FROM drawn)"
_PG_NUMBERED = (
    f"WITH drawn AS ({numbers.DRAW}){_CONTEXT.format(next_id=_NEXT_ID, number=_NUMBER, lock=_KEEP)}"
)
_PG_CHANGED = _CONTEXT.format(next_id="0", number="NULL", lock="")
_SQLITE = _CONTEXT.format(
    next_id="COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'sales_sale'), 0) + 1",
    number="NULL",
    lock="",
)


def read_context(
    *,
    business_id: int,
    member_id: int,
    branch_id: int | None,
    sku_id: int | None,
    new: bool = True,
    letter: str = "",
) -> Context:
    """What a sale of this member depends on. Within the caller's transaction.

    For a `new` sale the member stays locked against erasure until the transaction ends; other sales of theirs
    may go on. A sale that is there already, and locked, is lock enough: an erasure waits for it. With the
    `letter` of codes a number for one may be drawn on the way.

    Raises:
        NotFound: the business has no such member, branch or SKU.
    """
    sql = (_PG_NEW if new else _PG_CHANGED) if db.is_postgresql() else _SQLITE
    params: list[Any] = [branch_id, sku_id, member_id, business_id]
    if letter and db.is_postgresql():
        sql, params = _PG_NUMBERED, [*numbers.draw_params(business_id, letter), *params]
    rows = db.run(sql, params)
    if not rows:
        raise _no_member(member_id)
    suspended, group, zone, cap, branch, active, sku, category, archived, next_id, number = rows[0]
    if branch_id is not None and branch is None:
        raise NotFound(f"There is no branch {branch_id}.", fields={"branch_id": "is unknown"})
    if sku_id is not None and sku is None:
        raise NotFound(f"There is no SKU {sku_id}.", fields={"sku_id": "is unknown"})
    return Context(bool(suspended), group, zone, cap, bool(active), category, bool(archived), next_id, number)


def keep_member(*, business_id: int, member_id: int) -> None:
    """Lock a member against erasure until the transaction ends, before the sale that is to become theirs.

    Raises:
        NotFound: the business has no such member.
    """
    lock = " FOR KEY SHARE" if db.is_postgresql() else ""
    found = f"SELECT id FROM members_member WHERE id = %s AND business_id = %s{lock}"
    if not db.run(found, (member_id, business_id)):
        raise _no_member(member_id)


def check_staff(*, business_id: int, staff_id: int | None) -> None:
    """Refuse a member of staff whom the business does not have, with NotFound."""
    if staff_id is not None and not db.run(
        "SELECT id FROM tenants_staff WHERE id = %s AND business_id = %s", (staff_id, business_id)
    ):
        raise NotFound(f"There is no member of staff {staff_id}.", fields={"staff_id": "is unknown"})


def _no_member(member_id: int) -> NotFound:
    return NotFound(f"There is no customer {member_id}.", fields={"member_id": "is unknown"})


_PROMOTIONS = """
SELECT id, code, percent_of_spend, fixed_points_value, date_from, date_to, group_id, branch_id, sku_id,
       category_id
FROM promotions_promotion
WHERE business_id = %s AND (date_from IS NULL OR date_from <= %s) AND (date_to IS NULL OR date_to >= %s)"""
_PERCENT = Decimal("0.0001")  # the places of the column; SQLite keeps a decimal as a binary number


def live_promotions(*, business_id: int, day: dt.date) -> list[Promotion]:
    """The promotions of a day. Whether one of them fits a sale is for the rule to say."""
    param = db.calendar_day(day)
    return [
        Promotion(
            id=row[0],
            code=row[1],
            percent_of_spend=_percent(row[2]),
            fixed_points_value=row[3],
            date_from=row[4] and db.to_date(row[4]),
            date_to=row[5] and db.to_date(row[5]),
            group_id=row[6],
            branch_id=row[7],
            sku_id=row[8],
            category_id=row[9],
        )
        for row in db.run(_PROMOTIONS, (business_id, param, param))
    ]


def _percent(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value)).quantize(_PERCENT)


# In the order of the model, which the database fills up with when it was added and changed.
COLUMNS = (
    "id", "business_id", "code", "member_id", "total_value", "occurred_at", "transaction_ref", "sku_id",
    "notes", "qty", "ex_tax_amount", "tax_amount", "tax_type", "grand_total", "unit_price", "branch_id",
    "staff_id", "points",
)  # fmt: skip
STAMPS = ("created_at", "modified_at")
_SALE = (
    f"INSERT INTO sales_sale ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))}) "
    "ON CONFLICT DO NOTHING RETURNING id, created_at, modified_at"
)
_GIVEN_COLUMNS = "(business_id, sale_id, promotion_id, code, points)"
_PG_GIVEN = f"""
WITH sale AS ({_SALE}), given AS (
    INSERT INTO sales_salepromotion {_GIVEN_COLUMNS}
    SELECT %s, sale.id, g.promotion_id, g.code, g.points
    FROM sale, unnest(%s::bigint[], %s::text[], %s::bigint[]) AS g(promotion_id, code, points)
) SELECT id, created_at, modified_at FROM sale"""

Stamps = tuple[dt.datetime, dt.datetime]


def insert_sale(columns: Mapping[str, Any], shares: Sequence[Share]) -> Stamps | None:
    """Write a sale and what each promotion gave it; when it was added and changed last.

    None when its code is taken: then nothing was written.
    """
    params = [_param(columns[name]) for name in COLUMNS]
    business_id, sale_id = columns["business_id"], columns["id"]
    if db.is_postgresql() and shares:
        rows = db.run(_PG_GIVEN, [*params, business_id, *_arrays(shares)])
    else:
        rows = db.run(_SALE, params)
        if rows and shares:
            insert_shares(business_id=business_id, sale_id=sale_id, shares=shares)
    return (db.to_moment(rows[0][1]), db.to_moment(rows[0][2])) if rows else None


def insert_shares(*, business_id: int, sale_id: int, shares: Sequence[Share]) -> None:
    """Write what each promotion gave a sale. Within the caller's transaction."""
    row = ", ".join(["(%s, %s, %s, %s, %s)"] * len(shares))
    db.run(
        f"INSERT INTO sales_salepromotion {_GIVEN_COLUMNS} VALUES {row}",
        [
            value
            for share in shares
            for value in (business_id, sale_id, share.promotion_id, share.code, share.points)
        ],
    )


def _arrays(shares: Sequence[Share]) -> list[list[Any]]:
    return [
        [share.promotion_id for share in shares],
        [share.code for share in shares],
        [share.points for share in shares],
    ]


def _param(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return db.moment(value)
    if isinstance(value, Decimal) and not db.is_postgresql():
        return f"{value:f}"
    return value


def code_taken(code: str) -> Conflict:
    """The refusal of a code that another sale of the business has."""
    return Conflict(f"There is a sale with code {code} already.", fields={"code": "belongs to another sale"})


def erase(*, business_id: int, member_id: int) -> None:
    """Delete a member's sales. Within the caller's transaction.

    They are locked first: one that is being moved to another member just now either goes with all that
    belongs to it or stays with all of it.
    """
    mine = "SELECT id FROM sales_sale WHERE member_id = %s AND business_id = %s"
    which: Sequence[Any] = (member_id, business_id)
    if db.is_postgresql():
        which = ([row[0] for row in db.run(f"{mine} ORDER BY id FOR UPDATE", which)],)
        mine = "SELECT unnest(%s::bigint[])"
    db.run(f"DELETE FROM sales_salepromotion WHERE sale_id IN ({mine})", which)
    db.run(f"DELETE FROM sales_sale WHERE id IN ({mine})", which)


# What no constraint of the database says (rows as the audit wants them: member, business, stored, should be).
CHECKS = {
    "business of a sale": """
SELECT s.member_id, s.business_id, s.business_id, m.business_id FROM sales_sale s
JOIN members_member m ON m.id = s.member_id
LEFT JOIN tenants_branch br ON br.id = s.branch_id
LEFT JOIN catalog_sku k ON k.id = s.sku_id
WHERE m.business_id <> s.business_id OR br.business_id <> s.business_id OR k.business_id <> s.business_id""",
    # A cap may make a sale worth less than its promotions gave it, and never more.
    "promotions of a sale": """
SELECT s.member_id, s.business_id, s.points, COALESCE(g.total, 0) FROM sales_sale s
LEFT JOIN (SELECT sale_id, business_id, SUM(points) AS total FROM sales_salepromotion
           GROUP BY sale_id, business_id) g ON g.sale_id = s.id AND g.business_id = s.business_id
WHERE abs(s.points) > abs(COALESCE(g.total, 0)) OR s.points * COALESCE(g.total, 0) < 0""",
}
