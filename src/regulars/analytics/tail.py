"""The entries that the totals do not hold yet, and how entries add up."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars import db
from regulars.analytics.models import Sums
from regulars.ledger.models import Entry
from regulars.ledger.post import EARNING_KINDS, REDEEMING_KINDS

# What counts as being active, as for segments: a stamp or a redemption, not a gift or an expiry.
ACTIVE_KINDS = frozenset((Entry.Kind.STAMP_ADD.value, Entry.Kind.REWARD_REDEEM.value))
# What makes that nothing: whoever was active only then was not.
UNDO_KINDS = frozenset((Entry.Kind.STAMP_UNDO.value, Entry.Kind.REWARD_UNDO.value))

COLUMNS = (
    "id, business_id, card_id, branch_id, kind, stamps, visits, rewards, points, day, occurred_at, staff_id, "
    "reverses_id"
)

Key = tuple[int, int, dt.date]


@dataclass(frozen=True, slots=True)
class Line:
    """The part of an entry that figures are made of."""

    id: int
    business_id: int
    member_id: int
    branch_key: int
    kind: str
    stamps: int
    visits: int
    rewards: int
    points: int
    day: dt.date
    occurred_at: dt.datetime
    staff_key: int
    reverses_id: int | None

    @classmethod
    def from_row(cls, row: db.Row) -> Line:
        """A line from a row of `COLUMNS`."""
        entry_id, business_id, member_id, branch_id, kind, stamps, visits, rewards, points, day, *rest = row
        at, staff_id, reverses_id = rest
        return cls(
            entry_id, business_id, member_id, branch_id or 0, kind, stamps, visits, rewards, points,
            db.to_date(day), db.to_moment(at), staff_id or 0, reverses_id,
        )  # fmt: skip

    def figures(self) -> tuple[int, ...]:
        """What the entry adds to each of `Sums.COLUMNS`.

        Points taken back were not earned, and points given back were not used, so both may lower a figure. So
        may an undo.
        """
        redeemed = -self.rewards if self.kind in REDEEMING_KINDS else 0
        return (
            self.stamps,
            self.visits,
            int(self.kind == Entry.Kind.ENROL),
            self.rewards + redeemed,
            redeemed,
            self.points if self.kind in EARNING_KINDS else 0,
            0 if self.kind in EARNING_KINDS else -self.points,
            -self.points if self.kind == Entry.Kind.POINTS_EXPIRE else 0,
        )


@dataclass(slots=True)
class Figures:
    """Sums over some lines: by day and branch, by business, and who was active where and when."""

    days: dict[Key, list[Any]] = field(default_factory=dict)
    totals: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * len(Sums.COLUMNS)))
    # (business, branch_key, member) -> [last day, visits]; branch_key 0 is the business as a whole. Where
    # something was undone the last day says nothing: `days_left` does.
    seen: dict[tuple[int, int, int], list[Any]] = field(default_factory=dict)
    undone: set[tuple[int, int, int]] = field(default_factory=set)
    # How many records were merged into others of the same business: joined once, and no members any more.
    merged: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def members_undone(self) -> list[int]:
        """Of whom something was undone."""
        return sorted({member for _, _, member in self.undone})


def add_up(lines: Iterable[Line]) -> Figures:
    """The figures of some lines."""
    result = Figures()
    for line in lines:
        figures = line.figures()
        total = result.totals[line.business_id]
        day = result.days.setdefault(
            (line.business_id, line.branch_key, line.day), [*([0] * len(figures)), None]
        )
        for index, value in enumerate(figures):
            total[index] += value
            day[index] += value
        if line.kind == Entry.Kind.MERGE:
            result.merged[line.business_id] += 1
        if line.kind in ACTIVE_KINDS:
            day[-1] = line.occurred_at if day[-1] is None else max(day[-1], line.occurred_at)
        elif line.kind not in UNDO_KINDS:
            continue
        for branch_key in {0, line.branch_key}:
            key = (line.business_id, branch_key, line.member_id)
            seen = result.seen.setdefault(key, [line.day, 0])
            seen[0] = max(seen[0], line.day)
            seen[1] += line.visits
            if line.kind in UNDO_KINDS:
                result.undone.add(key)
    return result


# The condition under which an entry counts, when all do.
ALL = "{entry}.id IS NOT NULL"

_DAYS_LEFT = """
SELECT e.card_id, COALESCE(e.branch_id, 0), MAX(e.day) FROM ledger_entry e
WHERE {of_members} AND e.kind IN ({active}) AND {rolled_e}
  AND NOT EXISTS (SELECT 1 FROM ledger_entry u WHERE u.reverses_id = e.id AND {rolled_u})
GROUP BY e.card_id, COALESCE(e.branch_id, 0)"""


def days_left(members: Sequence[int], rolled: str = ALL) -> dict[tuple[int, int], dt.date]:
    """The last day on which each of these members did something that was not undone, by branch, and under 0
    in the whole business. Read from their whole history, so for few: of whom something was undone.

    `rolled` is the condition under which an entry counts; without it all do.
    """
    if not members:
        return {}
    sql = _DAYS_LEFT.format(
        of_members=db.any_of("e.card_id"),
        active=", ".join(f"'{kind}'" for kind in sorted(ACTIVE_KINDS)),
        rolled_e=rolled.format(entry="e"),
        rolled_u=rolled.format(entry="u"),
    )
    found: dict[tuple[int, int], dt.date] = {}
    for member, branch_key, last in db.run(sql, (db.numbers(members),)):
        day = db.to_date(last)
        for key in {0, branch_key}:
            found[key, member] = max(day, found.get((key, member), day))
    return found


def rolled_up(watermark: int, gaps: list[list[int]]) -> str:
    """The condition under which an entry is in the totals. Numbers of ours, so they may stand in the text."""
    outside = "".join(
        f" AND {{entry}}.id NOT BETWEEN {int(first)} AND {int(last)}" for first, last, _ in gaps
    )
    return f"{{entry}}.id <= {int(watermark)}{outside}"


def members_undone(*, business_id: int, watermark: int, gaps: list[list[int]]) -> tuple[str, list[Any]]:
    """The statement that finds of whom something was undone past the watermark or in its gaps; its values."""
    ids = " OR ".join(["id > %s", *["id BETWEEN %s AND %s"] * len(gaps)])
    return (
        f"SELECT card_id FROM ledger_entry WHERE reverses_id IS NOT NULL AND business_id = %s AND ({ids})",
        [business_id, watermark, *(border for gap in gaps for border in gap[:2])],
    )


def read_tail(*, business_id: int, watermark: int, gaps: list[list[int]]) -> list[Line]:
    """A business's entries past the watermark or in its gaps."""
    # The plus keeps planners from an index on the business, through which they would read its whole history.
    lines = _lines("+business_id = %s AND id > %s", (business_id, watermark))
    for first, last, _ in gaps:
        lines += _lines("+business_id = %s AND id BETWEEN %s AND %s", (business_id, first, last))
    return lines


def read_tail_of_member(*, member_id: int, watermark: int, gaps: list[list[int]]) -> list[Line]:
    """A member's entries past the watermark or in its gaps."""
    lines = _lines("card_id = %s AND id > %s", (member_id, watermark))
    for first, last, _ in gaps:
        lines += _lines("card_id = %s AND id BETWEEN %s AND %s", (member_id, first, last))
    return lines


def read_batch(*, after: int, most: int) -> list[Line]:
    """The next entries of all businesses past the watermark, by id."""
    return _lines("id > %s ORDER BY id LIMIT %s", (after, most))


def read_gap(first: int, last: int) -> list[Line]:
    """The entries of all businesses in a gap."""
    return _lines("id BETWEEN %s AND %s", (first, last))


def _lines(where: str, params: tuple[int, ...]) -> list[Line]:
    rows = db.run(f"SELECT {COLUMNS} FROM ledger_entry WHERE {where}", params)
    return [Line.from_row(row) for row in rows]
