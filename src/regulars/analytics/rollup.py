"""Moves entries from the tail into the totals, exactly once each, in any number of processes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db import connection, transaction

from regulars import db
from regulars.analytics import facets, tail, trade
from regulars.analytics.models import Sums

BATCH = 10_000
EVERY = 5.0  # seconds between two looks by a worker
_KEY = 1


def roll_up(limit: int = BATCH) -> int:
    """Roll up the next entries, at most `limit`; how many there were.

    Safe to run anywhere at any time: one process at a time holds the watermark, the others return 0.
    """
    watermark, gaps = read_watermark()
    if not gaps and not db.run("SELECT 1 FROM ledger_entry WHERE id > %s LIMIT 1", (watermark,)):
        return 0
    with transaction.atomic():
        held = _hold_watermark(wait=False)
        if held is None:
            return 0
        watermark, gaps = held
        # The latest first: whoever sees an undo then sees what it takes back, which committed before it.
        batch = tail.read_batch(after=watermark, most=limit)
        late = [line for first, last, _ in sorted(gaps)[::-1] for line in tail.read_gap(first, last)]
        if not batch and not gaps:
            return 0
        remaining = _gaps_left(gaps, {line.id for line in late})
        if batch and db.is_postgresql():
            remaining += _new_gaps(watermark, [line.id for line in batch])
        figures, reached = tail.add_up([*late, *batch]), batch[-1].id if batch else watermark
        _add(figures, tail.rolled_up(reached, remaining))
        facets.write(facets.add_up([*late, *batch]), many)
        _move_watermark(reached, remaining)
        return len(late) + len(batch)


def roll_up_trade(limit: int = BATCH) -> int:
    """Roll up the next changes of sales and vouchers, at most `limit`; how many there were. As `roll_up`."""
    if not trade.waiting():
        return 0
    with transaction.atomic():
        return 0 if _hold_watermark(wait=False) is None else trade.roll_up(limit)


def roll_up_all() -> int:
    """Roll up until nothing is left; how many entries there were."""
    rolled = 0
    while number := roll_up():
        rolled += number
    while roll_up_trade():
        pass
    return rolled


def step(stop: Callable[[], bool]) -> bool:
    """One batch of each, for the worker's loop; a busy hour leaves more than one."""
    return max(roll_up(), roll_up_trade()) >= BATCH


def erase_member(*, business_id: int, member_id: int) -> None:
    """Take a member out of the figures about people, and leave what they did in those of the past.

    Within the caller's transaction, before the ledger forgets the member. Their entries that are still in
    the tail are rolled up first, so that no stamp of the past disappears with them.
    """
    if db.is_postgresql():
        db.run("SELECT 1 FROM ledger_card WHERE member_id = %s FOR UPDATE", (member_id,))
    watermark, gaps = hold_watermark()
    trade.begin_erasing(business_id=business_id, member_id=member_id)
    lines = tail.read_tail_of_member(member_id=member_id, watermark=watermark, gaps=gaps)
    rest = tail.add_up(lines)
    rest.undone |= rest.seen.keys()
    _add(rest)
    facets.write(facets.add_up(lines), many)
    facets.forget(business_id=business_id, member_id=member_id, many=many)
    whole = tail.add_up(tail.read_tail_of_member(member_id=member_id, watermark=0, gaps=[]))
    many(_ADD_ERASED, ((business, *sums) for business, sums in whole.totals.items()))
    many(_ADD_DAY_ERASED, _stamps_by_day(whole))
    pending = db.run("SELECT pending_rewards FROM ledger_card WHERE member_id = %s", (member_id,))[0][0]
    db.run(
        "UPDATE analytics_total SET members = members - 1, pending = pending - %s WHERE business_id = %s",
        (pending, business_id),
    )
    seen = db.run(
        "SELECT day, visits FROM analytics_lastseen WHERE member_id = %s AND branch_key = 0", (member_id,)
    )
    for day, visits in seen:
        add_seen_days({(business_id, 0, db.to_date(day)): -1})
        add_visit_counts({(business_id, visits): -1})
    db.run("DELETE FROM analytics_lastseen WHERE member_id = %s", (member_id,))


def _stamps_by_day(figures: tail.Figures) -> Iterator[tuple[Any, ...]]:
    stamps = Sums.COLUMNS.index("stamps")
    for (business, branch_key, day), sums in sorted(figures.days.items()):
        if sums[stamps]:
            yield sums[stamps], business, branch_key, db.calendar_day(day)


def hold_watermark() -> tuple[int, list[list[int]]]:
    """Wait until nobody rolls up, and let nobody before the caller's transaction ends: watermark and gaps."""
    held = _hold_watermark(wait=True)
    if held is None:
        raise RuntimeError("the watermark is missing")
    return held


def _hold_watermark(*, wait: bool) -> tuple[int, list[list[int]]] | None:
    """Lock the watermark until the transaction ends; None when it is taken and we do not `wait`."""
    db.run(
        "INSERT INTO analytics_watermark (id, entry_id, gaps) VALUES (%s, 0, '[]') "
        "ON CONFLICT (id) DO NOTHING",
        (_KEY,),
    )
    lock = ("FOR UPDATE" if wait else "FOR UPDATE SKIP LOCKED") if db.is_postgresql() else ""
    rows = db.run(f"SELECT entry_id, gaps FROM analytics_watermark WHERE id = %s {lock}", (_KEY,))
    return _parse(rows[0]) if rows else None


def read_watermark() -> tuple[int, list[list[int]]]:
    """The watermark and its gaps, as of the caller's snapshot."""
    rows = db.run("SELECT entry_id, gaps FROM analytics_watermark WHERE id = %s", (_KEY,))
    return _parse(rows[0]) if rows else (0, [])


def _parse(row: db.Row) -> tuple[int, list[list[int]]]:
    return row[0], json.loads(row[1]) if isinstance(row[1], str) else row[1]


def _move_watermark(entry_id: int, gaps: list[list[int]]) -> None:
    db.run(
        "UPDATE analytics_watermark SET entry_id = %s, gaps = %s WHERE id = %s",
        (entry_id, json.dumps(gaps), _KEY),
    )


def _new_gaps(after: int, ids: Sequence[int]) -> list[list[int]]:
    """Ranges of ids that the batch jumped over. On PostgreSQL a later id may commit before an earlier one."""
    borders = zip([after, *ids], ids, strict=False)
    ranges = [(low + 1, high - 1) for low, high in borders if high - low > 1]
    if not ranges:
        return []
    return [[first, last, 0] for first, last in ranges]


def _gaps_left(gaps: list[list[int]], found: set[int]) -> list[list[int]]:
    """What is left of old gaps: without the ids that appeared, and without those that can appear no more.

    A transaction that will still write an id of a gap was running when the gap was seen. Once all that ran
    then have ended, the next round looks for the ids a last time and gives up those that are not there.
    """
    if not gaps:
        return []
    now, oldest = db.run(
        "SELECT pg_current_xact_id()::text::bigint, pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    )[0]
    left: list[list[int]] = []
    for first, last, horizon in gaps:
        if horizon < 0:  # its transactions had ended before this round looked
            continue
        end = horizon or now
        mark = -1 if oldest >= end else end
        present = sorted(entry_id for entry_id in found if first <= entry_id <= last)
        borders = zip([first - 1, *present], [*present, last + 1], strict=True)
        left += [[low + 1, high - 1, mark] for low, high in borders if high - low > 1]
    return left


_SUMS = ", ".join(Sums.COLUMNS)
_PLUS = ", ".join(f"{column} = {{table}}.{column} + excluded.{column}" for column in Sums.COLUMNS)
_MARKS = ", ".join(["%s"] * len(Sums.COLUMNS))

_ADD_DAY = f"""
INSERT INTO analytics_daytotal (business_id, branch_key, day, {_SUMS}, last_at, stamps_erased)
VALUES (%s, %s, %s, {_MARKS}, %s, 0)
ON CONFLICT (business_id, day, branch_key) DO UPDATE SET {_PLUS.format(table="analytics_daytotal")},
    last_at = CASE WHEN analytics_daytotal.last_at IS NULL OR excluded.last_at > analytics_daytotal.last_at
                   THEN excluded.last_at ELSE analytics_daytotal.last_at END"""

_ADD_TOTAL = f"""
INSERT INTO analytics_total (business_id, {_SUMS}, pending) VALUES (%s, {_MARKS}, %s)
ON CONFLICT (business_id) DO UPDATE SET {_PLUS.format(table="analytics_total")},
    pending = analytics_total.pending + excluded.pending"""

# Whoever was merged joined, on the day of theirs, and is nobody of their own any more.
_LESS_MEMBERS = "UPDATE analytics_total SET members = members - %s WHERE business_id = %s"

_ADD_ERASED = f"""
INSERT INTO analytics_erased (business_id, {_SUMS}) VALUES (%s, {_MARKS})
ON CONFLICT (business_id) DO UPDATE SET {_PLUS.format(table="analytics_erased")}"""

_ADD_DAY_ERASED = """
UPDATE analytics_daytotal SET stamps_erased = stamps_erased + %s
WHERE business_id = %s AND branch_key = %s AND day = %s"""

_ADD_SEEN = """
INSERT INTO analytics_lastseen (business_id, branch_key, member_id, day, visits) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (member_id, branch_key) DO UPDATE SET visits = analytics_lastseen.visits + excluded.visits,
    day = excluded.day"""

_ADD_SEEN_DAY = """
INSERT INTO analytics_lastseenday (business_id, branch_key, day, members) VALUES (%s, %s, %s, %s)
ON CONFLICT (business_id, day, branch_key) DO UPDATE
    SET members = analytics_lastseenday.members + excluded.members"""


def _add(figures: tail.Figures, rolled: str = tail.ALL) -> None:
    """Add figures to the totals. `rolled` is the condition of the entries that are in them afterwards."""
    earned, redeemed = Sums.COLUMNS.index("rewards_earned"), Sums.COLUMNS.index("rewards_redeemed")
    many(
        _ADD_DAY,
        (
            (*key[:2], db.calendar_day(key[2]), *sums[:-1], sums[-1] and db.moment(sums[-1]))
            for key, sums in sorted(figures.days.items())
        ),
    )
    many(
        _ADD_TOTAL,
        (
            (business, *sums, sums[earned] - sums[redeemed])
            for business, sums in sorted(figures.totals.items())
        ),
    )
    many(_LESS_MEMBERS, ((number, business) for business, number in sorted(figures.merged.items())))
    _add_seen(figures, tail.days_left(figures.members_undone, rolled))


def _add_seen(figures: tail.Figures, left: dict[tuple[int, int], dt.date]) -> None:
    known = _last_seen(figures.seen)
    moves: dict[tail.Key, int] = {}
    counts: dict[tuple[int, int], int] = {}
    seen: list[tuple[Any, ...]] = []
    for key, (day, visits) in sorted(figures.seen.items()):
        business, branch_key, member = key
        before, visits_before = known.get((member, branch_key), (None, 0))
        after = left.get((branch_key, member)) if key in figures.undone else max(day, before or day)
        if after is not None:
            seen.append((*key, db.calendar_day(after), visits))
        elif before is not None:  # all that they did was undone
            db.run(
                "DELETE FROM analytics_lastseen WHERE member_id = %s AND branch_key = %s",
                (member, branch_key),
            )
        if branch_key == 0:
            for times, number in ((visits_before + visits if after else 0, 1), (visits_before, -1)):
                counts[business, times] = counts.get((business, times), 0) + number
        for moved, number in ((after, 1), (before, -1)):
            if moved is not None and after != before:
                moves[business, branch_key, moved] = moves.get((business, branch_key, moved), 0) + number
    many(_ADD_SEEN, seen)
    add_seen_days(moves)
    add_visit_counts(counts)


def _last_seen(keys: Iterable[tuple[int, int, int]]) -> dict[tuple[int, int], tuple[dt.date, int]]:
    members = sorted({member for _, _, member in keys})
    found: dict[tuple[int, int], tuple[dt.date, int]] = {}
    for start in range(0, len(members), 500):
        some = members[start : start + 500]
        marks = ", ".join(["%s"] * len(some))
        rows = _read(
            f"SELECT member_id, branch_key, day, visits FROM analytics_lastseen WHERE member_id IN ({marks})",
            some,
        )
        found |= {(member, branch_key): (db.to_date(day), visits) for member, branch_key, day, visits in rows}
    return found


def add_seen_days(moves: dict[tail.Key, int]) -> None:
    """How many members more were last seen at a branch on a day."""
    many(
        _ADD_SEEN_DAY,
        ((*key[:2], db.calendar_day(key[2]), number) for key, number in sorted(moves.items()) if number),
    )


_VISIT_COUNT = facets.upsert("analytics_visitcount", ("business_id", "visits"), ("members",))


def add_visit_counts(moves: dict[tuple[int, int], int]) -> None:
    """How many members more came so many times. Of those who never came nobody keeps count."""
    many(_VISIT_COUNT, ((*key, number) for key, number in sorted(moves.items()) if key[1] > 0 and number))


def _read(sql: str, params: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def many(sql: str, rows: Iterable[Sequence[Any]]) -> None:
    """Execute a statement once for each row of values."""
    listed = list(rows)
    if listed:
        with connection.cursor() as cursor:
            cursor.executemany(sql, listed)
