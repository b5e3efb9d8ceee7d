"""Triggers that tell what becomes of sales and vouchers; and the new totals of what there is already."""

import json
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_CHANGE = """INSERT INTO analytics_change (business_id, at, branch_key, staff_key, sales, amount,
    vouchers_issued, vouchers_redeemed, vouchers_value, erased) SELECT"""
_SALE = (
    _CHANGE + " {row}.business_id, {row}.occurred_at, COALESCE({row}.branch_id, 0), "
    "COALESCE({row}.staff_id, 0), {sign}, {sign} * {cents}, 0, 0, 0, {erased}"
)
_ISSUED = _CHANGE + " {row}.business_id, {row}.created_at, 0, 0, 0, 0, {sign}, 0, 0, {erased}"
_REDEEMED = (
    _CHANGE + " {row}.business_id, {row}.redeemed_at, COALESCE({row}.redeemed_branch_id, 0), 0, 0, 0, 0, "
    "{sign}, {sign} * {cents}, {erased}"
)
_WAS_REDEEMED = "{row}.redeemed_at IS NOT NULL"
_ERASING = "EXISTS (SELECT 1 FROM analytics_erasing)"
# (table, effect, its amount, the columns that it depends on, the condition that there is one)
_EFFECTS = (
    (
        "sales_sale", "sale", _SALE, "total_value",
        ("occurred_at", "total_value", "branch_id"), "TRUE",
    ),
    ("vouchers_vouchercode", "issued", _ISSUED, "", ("created_at",), "TRUE"),
    (
        "vouchers_vouchercode", "redeemed", _REDEEMED, "redeemed_value",
        ("redeemed_at", "redeemed_branch_id", "redeemed_value"), _WAS_REDEEMED,
    ),
)  # fmt: skip


def _effect(
    made: str, amount: str, condition: str, *, row: str, sign: int, erased: bool = False, postgresql: bool
) -> str:
    cents = f"COALESCE({row}.{amount}, 0) * 100" if amount else "0"
    cents = f"({cents})::bigint" if postgresql else f"CAST(ROUND({cents}) AS INTEGER)"
    said = made.format(row=row, sign=sign, cents=cents, erased="TRUE" if erased else "FALSE")
    return f"{said} WHERE {condition.format(row=row)}"


def _statements(made: str, amount: str, condition: str, event: str, *, postgresql: bool) -> list[str]:
    """What a trigger does: what was is taken away, what is now is added."""
    old = _effect(made, amount, condition, row="OLD", sign=-1, postgresql=postgresql)
    new = _effect(made, amount, condition, row="NEW", sign=1, postgresql=postgresql)
    if event == "INSERT":
        return [new]
    if event == "UPDATE":
        return [old, new]
    kept = _effect(made, amount, condition, row="OLD", sign=1, erased=True, postgresql=postgresql)
    return [f"{old} AND NOT {_ERASING}", f"{kept} AND {_ERASING}"]


def _triggers(*, postgresql: bool) -> list[str]:
    made = []
    for table, name, effect, amount, columns, condition in _EFFECTS:
        for event in ("INSERT", "UPDATE", "DELETE"):
            body = ";\n".join(_statements(effect, amount, condition, event, postgresql=postgresql))
            which = f"analytics_{name}_{event.lower()}"
            differ = "IS DISTINCT FROM" if postgresql else "IS NOT"
            when = " OR ".join(f"OLD.{column} {differ} NEW.{column}" for column in columns)
            if table == "sales_sale":  # whoever leaves the team keeps their figures
                when += f" OR (NEW.staff_id IS NOT NULL AND OLD.staff_id {differ} NEW.staff_id)"
            named = (*columns, "staff_id") if table == "sales_sale" else columns
            of = f" OF {', '.join(named)}" if event == "UPDATE" else ""
            when = f" WHEN ({when})" if event == "UPDATE" else ""
            head = f"CREATE TRIGGER {which} AFTER {event}{of} ON {table} FOR EACH ROW{when}"
            if postgresql:
                made.append(
                    f"CREATE FUNCTION {which}() RETURNS trigger LANGUAGE plpgsql AS "
                    f"$$ BEGIN {body}; RETURN NULL; END $$"
                )
                made.append(f"{head} EXECUTE FUNCTION {which}()")
            else:
                made.append(f"{head} BEGIN {body}; END")
    return made


def _drops(*, postgresql: bool) -> list[str]:
    names = [
        (table, f"analytics_{name}_{event}")
        for table, name, *_ in _EFFECTS
        for event in ("insert", "update", "delete")
    ]
    if postgresql:
        return [f"DROP TRIGGER {name} ON {table}" for table, name in names] + [
            f"DROP FUNCTION {name}()" for _, name in names
        ]
    return [f"DROP TRIGGER {name}" for _, name in names]


# An entry, the one that tells when and where it was done (an undo's is the one that it takes back), the day
# on which its member joined, and the business.
_ENTRIES = """
FROM ledger_entry e
JOIN ledger_entry o ON o.id = COALESCE(e.reverses_id, e.id)
JOIN (SELECT card_id, MIN(day) AS day FROM ledger_entry WHERE kind = 'enrol' GROUP BY card_id) j
    ON j.card_id = e.card_id
JOIN tenants_business b ON b.id = e.business_id
WHERE {rolled}"""
_POINTS_EXPIRED = """
UPDATE {table} SET points_expired = x.points FROM (
    SELECT business_id{columns}, SUM(-points) AS points FROM ledger_entry e
    WHERE kind = 'points_expire' AND {rolled} GROUP BY business_id{by}) x
WHERE {table}.business_id = x.business_id{same}"""
_HOURS = f"""
INSERT INTO analytics_hourtotal (business_id, branch_key, day, hour, visits, came_back)
SELECT e.business_id, COALESCE(o.branch_id, 0), o.day, {{hour}}, SUM(e.visits),
       SUM(CASE WHEN o.day > j.day THEN e.visits ELSE 0 END)
{_ENTRIES} AND e.visits <> 0
GROUP BY e.business_id, COALESCE(o.branch_id, 0), o.day, {{hour}}"""
_STAFF = f"""
INSERT INTO analytics_stafftotal
    (business_id, branch_key, staff_key, day, stamps, visits, rewards_redeemed, points_earned)
SELECT e.business_id, COALESCE(o.branch_id, 0), COALESCE(o.staff_id, 0), o.day, SUM(e.stamps), SUM(e.visits),
       SUM(CASE WHEN e.kind IN ('reward_redeem', 'reward_undo') THEN -e.rewards ELSE 0 END),
       SUM(CASE WHEN e.kind IN ('points_earn', 'points_reverse') THEN e.points ELSE 0 END)
{_ENTRIES} AND e.kind <> 'enrol'
GROUP BY e.business_id, COALESCE(o.branch_id, 0), COALESCE(o.staff_id, 0), o.day"""
_MONTHS = f"""
INSERT INTO analytics_membermonth (business_id, member_id, month, visits)
SELECT e.business_id, e.card_id, {{month}}, SUM(e.visits)
{_ENTRIES} AND e.visits <> 0
GROUP BY e.business_id, e.card_id, {{month}}"""
_COHORTS = """
INSERT INTO analytics_cohort (business_id, joined, month, members)
SELECT m.business_id, {joined}, m.month, COUNT(*) FROM analytics_membermonth m
JOIN (SELECT card_id, MIN(day) AS day FROM ledger_entry WHERE kind = 'enrol' GROUP BY card_id) j
    ON j.card_id = m.member_id
WHERE m.visits > 0 GROUP BY m.business_id, {joined}, m.month"""
_VISIT_COUNTS = """
INSERT INTO analytics_visitcount (business_id, visits, members)
SELECT business_id, visits, COUNT(*) FROM analytics_lastseen WHERE branch_key = 0 AND visits > 0
GROUP BY business_id, visits"""
_DUE = "COALESCE(l.expires_on, {never})"
# What is there now, without what entries did that are not rolled up yet.
_POINTS_DUE = f"""
INSERT INTO analytics_pointsdue (business_id, expires_on, points)
SELECT business_id, due, SUM(points) FROM (
    SELECT l.business_id, {_DUE} AS due, l.remaining AS points FROM ledger_lot l WHERE l.remaining > 0
    UNION ALL
    SELECT l.business_id, {_DUE}, -(l.remaining + COALESCE(
        (SELECT SUM(u.points) FROM ledger_lotuse u WHERE u.lot_id = l.id), 0))
    FROM ledger_lot l JOIN ledger_entry e ON e.id = l.entry_id WHERE NOT ({{rolled}})
    UNION ALL
    SELECT l.business_id, {_DUE}, u.points FROM ledger_lotuse u
    JOIN ledger_lot l ON l.id = u.lot_id JOIN ledger_entry e ON e.id = u.entry_id WHERE NOT ({{rolled}})) d
GROUP BY business_id, due HAVING SUM(points) <> 0"""
# One change for each day, to be added like any other.
_TRADE = (
    """
INSERT INTO analytics_change (business_id, at, branch_key, staff_key, sales, amount, vouchers_issued,
    vouchers_redeemed, vouchers_value, erased)
SELECT s.business_id, MIN(s.occurred_at), COALESCE(s.branch_id, 0), COALESCE(s.staff_id, 0), COUNT(*),
       {amount}, 0, 0, 0, FALSE
FROM sales_sale s JOIN tenants_business b ON b.id = s.business_id
GROUP BY s.business_id, COALESCE(s.branch_id, 0), COALESCE(s.staff_id, 0), {s_day}""",
    """
INSERT INTO analytics_change (business_id, at, branch_key, staff_key, sales, amount, vouchers_issued,
    vouchers_redeemed, vouchers_value, erased)
SELECT c.business_id, MIN(c.created_at), 0, 0, 0, 0, COUNT(*), 0, 0, FALSE
FROM vouchers_vouchercode c JOIN tenants_business b ON b.id = c.business_id
GROUP BY c.business_id, {c_day}""",
    """
INSERT INTO analytics_change (business_id, at, branch_key, staff_key, sales, amount, vouchers_issued,
    vouchers_redeemed, vouchers_value, erased)
SELECT c.business_id, MIN(c.redeemed_at), COALESCE(c.redeemed_branch_id, 0), 0, 0, 0, 0, COUNT(*), {value},
       FALSE
FROM vouchers_vouchercode c JOIN tenants_business b ON b.id = c.business_id WHERE c.redeemed_at IS NOT NULL
GROUP BY c.business_id, COALESCE(c.redeemed_branch_id, 0), {r_day}""",
)


def _words(*, postgresql: bool) -> dict[str, str]:
    """What the two databases call the same things."""
    if postgresql:
        there = "({} AT TIME ZONE b.timezone)"
        day, cents, month = (
            f"{there}::date",
            "COALESCE(SUM({}) * 100, 0)::bigint",
            "date_trunc('month', {})::date",
        )
        hour, never = f"EXTRACT(hour FROM {there})::int", "DATE '9999-12-31'"
    else:
        day = "django_datetime_cast_date({}, b.timezone, 'UTC')"
        cents, month = "COALESCE(SUM(CAST(ROUND({} * 100) AS INTEGER)), 0)", "substr({}, 1, 7) || '-01'"
        hour, never = "django_datetime_extract('hour', {}, b.timezone, 'UTC')", "'9999-12-31'"
    return {
        "hour": hour.format("o.occurred_at"),
        "month": month.format("o.day"),
        "joined": month.format("j.day"),
        "never": never,
        "s_day": day.format("s.occurred_at"),
        "c_day": day.format("c.created_at"),
        "r_day": day.format("c.redeemed_at"),
        "amount": cents.format("s.total_value"),
        "value": cents.format("c.redeemed_value"),
    }


def _forwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    connection = schema_editor.connection
    postgresql = connection.vendor == "postgresql"
    words = _words(postgresql=postgresql)
    lock = " FOR UPDATE" if postgresql else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT entry_id, gaps FROM analytics_watermark{lock}")
        row: tuple[int, Any] = cursor.fetchone() or (0, [])
        gaps = json.loads(row[1]) if isinstance(row[1], str) else row[1]
        rolled = f"e.id <= {int(row[0])}" + "".join(
            f" AND e.id NOT BETWEEN {int(first)} AND {int(last)}" for first, last, *_ in gaps
        )
        at_branch = "COALESCE(branch_id, 0)"
        days = {
            "columns": f", day, {at_branch} AS branch_key",
            "by": f", day, {at_branch}",
            "same": " AND analytics_daytotal.day = x.day AND analytics_daytotal.branch_key = x.branch_key",
        }
        for statement in (
            _POINTS_EXPIRED.format(table="analytics_daytotal", rolled=rolled, **days),
            _POINTS_EXPIRED.format(table="analytics_total", rolled=rolled, columns="", by="", same=""),
            *(one.format(rolled=rolled, **words) for one in (_HOURS, _STAFF, _MONTHS, _COHORTS)),
            _VISIT_COUNTS,
            _POINTS_DUE.format(rolled=rolled, never=words["never"]),
            *_triggers(postgresql=postgresql),
            *(one.format(**words) for one in _TRADE),
        ):
            cursor.execute(statement)


def _backwards(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in _drops(postgresql=schema_editor.connection.vendor == "postgresql"):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0004_back_office"),
        ("ledger", "0004_undo"),
        ("sales", "0001_initial"),
        ("vouchers", "0003_figures"),
    ]

    operations = [migrations.RunPython(_forwards, _backwards)]
