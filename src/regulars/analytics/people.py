"""Reports about people: who comes back, how often, since when not any more; and what their points come to."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.db.models import Sum
from django.db.models.functions import TruncMonth
from django_scopes import scope

from regulars import db
from regulars.analytics import facets, queries, tail
from regulars.analytics.facet_models import NEVER
from regulars.analytics.models import Cohort, DayTotal, PointsDue, Sums, VisitCount
from regulars.analytics.rollup import read_watermark
from regulars.tenants.models import Business

MONTHS, MOST_MONTHS = 12, 36
# How often members came: from so many visits to so many.
_SPREAD = ((1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, 50), (51, None))
# Within how many days members were there last.
_RECENT = (7, 30, 60, 90, 180, 365)


@dataclass(frozen=True, slots=True)
class Joined:
    """Those who joined in a month: how many, and how many of them came in it and each month after it."""

    month: dt.date
    members: int
    came: list[int]


@dataclass(frozen=True, slots=True)
class Band:
    """How many members came from `least` to `most` times; None: no end."""

    least: int
    most: int | None
    members: int


@dataclass(frozen=True, slots=True)
class Seen:
    """How many members were last there from `least` to `most` days ago, today being none."""

    least: int
    most: int | None
    members: int


@dataclass(frozen=True, slots=True)
class Visits:
    """How often members came in all, and when last. `never` came nobody's stamp; they are not in the rest."""

    members: int
    never: int
    spread: list[Band]
    recent: list[Seen]


@dataclass(frozen=True, slots=True)
class Due:
    """Points that members can spend and that run out in a month; None: never."""

    month: dt.date | None
    points: int


def add_months(month: dt.date, number: int) -> dt.date:
    """The first day of the month so many months after another's."""
    index = month.year * 12 + month.month - 1 + number
    return dt.date(index // 12, index % 12 + 1, 1)


def retention(business: Business, today: dt.date, months: int = MONTHS) -> list[Joined]:
    """Of those who joined in each of the last months, this one at last, how many came in which month.

    Members who were erased stay counted in the past. Of two records that were merged the later one is no
    member who joined (docs/decisions/0022).
    """
    this = facets.first_of_month(today)
    since = add_months(this, 1 - months)
    joined = {add_months(since, number): 0 for number in range(months)}
    came: dict[tuple[dt.date, dt.date], int] = {}
    with scope(business=business), db.snapshot():
        watermark, gaps = read_watermark()
        lines = tail.read_tail(business_id=business.pk, watermark=watermark, gaps=gaps)
        rolled = DayTotal.objects.filter(day__gte=since, members__gt=0)
        by_month = rolled.values(month=TruncMonth("day")).annotate(number=Sum("members"))
        for month, number in by_month.values_list("month", "number"):
            joined[month] = joined.get(month, 0) + number
        column = Sums.COLUMNS.index("members")
        for (_, _, day), sums in tail.add_up(lines).days.items():
            month = facets.first_of_month(day)
            joined[month] = joined.get(month, 0) + sums[column]
        for month, number in _joined_again(business, since).items():
            joined[month] = joined.get(month, 0) - number
        for first, month, number in Cohort.objects.filter(joined__gte=since, month__gte=since).values_list(
            "joined", "month", "members"
        ):
            came[first, month] = number
        for (_, first, month), number in facets.cohort_moves(facets.add_up(lines)).items():
            came[first, month] = came.get((first, month), 0) + number
    return [
        Joined(
            first,
            joined[first],
            [came.get((first, add_months(first, later)), 0) for later in range(months - number)],
        )
        for number, first in enumerate(add_months(since, number) for number in range(months))
    ]


# The entries of merged records stand on the kept card: all that join but the first are of somebody known.
_JOINED_AGAIN = """
SELECT e.day FROM ledger_entry e
WHERE e.card_id IN (SELECT member_id FROM members_mergedmember WHERE business_id = %s)
  AND e.business_id = %s AND e.kind = 'enrol' AND e.day >= %s
  AND EXISTS (
    SELECT 1 FROM ledger_entry o WHERE o.card_id = e.card_id AND o.kind = 'enrol' AND o.id < e.id
  )"""


def _joined_again(business: Business, since: dt.date) -> Counter[dt.date]:
    """By month, how many of those who joined were records of somebody who had joined before."""
    rows = db.run(_JOINED_AGAIN, (business.pk, business.pk, db.calendar_day(since)))
    return Counter(facets.first_of_month(db.to_date(day)) for (day,) in rows)


def visits(business: Business) -> Visits:
    """How often the members of a business came in all, and how long they have been away."""
    with scope(business=business), db.snapshot():
        reading = queries.Reading(business)
        counts = dict(VisitCount.objects.values_list("visits", "members"))
        for (_, branch, member), (_, more) in reading.tail.seen.items():
            if branch == 0:
                before = reading.known.get((0, member), (None, 0))[1]
                counts[before] = counts.get(before, 0) - 1
                counts[before + more] = counts.get(before + more, 0) + 1
        members = reading.total["members"]
        came = {times: number for times, number in counts.items() if times > 0 and number}
        spread = [
            Band(low, high, sum(number for times, number in came.items() if low <= times <= (high or times)))
            for low, high in _SPREAD
        ]
        since = [reading.today - dt.timedelta(days=days - 1) for days in _RECENT]
        *within, ever = [seen.get(0, 0) for seen in reading.active_since([*since, dt.date.min])]
    ends = [0, *_RECENT]
    recent = [
        Seen(least, most - 1, number - less)
        for least, most, number, less in zip(ends, _RECENT, within, [0, *within], strict=False)
    ]
    recent.append(Seen(_RECENT[-1], None, ever - within[-1]))
    return Visits(members, members - sum(came.values()), spread, recent)


def points_due(business: Business) -> list[Due]:
    """How many points members can spend, by the month in which they expire; those that never do at last."""
    with scope(business=business), db.snapshot():
        watermark, gaps = read_watermark()
        lines = tail.read_tail(business_id=business.pk, watermark=watermark, gaps=gaps)
        due: dict[dt.date, int] = {}
        for day, points in PointsDue.objects.exclude(points=0).values_list("expires_on", "points"):
            due[day] = due.get(day, 0) + points
        for (_, day), points in facets.add_up(lines).due.items():
            due[day] = due.get(day, 0) + points
    months: dict[dt.date, int] = {}
    for day, points in due.items():
        month = NEVER if day == NEVER else facets.first_of_month(day)
        months[month] = months.get(month, 0) + points
    return [
        Due(None if month == NEVER else month, points) for month, points in sorted(months.items()) if points
    ]
