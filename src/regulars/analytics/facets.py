"""What entries say beyond their sums: at which hour, by whose hand, who came back, what expires when."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from regulars import db
from regulars.analytics.facet_models import NEVER, HourTotal, StaffTotal
from regulars.analytics.models import Sums
from regulars.analytics.tail import Line

HourKey = tuple[int, dt.date, int, int]  # business, day, branch, hour
StaffKey = tuple[int, dt.date, int, int]  # business, day, branch, staff
MonthKey = tuple[int, int, dt.date]  # business, member, month
CohortKey = tuple[int, dt.date, dt.date]  # business, month of joining, month


def _zeros(number: int) -> Callable[[], list[int]]:
    return lambda: [0] * number


@dataclass(slots=True)
class Facets:
    """Sums over some lines. `joined` is the day on which each member of `months` joined."""

    hours: dict[HourKey, list[int]] = field(
        default_factory=lambda: defaultdict(_zeros(len(HourTotal.COLUMNS)))
    )
    staff: dict[StaffKey, list[int]] = field(
        default_factory=lambda: defaultdict(_zeros(len(StaffTotal.LEDGER)))
    )
    months: dict[MonthKey, int] = field(default_factory=lambda: defaultdict(int))
    due: dict[tuple[int, dt.date], int] = field(default_factory=lambda: defaultdict(int))
    joined: dict[int, dt.date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Origin:
    """When, where and by whom something was done. What is undone is taken away there."""

    day: dt.date
    at: dt.datetime
    branch_key: int
    staff_key: int


def first_of_month(day: dt.date) -> dt.date:
    """The first day of a day's calendar month."""
    return day.replace(day=1)


def add_up(lines: Sequence[Line]) -> Facets:
    """The facets of some lines. What they need beside the lines is read in a few statements."""
    result = Facets()
    if not lines:
        return result
    origins = _origins([line.reverses_id for line in lines if line.reverses_id is not None])
    known_zones = zones({line.business_id for line in lines})
    result.joined = joined_days({line.member_id for line in lines if line.visits})
    columns = [Sums.COLUMNS.index(column) for column in StaffTotal.LEDGER]
    for line in lines:
        own = _Origin(line.day, line.occurred_at, line.branch_key, line.staff_key)
        origin = own if line.reverses_id is None else origins.get(line.reverses_id, own)
        figures = line.figures()
        done = [figures[index] for index in columns]
        if any(done):
            _plus(result.staff[line.business_id, origin.day, origin.branch_key, origin.staff_key], done)
        if not line.visits:
            continue
        hour = origin.at.astimezone(known_zones[line.business_id]).hour
        came_back = line.visits if origin.day > result.joined[line.member_id] else 0
        _plus(result.hours[line.business_id, origin.day, origin.branch_key, hour], (line.visits, came_back))
        result.months[line.business_id, line.member_id, first_of_month(origin.day)] += line.visits
    for business, day, points in _due([line.id for line in lines]):
        result.due[business, day] += points
    return result


def _plus(sums: list[int], more: Iterable[int]) -> None:
    for index, value in enumerate(more):
        sums[index] += value


def _origins(ids: Sequence[int]) -> dict[int, _Origin]:
    if not ids:
        return {}
    rows = db.run(
        f"SELECT id, day, occurred_at, branch_id, staff_id FROM ledger_entry WHERE {db.any_of('id')}",
        (db.numbers(ids),),
    )
    return {
        entry: _Origin(db.to_date(day), db.to_moment(at), branch or 0, staff or 0)
        for entry, day, at, branch, staff in rows
    }


def zones(businesses: set[int]) -> dict[int, ZoneInfo]:
    """The time zones of businesses."""
    rows = db.run(
        f"SELECT id, timezone FROM tenants_business WHERE {db.any_of('id')}",
        (db.numbers(sorted(businesses)),),
    )
    return {business: ZoneInfo(zone) for business, zone in rows}


# A card's first entry is its enrolment.
_FIRST = "(SELECT e.day FROM ledger_entry e WHERE e.card_id = {card} ORDER BY e.id LIMIT 1)"
_PG_JOINED = f"SELECT c, {_FIRST.format(card='c')} FROM unnest(%s::bigint[]) c"
_SQLITE_JOINED = f"SELECT c.value, {_FIRST.format(card='c.value')} FROM json_each(%s) c"


def joined_days(members: set[int]) -> dict[int, dt.date]:
    """The business day on which each of these members joined."""
    if not members:
        return {}
    sql = _PG_JOINED if db.is_postgresql() else _SQLITE_JOINED
    return {member: db.to_date(day) for member, day in db.run(sql, (db.numbers(sorted(members)),))}


# What a lot began with is what is left of it and what was taken from it, at any moment.
_DUE = """
SELECT l.business_id, l.expires_on,
       l.remaining + COALESCE((SELECT SUM(u.points) FROM ledger_lotuse u WHERE u.lot_id = l.id), 0)
FROM ledger_lot l WHERE {lots}
UNION ALL
SELECT l.business_id, l.expires_on, -u.points
FROM ledger_lotuse u JOIN ledger_lot l ON l.id = u.lot_id WHERE {uses}"""


def _due(entries: Sequence[int]) -> list[tuple[int, dt.date, int]]:
    """How entries changed what members can spend, by the day on which it expires."""
    sql = _DUE.format(lots=db.any_of("l.entry_id"), uses=db.any_of("u.entry_id"))
    ids = db.numbers(entries)
    return [
        (business, NEVER if day is None else db.to_date(day), int(points))
        for business, day, points in db.run(sql, (ids, ids))
    ]


_KNOWN = "SELECT member_id, month, visits FROM analytics_membermonth WHERE {of} AND month >= %s"
_AT_ONCE = 10_000


def known_months(facets: Facets) -> dict[tuple[int, dt.date], int]:
    """How often the members of the facets came in months that the facets are about, as far as rolled up."""
    if not facets.months:
        return {}
    members = sorted({member for _, member, _ in facets.months})
    since = min(month for _, _, month in facets.months)
    found: dict[tuple[int, dt.date], int] = {}
    for start in range(0, len(members), _AT_ONCE):
        some = db.numbers(members[start : start + _AT_ONCE])
        rows = db.run(_KNOWN.format(of=db.any_of("member_id")), (some, db.calendar_day(since)))
        found |= {(member, db.to_date(month)): visits for member, month, visits in rows}
    return found


def cohort_moves(facets: Facets) -> dict[CohortKey, int]:
    """How many members more came in a month, by the month in which they joined."""
    known, moves = known_months(facets), dict[CohortKey, int]()
    for (business, member, month), visits in facets.months.items():
        before = known.get((member, month), 0)
        move = int(before + visits > 0) - int(before > 0)
        if move:
            key = (business, first_of_month(facets.joined[member]), month)
            moves[key] = moves.get(key, 0) + move
    return moves


def upsert(table: str, keys: Sequence[str], columns: Sequence[str]) -> str:
    """The statement that adds to a row of totals, or makes it."""
    marks = ", ".join(["%s"] * (len(keys) + len(columns)))
    plus = ", ".join(f"{column} = {table}.{column} + excluded.{column}" for column in columns)
    return (
        f"INSERT INTO {table} ({', '.join([*keys, *columns])}) VALUES ({marks}) "
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {plus}"
    )


_HOUR = upsert("analytics_hourtotal", ("business_id", "day", "branch_key", "hour"), HourTotal.COLUMNS)
_STAFF = upsert("analytics_stafftotal", ("business_id", "day", "branch_key", "staff_key"), StaffTotal.LEDGER)
_MONTH = (
    "INSERT INTO analytics_membermonth (business_id, member_id, month, visits) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (member_id, month) DO UPDATE SET visits = analytics_membermonth.visits + excluded.visits"
)
COHORT = upsert("analytics_cohort", ("business_id", "joined", "month"), ("members",))
_POINTS_DUE = upsert("analytics_pointsdue", ("business_id", "expires_on"), ("points",))


def write(facets: Facets, many: Callable[[str, Iterable[Sequence[Any]]], None]) -> None:
    """Add facets to the totals, in the order of their keys. Within the transaction of the roll-up."""
    day = db.calendar_day
    many(_HOUR, ((key[0], day(key[1]), *key[2:], *sums) for key, sums in sorted(facets.hours.items())))
    many(_STAFF, ((key[0], day(key[1]), *key[2:], *sums) for key, sums in sorted(facets.staff.items())))
    moves = sorted(cohort_moves(facets).items())
    many(_MONTH, ((*key[:2], day(key[2]), visits) for key, visits in sorted(facets.months.items())))
    many(COHORT, ((key[0], day(key[1]), day(key[2]), number) for key, number in moves))
    due = sorted(facets.due.items())
    many(_POINTS_DUE, ((key[0], day(key[1]), points) for key, points in due if points))


def forget(*, business_id: int, member_id: int, many: Callable[[str, Iterable[Sequence[Any]]], None]) -> None:
    """Take a member who is erased out of what is about people. Their entries are rolled up already.

    The months in which members of a cohort came stay counted; what nobody can spend any more does not.
    """
    rows = db.run(
        "SELECT l.expires_on, SUM(l.remaining) FROM ledger_lot l WHERE l.card_id = %s AND l.remaining > 0 "
        "GROUP BY l.expires_on",
        (member_id,),
    )
    many(
        _POINTS_DUE,
        (
            (business_id, db.calendar_day(NEVER if on is None else db.to_date(on)), -int(points))
            for on, points in rows
        ),
    )
    db.run("DELETE FROM analytics_membermonth WHERE member_id = %s", (member_id,))
