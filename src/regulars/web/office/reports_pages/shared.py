"""What the reports and Home have in common: whose figures, in which steps, and how a change is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.analytics import reports
from regulars.analytics.reports import Day, Figures
from regulars.portal import money as money_of
from regulars.rules.errors import NotFound
from regulars.tenants.models import Branch
from regulars.web.office.reports import Range
from regulars.web.office.tags import number

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

Text = str | Promise
# Longer ranges are drawn by week, and then by month.
MOST_DAYS, _MOST_WEEKS = 92, 400
# Numbers of rows have fewer digits.
_DIGITS: Final = 19
# So few points of a chart are bars, more are a line.
FEW_STEPS: Final = 14


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is counted. Kinds: number, money."""

    key: str
    label: Text
    of: Callable[[Figures], Any]
    kind: str = "number"
    below: Text = ""  # the label of a number below zero, where that needs to be explained

    def label_of(self, value: Any) -> Text:
        """What a value is."""
        return self.below if self.below and value < 0 else self.label

    def told(self, value: Any, currency: str) -> str:
        """A value for people."""
        if self.kind == "money":
            return money_of.money(Decimal(value), currency)
        return number(value)


MEASURES: Final = (
    Measure("stamps", gettext_lazy("Stamps"), lambda one: one.stamps),
    Measure("visits", gettext_lazy("Visits"), lambda one: one.visits),
    Measure("members", gettext_lazy("New members"), lambda one: one.members),
    Measure("returning", gettext_lazy("Return visits"), lambda one: one.came_back),
    Measure(
        "points",
        gettext_lazy("Points given"),
        lambda one: one.points_earned,
        below=gettext_lazy("Points given, less those taken back"),
    ),
    Measure("spent", gettext_lazy("Points spent"), lambda one: one.points_used - one.points_expired),
    Measure("rewards", gettext_lazy("Rewards redeemed"), lambda one: one.rewards_redeemed),
    Measure("sales", gettext_lazy("Sales"), lambda one: one.sales),
    Measure("amount", gettext_lazy("Sales amount"), lambda one: one.amount, "money"),
    Measure("vouchers", gettext_lazy("Vouchers redeemed"), lambda one: one.vouchers_redeemed),
)
BY_KEY: Final = {measure.key: measure for measure in MEASURES}


@dataclass(frozen=True, slots=True)
class Place:
    """A branch whose figures can be looked at, or all of them."""

    label: str
    url: str
    current: bool


def branch_of(desk: Desk) -> int | None:
    """The branch whose figures are asked for: one's own, or what the address names; None for all.

    Raises:
        NotFound: the business has no such branch.
    """
    if desk.branch_id is not None:
        return desk.branch_id
    wanted = desk.get.get("branch", "")
    if not wanted:
        return None
    found = (
        Branch.objects.filter(pk=int(wanted)).first()
        if wanted.isdecimal() and len(wanted) < _DIGITS
        else None
    )
    if found is None:
        raise NotFound("There is no such branch.")
    return found.pk


def places(desk: Desk) -> list[Place]:
    """The branches to choose from; none where there is nothing to choose."""
    if desk.branch_id is not None:
        return []
    chosen, query = desk.get.get("branch", ""), desk.get.copy()
    query.pop("branch", None)
    query.pop("export", None)
    found = [Place(_("All branches"), f"{desk.request.path}?{query.urlencode()}", not chosen)]
    rows = Branch.objects.order_by("name", "pk")[:100]
    for branch in rows:
        query["branch"] = str(branch.pk)
        url = f"{desk.request.path}?{query.urlencode()}"
        found.append(Place(branch.name, url, chosen == str(branch.pk)))
    return found if len(found) > 2 else []  # noqa: PLR2004 - of one branch nothing can be compared


def kept_query(desk: Desk, *without: str) -> list[tuple[str, str]]:
    """What of an address stays when another range is chosen."""
    gone = {"range", "from", "to", "export", "table", *without}
    return [(key, str(value)) for key, value in desk.get.items() if key not in gone]


def context(desk: Desk) -> dict[str, Any]:
    """What every report shows above itself."""
    return {"places": places(desk), "own_branch": desk.staff.branch, "kept_query": kept_query(desk)}


@dataclass(frozen=True, slots=True)
class Step:
    """Some days that are one point of a chart and one row of a table."""

    label: str
    first: dt.date
    figures: Figures


def steps(days: Sequence[Day]) -> list[Step]:
    """Days, weeks or months, so that there are neither too many nor too few of them."""
    if len(days) <= MOST_DAYS:
        return [Step(date_format(one.day, "MONTH_DAY_FORMAT"), one.day, one.figures) for one in days]
    if (
        len(days) <= _MOST_WEEKS
    ):  # weeks back from the last day, so that those of two ranges stand side by side
        ends = range(len(days) % 7 or 7, len(days) + 1, 7)
        weeks = [days[max(end - 7, 0) : end] for end in ends]
        return [
            Step(date_format(week[0].day, "MONTH_DAY_FORMAT"), week[0].day, reports.total(week))
            for week in weeks
        ]
    months: dict[dt.date, list[Day]] = {}
    for one in days:
        months.setdefault(one.day.replace(day=1), []).append(one)
    return [Step(month_name(month), some[0].day, reports.total(some)) for month, some in months.items()]


def step_name(days: int) -> str:
    """What a row is."""
    if days <= MOST_DAYS:
        return _("Day")
    return _("Week from") if days <= _MOST_WEEKS else _("Month from")


@dataclass(frozen=True, slots=True)
class Compared:
    """The days of a range and as many before them, of one reading each."""

    now: list[Day]
    before: list[Day]

    @classmethod
    def of(cls, desk: Desk, chosen: Range, branch_id: int | None) -> Compared:
        """Read both at once."""
        days = reports.by_day(desk.business, (chosen.before.first, chosen.last), branch_id)
        return cls(days[chosen.days :], days[: chosen.days])


def change(now: Any, before: Any) -> float | None:
    """By how many percent something grew; None where there was nothing before."""
    return round(100 * float(now - before) / float(before), 1) if before > 0 else None


def told_change(now: Any, before: Any) -> str:
    """A change in words: "12 % more", "3 % less", "as many"."""
    if now < 0:
        return _("%(number)s before") % {"number": number(before)}
    grown = change(now, before)
    if grown is None:
        return _("none before") if now else ""
    words = {"percent": number_format(abs(round(grown)), use_l10n=True)}
    if round(grown) == 0:
        return _("as many as before")
    return _("%(percent)s %% more") % words if grown > 0 else _("%(percent)s %% less") % words


def in_words(before: Range) -> str:
    """The days before, for people."""
    return _("the %(days)s before") % {"days": before.told_days}


def month_name(month: dt.date) -> str:
    """A month with its year."""
    return date_format(month, "YEAR_MONTH_FORMAT")


def files(desk: Desk, table: str) -> list[tuple[str, str]]:
    """The files that can be made of a second table of a report."""
    if not desk.may("data.export"):
        return []
    query = desk.get.copy()
    query["table"] = table
    found = []
    for kind, name in (("csv", "CSV"), ("xlsx", "Excel")):
        query["export"] = kind
        found.append((name, f"{desk.request.path}?{query.urlencode()}"))
    return found


def finding(desk: Desk, measure: Measure, total: Figures, before: Figures, chosen: Range) -> str:
    """What became of one measure, in a sentence."""
    now, then = measure.of(total), measure.of(before)
    if not now and not then:
        return _("Nothing happened in these days.")
    words = {
        "measure": measure.label_of(now),
        "number": measure.told(now, desk.business.currency),
        "before": measure.told(then, desk.business.currency),
        "change": told_change(now, then),
        "days": in_words(chosen.before),
    }
    if now < 0 or then < 0:  # of what is below zero nothing is so many percent
        return _("%(measure)s: %(number)s. In %(days)s: %(before)s.") % words
    if not then:
        return _("%(measure)s: %(number)s. In %(days)s there were none.") % words
    if words["change"] == _("as many as before"):
        return _("%(measure)s: %(number)s, as many as in %(days)s.") % words
    return _("%(measure)s: %(number)s, %(change)s than in %(days)s (%(before)s).") % words
