"""The checks of the totals by hour, staff, month and expiry, and of sales and vouchers."""

from __future__ import annotations

from typing import Final

from regulars import db
from regulars.analytics.models import StaffTotal

# An entry, and the one that says where it counts: what is undone is taken away where it was done.
_ENTRIES = "FROM ledger_entry e JOIN ledger_entry o ON o.id = COALESCE(e.reverses_id, e.id) WHERE {rolled}"
# As `facets.joined_days` has it: the day of the first entry, which need not be the earliest one. Of two
# records that became one, the other may have joined later and, after a change of time zone, on an earlier
# day.
_JOINED = """(SELECT card_id, day FROM ledger_entry WHERE id IN (
    SELECT MIN(id) FROM ledger_entry WHERE kind = 'enrol' GROUP BY card_id))"""
_OF_STAFF: Final = {
    "stamps": "e.stamps",
    "visits": "e.visits",
    "rewards_redeemed": "CASE WHEN e.kind IN ('reward_redeem', 'reward_undo') THEN -e.rewards ELSE 0 END",
    "points_earned": "CASE WHEN e.kind IN ('points_earn', 'points_reverse') THEN e.points ELSE 0 END",
}
# Of members who were erased before these totals were kept, nobody knows on which day or by whose hand.
_ALL_TIME = f"""
SELECT b.id, NULL, COALESCE(t.total, 0), COALESCE(r.total, 0) FROM tenants_business b
LEFT JOIN (SELECT business_id, SUM({{column}}) AS total FROM {{table}} GROUP BY business_id) t
    ON t.business_id = b.id
LEFT JOIN (SELECT e.business_id, SUM({{of}}) AS total {_ENTRIES} GROUP BY e.business_id) r
    ON r.business_id = b.id
LEFT JOIN analytics_erased x ON x.business_id = b.id
WHERE ABS(COALESCE(t.total, 0) - COALESCE(r.total, 0)) > ABS(COALESCE(x.{{column}}, 0))"""
_BY_DAY = f"""
SELECT business_id, NULL, SUM(stored), SUM(total) FROM (
    SELECT business_id, branch_key, day, {{column}} AS stored, 0 AS total FROM {{table}}
    UNION ALL
    SELECT e.business_id, COALESCE(o.branch_id, 0), o.day, 0, {{of}} {_ENTRIES}) d
GROUP BY business_id, branch_key, day HAVING SUM(stored) < SUM(total)"""
_MONTHS = f"""
SELECT business_id, member_id, SUM(stored), SUM(total) FROM (
    SELECT business_id, member_id, month, visits AS stored, 0 AS total FROM analytics_membermonth
    UNION ALL
    SELECT e.business_id, e.card_id, {{month}}, 0, e.visits {_ENTRIES} AND e.visits <> 0) d
GROUP BY business_id, member_id, month HAVING SUM(stored) <> SUM(total)"""
_COHORTS = f"""
SELECT business_id, NULL, SUM(stored), SUM(total) FROM (
    SELECT business_id, joined, month, members AS stored, 0 AS total FROM analytics_cohort
    UNION ALL
    SELECT m.business_id, {{joined}}, m.month, 0, 1 FROM analytics_membermonth m
    JOIN {_JOINED} j ON j.card_id = m.member_id WHERE m.visits > 0) d
GROUP BY business_id, joined, month HAVING SUM(stored) < SUM(total)"""
_COUNTS = """
SELECT business_id, NULL, SUM(stored), SUM(total) FROM (
    SELECT business_id, visits, members AS stored, 0 AS total FROM analytics_visitcount
    UNION ALL
    SELECT business_id, visits, 0, 1 FROM analytics_lastseen WHERE branch_key = 0 AND visits > 0) d
GROUP BY business_id, visits HAVING SUM(stored) <> SUM(total)"""
_DUE = "COALESCE(l.expires_on, {never})"
_POINTS = f"""
SELECT business_id, NULL, SUM(stored), SUM(total) FROM (
    SELECT business_id, expires_on, points AS stored, 0 AS total FROM analytics_pointsdue
    UNION ALL
    SELECT l.business_id, {_DUE}, 0, l.remaining FROM ledger_lot l WHERE l.remaining > 0
    UNION ALL
    SELECT l.business_id, {_DUE}, l.remaining + COALESCE(
        (SELECT SUM(u.points) FROM ledger_lotuse u WHERE u.lot_id = l.id), 0), 0
    FROM ledger_lot l JOIN ledger_entry e ON e.id = l.entry_id WHERE NOT ({{rolled}})
    UNION ALL
    SELECT l.business_id, {_DUE}, -u.points, 0 FROM ledger_lotuse u
    JOIN ledger_lot l ON l.id = u.lot_id JOIN ledger_entry e ON e.id = u.entry_id WHERE NOT ({{rolled}})) d
GROUP BY business_id, expires_on HAVING SUM(stored) <> SUM(total)"""
_OF_TRADE: Final = {
    "sales": "SELECT business_id, 1 AS total FROM sales_sale",
    "amount": "SELECT business_id, {cents} AS total FROM sales_sale",
    "vouchers_issued": "SELECT business_id, 1 AS total FROM vouchers_vouchercode",
    "vouchers_redeemed": (
        "SELECT business_id, 1 AS total FROM vouchers_vouchercode WHERE redeemed_at IS NOT NULL"
    ),
    "vouchers_value": (
        "SELECT business_id, {cents} AS total FROM vouchers_vouchercode WHERE redeemed_at IS NOT NULL"
    ),
}
_MONEY: Final = {"amount": "total_value", "vouchers_value": "COALESCE(redeemed_value, 0)"}
_TRADE = """
SELECT business_id, NULL, SUM(stored), SUM(total) FROM (
    SELECT business_id, {column} AS stored, 0 AS total FROM analytics_stafftotal
    UNION ALL
    SELECT business_id, CASE WHEN erased THEN 0 ELSE {column} END, CASE WHEN erased THEN {column} ELSE 0 END
    FROM analytics_change
    UNION ALL
    SELECT business_id, 0, {column} FROM analytics_erased
    UNION ALL
    SELECT business_id, 0, total FROM ({of}) o) d
GROUP BY business_id HAVING SUM(stored) <> SUM(total)"""


def checks(is_rolled: str) -> dict[str, str]:
    """Each check finds rows of (business, member or NULL, stored, computed) that differ."""
    rolled = is_rolled.format(entry="e")
    postgresql = db.is_postgresql()
    month = "date_trunc('month', {})::date" if postgresql else "substr({}, 1, 7) || '-01'"
    never = "DATE '9999-12-31'" if postgresql else "'9999-12-31'"
    cents = "({} * 100)::bigint" if postgresql else "CAST(ROUND({} * 100) AS INTEGER)"
    found = {
        "figures: visits by hour": _ALL_TIME.format(
            table="analytics_hourtotal", column="visits", of="e.visits", rolled=rolled
        ),
        "figures: hours of a day": _BY_DAY.format(
            table="analytics_hourtotal", column="visits", of="e.visits", rolled=rolled
        ),
        "figures: months of a member": _MONTHS.format(month=month.format("o.day"), rolled=rolled),
        "figures: members who came back": _COHORTS.format(joined=month.format("j.day")),
        "figures: members by visits": _COUNTS,
        "figures: points by expiry": _POINTS.format(never=never, rolled=rolled),
    }
    for column, of in _OF_STAFF.items():
        found[f"figures: {column} by staff"] = _ALL_TIME.format(
            table="analytics_stafftotal", column=column, of=of, rolled=rolled
        )
    for column in StaffTotal.TRADE:
        of = _OF_TRADE[column].format(cents=cents.format(_MONEY.get(column, "0")))
        found[f"figures: {column}"] = _TRADE.format(column=column, of=of)
    return found
