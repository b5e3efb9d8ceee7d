"""Reports: figures of any days, by day, branch, person, hour, month of joining and expiry.

Exact at every moment, and at a cost that depends on the days, branches and people that are asked for, not on
what happened before them (docs/decisions/0025).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Model, Q, Sum
from django_scopes import scope

from regulars import db
from regulars.analytics import facets, tail, trade
from regulars.analytics.models import DayTotal, HourTotal, StaffTotal, Sums
from regulars.analytics.rollup import read_watermark
from regulars.ledger.models import Entry
from regulars.tenants.models import Branch, Business, Staff

# The days of a report: the first and the last.
Days = tuple[dt.date, dt.date]
Key = tuple[int, dt.date, int, int]  # business, day, branch, hour or staff
Columns = dict[str, int]


@dataclass(slots=True)
class Figures:
    """What happened on some days.

    `visits` are stamps given at a time; those of members who had joined on an earlier day `came_back`.
    `points_used` are spent or expired, `points_expired` the latter alone. `amount` of sales, refunds taken
    off, and `vouchers_value` taken off sales by vouchers, are in the business's currency. A branch's figures
    know nothing of new members and of vouchers issued: those are the business's.
    """

    stamps: int = 0
    visits: int = 0
    members: int = 0
    rewards_earned: int = 0
    rewards_redeemed: int = 0
    points_earned: int = 0
    points_used: int = 0
    points_expired: int = 0
    came_back: int = 0
    sales: int = 0
    vouchers_issued: int = 0
    vouchers_redeemed: int = 0
    amount: Decimal = Decimal("0.00")
    vouchers_value: Decimal = Decimal("0.00")

    def add(self, more: Mapping[str, int]) -> None:
        """Add columns of totals, whose money is in hundredths."""
        for column, number in more.items():
            value = Decimal(number).scaleb(-2) if column in _MONEY else number
            setattr(self, column, getattr(self, column) + value)

    @property
    def redemption_rate(self) -> float | None:
        """How many rewards were redeemed, in percent of those earned in the same days; None without any."""
        return round(100 * self.rewards_redeemed / self.rewards_earned, 1) if self.rewards_earned else None


_MONEY = frozenset({"amount", "vouchers_value"})


@dataclass(frozen=True, slots=True)
class Day:
    """A business day and its figures."""

    day: dt.date
    figures: Figures


@dataclass(frozen=True, slots=True)
class AtBranch:
    """A branch, or (None) no branch, and its figures in the days."""

    branch_id: int | None
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class ByStaff:
    """Somebody of the team, or (None) nobody of them, and what they did in the days.

    Those who left the team since are told by `left_at`; their `name` is empty when it was forgotten. Vouchers
    are not known by person.
    """

    staff_id: int | None
    name: str
    figures: Figures
    left_at: dt.datetime | None = None


_AT_PLACES = tuple(column for column in Sums.COLUMNS if column != "members")
_SOURCES: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (DayTotal, _AT_PLACES),
    (HourTotal, ("came_back",)),
    (StaffTotal, StaffTotal.TRADE),
)


class _Reading:
    """One consistent reading of totals and of what is not in them yet. Made inside a snapshot."""

    def __init__(self, business: Business, days: Days, branch_id: int | None) -> None:
        self.business, self.days, self.branch_id = business, days, branch_id
        watermark, gaps = read_watermark()
        self.lines = tail.read_tail(business_id=business.pk, watermark=watermark, gaps=gaps)

    @cached_property
    def facets(self) -> facets.Facets:
        return facets.add_up(self.lines)

    @cached_property
    def changes(self) -> dict[Key, list[int]]:
        return trade.read_changes(business_id=self.business.pk)

    def rolled(
        self, model: type[Model], keys: tuple[str, ...], columns: Iterable[str]
    ) -> Iterator[tuple[tuple[Any, ...], Columns]]:
        """Totals grouped by some keys."""
        where = Q(day__range=self.days)
        if self.branch_id is not None:
            where &= Q(branch_key=self.branch_id)
        names = {f"sum_{column}": Sum(column) for column in columns}
        for row in model._default_manager.filter(where).values(*keys).annotate(**names):  # noqa: SLF001
            yield tuple(row[key] for key in keys), {name[4:]: row[name] for name in names}

    def here(self, found: Mapping[Key, list[int]]) -> Iterator[tuple[Key, list[int]]]:
        """What of the tail is of the days and the branch."""
        first, last = self.days
        for key, sums in found.items():
            if first <= key[1] <= last and self.branch_id in (None, key[2]):
                yield key, sums

    def facts(self, key: str) -> Iterator[tuple[Any, Columns]]:
        """All that happened, but for new members, by `day` or by `branch_key`."""
        for model, columns in _SOURCES:
            for (group,), sums in self.rolled(model, (key,), columns):
                yield group, sums
        place = 1 if key == "day" else 2
        days = {
            (business, day, branch, 0): sums
            for (business, branch, day), sums in tail.add_up(self.lines).days.items()
        }
        for one, line in self.here(days):
            yield one[place], _named(Sums.COLUMNS, line) | {"members": 0}
        for one, line in self.here(self.facets.hours):
            yield one[place], {"came_back": line[1]}
        for one, line in self.here(self.changes):
            yield one[place], _named(StaffTotal.TRADE, line)

    def joined(self) -> Iterator[tuple[dt.date, int]]:
        """New members of the whole business, by day."""
        rows = DayTotal.objects.filter(day__range=self.days).values("day").annotate(number=Sum("members"))
        yield from rows.values_list("day", "number")
        for line in self.lines:
            if line.kind == Entry.Kind.ENROL and self.days[0] <= line.day <= self.days[1]:
                yield line.day, 1


def _named(columns: Iterable[str], sums: Iterable[int]) -> Columns:
    return dict(zip(columns, sums, strict=False))


def by_day(business: Business, days: Days, branch_id: int | None = None) -> list[Day]:
    """The figures of each of these days, of one branch or all; days on which nothing happened are zeros.

    New members are those of the whole business.
    """
    first, last = days
    found = {first + dt.timedelta(days=later): Figures() for later in range((last - first).days + 1)}
    with scope(business=business), db.snapshot():
        reading = _Reading(business, days, branch_id)
        for day, sums in reading.facts("day"):
            found[day].add(sums)
        for day, number in reading.joined():
            found[day].members += number
    return [Day(day, figures) for day, figures in found.items()]


def total(days: Iterable[Day]) -> Figures:
    """The figures of some days together."""
    result = Figures()
    for each in days:
        for one in fields(Figures):
            setattr(result, one.name, getattr(result, one.name) + getattr(each.figures, one.name))
    return result


def by_branch(business: Business, days: Days, branch_id: int | None = None) -> list[AtBranch]:
    """The figures of each branch in these days, and at last what happened at none, if anything did."""
    found: dict[int, Figures] = defaultdict(Figures)
    with scope(business=business), db.snapshot():
        for branch, sums in _Reading(business, days, branch_id).facts("branch_key"):
            found[branch].add(sums)
        places = Branch.objects.order_by("name", "id")
        if branch_id is not None:
            places = places.filter(pk=branch_id)
        branches = [AtBranch(place.pk, place.name, found[place.pk]) for place in places]
    elsewhere = found[0]
    return (
        branches
        if branch_id is not None or elsewhere == Figures()
        else [*branches, AtBranch(None, "", elsewhere)]
    )


_OF_STAFF = (*StaffTotal.LEDGER, *StaffTotal.TRADE)


def by_staff(business: Business, days: Days, branch_id: int | None = None) -> list[ByStaff]:
    """What each person of the team did in these days, most stamps and sales first."""
    found: dict[int, Figures] = defaultdict(Figures)
    with scope(business=business), db.snapshot():
        reading = _Reading(business, days, branch_id)
        for (staff,), sums in reading.rolled(StaffTotal, ("staff_key",), _OF_STAFF):
            found[staff].add(sums)
        for key, line in reading.here(reading.facets.staff):
            found[key[3]].add(_named(StaffTotal.LEDGER, line))
        for key, line in reading.here(reading.changes):
            found[key[3]].add(_named(StaffTotal.TRADE, line))
        known = Staff.history.values_list("pk", "name", "left_at")
        names = {pk: (name, left_at) for pk, name, left_at in known}
    people = [
        ByStaff(key or None, name, figures, left_at)
        for key, figures in found.items()
        for name, left_at in [names.get(key, ("", None))]
        if figures != Figures()
    ]
    return sorted(people, key=lambda one: (-one.figures.stamps, -one.figures.sales, one.staff_id or 0))


def by_hour(business: Business, days: Days, branch_id: int | None = None) -> list[list[int]]:
    """Visits in these days by weekday, Monday first, and hour: seven rows of twenty-four."""
    table = [[0] * 24 for _ in range(7)]
    with scope(business=business), db.snapshot():
        reading = _Reading(business, days, branch_id)
        for (weekday, hour), sums in reading.rolled(HourTotal, ("day__iso_week_day", "hour"), ("visits",)):
            table[weekday - 1][hour] += sums["visits"]
        for key, line in reading.here(reading.facets.hours):
            table[key[1].weekday()][key[3]] += line[0]
    return table
