"""The entries that the totals do not hold yet, and how entries add up."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from regulars import db
from regulars.analytics.models import Sums
from regulars.ledger.models import Entry
from regulars.ledger.post import EARNING_KINDS

# What counts as being active, as for segments: a stamp or a redemption, not a gift or an expiry.
ACTIVE_KINDS = frozenset((Entry.Kind.STAMP_ADD.value, Entry.Kind.REWARD_REDEEM.value))

COLUMNS = "id, business_id, card_id, branch_id, kind, stamps, visits, rewards, points, day, occurred_at"

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

    @classmethod
    def from_row(cls, row: db.Row) -> Line:
        """A line from a row of `COLUMNS`."""
        entry_id, business_id, member_id, branch_id, kind, stamps, visits, rewards, points, day, at = row
        return cls(
            entry_id, business_id, member_id, branch_id or 0, kind, stamps, visits, rewards, points,
            db.to_date(day), db.to_moment(at),
        )  # fmt: skip

    def figures(self) -> tuple[int, ...]:
        """What the entry adds to each of `Sums.COLUMNS`.

        Points taken back were not earned, and points given back were not used, so both may lower a figure.
        """
        return (
            self.stamps,
            self.visits,
            int(self.kind == Entry.Kind.ENROL),
            max(self.rewards, 0),
            max(-self.rewards, 0),
            self.points if self.kind in EARNING_KINDS else 0,
            0 if self.kind in EARNING_KINDS else -self.points,
        )


@dataclass(slots=True)
class Figures:
    """Sums over some lines: by day and branch, by business, and who was active where and when."""

    days: dict[Key, list[Any]] = field(default_factory=dict)
    totals: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * len(Sums.COLUMNS)))
    # (business, branch_key, member) -> [last day, visits]; branch_key 0 is the business as a whole.
    seen: dict[tuple[int, int, int], list[Any]] = field(default_factory=dict)


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
        if line.kind not in ACTIVE_KINDS:
            continue
        day[-1] = line.occurred_at if day[-1] is None else max(day[-1], line.occurred_at)
        for branch_key in {0, line.branch_key}:
            seen = result.seen.setdefault((line.business_id, branch_key, line.member_id), [line.day, 0])
            seen[0] = max(seen[0], line.day)
            seen[1] += line.visits
    return result


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
