"""Two members become one in the figures about people; other figures stay (docs/decisions/0022)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from regulars import db
from regulars.analytics import facets, rollup, tail
from regulars.analytics.facets import Facets, first_of_month

_MERGE_MONTHS = """
INSERT INTO analytics_membermonth (business_id, member_id, month, visits)
SELECT business_id, %s, month, visits FROM analytics_membermonth WHERE member_id = %s AND business_id = %s
ON CONFLICT (member_id, month) DO UPDATE SET visits = analytics_membermonth.visits + excluded.visits"""
_MERGE_SEEN = """
INSERT INTO analytics_lastseen (business_id, member_id, branch_key, day, visits)
SELECT business_id, %s, branch_key, day, visits FROM analytics_lastseen
WHERE member_id = %s AND business_id = %s
ON CONFLICT (member_id, branch_key) DO UPDATE SET visits = analytics_lastseen.visits + excluded.visits,
    day = CASE WHEN excluded.day > analytics_lastseen.day THEN excluded.day ELSE analytics_lastseen.day END"""


def merge_members(*, business_id: int, member_id: int, into_id: int) -> None:
    """Count a member and the one they are merged into as one person from now on.

    Within the caller's transaction, before their entries move, with both cards locked. It is about entries
    that are rolled up; those in the tail are read as the kept member's by then.
    """
    reached, gaps = rollup.hold_watermark()
    lines = {
        member: tail.read_tail_of_member(member_id=member, watermark=0, gaps=[])
        for member in (member_id, into_id)
    }
    # As for `facets.joined_days`: somebody joined with their first entry.
    first = min(lines, key=lambda member: min(line.id for line in lines[member]))
    joined = facets.joined_days(set(lines))
    for member, own in lines.items():
        if joined[member] != joined[first]:
            _came_back([line for line in own if _is_rolled(line.id, reached, gaps)], first)
    _merge_months(business_id, member_id, into_id, joined, joined[first])
    _merge_seen(business_id, member_id, into_id)


def _is_rolled(entry_id: int, reached: int, gaps: Iterable[list[int]]) -> bool:
    return entry_id <= reached and not any(low <= entry_id <= high for low, high, _ in gaps)


def _came_back(rolled: list[tail.Line], first: int) -> None:
    """Visits on the day on which somebody seemed to join were those of a member who came back."""
    before = facets.add_up(rolled)
    after = facets.add_up([replace(line, member_id=first) for line in rolled])
    change = Facets()
    for key, sums in after.hours.items():
        less = before.hours[key]
        change.hours[key] = [one - other for one, other in zip(sums, less, strict=True)]
    facets.write(change, rollup.many)


def _merge_months(
    business_id: int, member_id: int, into_id: int, joined: dict[int, dt.date], since: dt.date
) -> None:
    moves: dict[tuple[int, dt.date, dt.date], int] = defaultdict(int)
    together: dict[dt.date, int] = defaultdict(int)
    rows = db.run(
        "SELECT member_id, month, visits FROM analytics_membermonth WHERE member_id IN (%s, %s)",
        (member_id, into_id),
    )
    for member, on, visits in rows:
        month = db.to_date(on)
        together[month] += visits
        if visits > 0:
            moves[business_id, first_of_month(joined[member]), month] -= 1
    for month, visits in together.items():
        if visits > 0:
            moves[business_id, first_of_month(since), month] += 1
    rollup.many(
        facets.COHORT,
        (
            (business, db.calendar_day(cohort), db.calendar_day(month), number)
            for (business, cohort, month), number in sorted(moves.items())
            if number
        ),
    )
    db.run(_MERGE_MONTHS, (into_id, member_id, business_id))
    db.run("DELETE FROM analytics_membermonth WHERE member_id = %s", (member_id,))


def _merge_seen(business_id: int, member_id: int, into_id: int) -> None:
    rows = db.run(
        "SELECT branch_key, day, visits FROM analytics_lastseen WHERE member_id IN (%s, %s) "
        "ORDER BY branch_key, day",
        (member_id, into_id),
    )
    seen: dict[int, list[tuple[dt.date, int]]] = defaultdict(list)
    for branch_key, day, visits in rows:
        seen[branch_key].append((db.to_date(day), visits))
    both = {branch_key: known for branch_key, known in seen.items() if len(known) > 1}
    # One of the two was last there on the earlier day, and is nobody of their own any more.
    rollup.add_seen_days({(business_id, branch_key, known[0][0]): -1 for branch_key, known in both.items()})
    if 0 in both:
        counts: dict[tuple[int, int], int] = defaultdict(int)
        times = [visits for _, visits in both[0]]
        for visits, number in ((times[0], -1), (times[1], -1), (sum(times), 1)):
            counts[business_id, visits] += number
        rollup.add_visit_counts(counts)
    db.run(_MERGE_SEEN, (into_id, member_id, business_id))
    db.run("DELETE FROM analytics_lastseen WHERE member_id = %s", (member_id,))
