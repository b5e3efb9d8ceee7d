"""The page kind "report": a sentence that says the finding, a chart, the table behind it, files, print."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from django.http import QueryDict
from django.http.response import HttpResponseBase
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext

from regulars.web.office import exports
from regulars.web.office.filters import day_of

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk

Text = str | Promise
USUAL: Final = "30"
# The longest range of days, in days: ten years.
LONGEST: Final = 3660
_CHOICES: Final[tuple[tuple[str, Text], ...]] = (
    ("7", gettext_lazy("7 days")),
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("12 months")),
    ("month", gettext_lazy("This month")),
    ("last-month", gettext_lazy("Last month")),
)


@dataclass(frozen=True, slots=True)
class Range:
    """The days of a report, both ends inclusive, and as many days before them to compare with."""

    first: dt.date
    last: dt.date
    key: str

    @classmethod
    def of(cls, query: QueryDict, today: dt.date) -> Self:
        """The range that an address names by `range`, else by `from` and `to`, in any order; 30 days else."""
        key = query.get("range", "")
        if key in dict(_CHOICES):
            return cls._named(key, today)
        first, last = (day_of(query.get(name, "")) for name in ("from", "to"))
        if first is not None and last is not None and first > last:
            first, last = last, first
        if first is not None or last is not None:
            last = min(last or today, today)
            first = min(first or last, last)
            return cls(max(first, last - dt.timedelta(days=LONGEST - 1)), last, "")
        return cls._named(USUAL, today)

    @classmethod
    def _named(cls, key: str, today: dt.date) -> Self:
        this_month = today.replace(day=1)
        if key == "month":
            return cls(this_month, today, key)
        if key == "last-month":
            end = this_month - dt.timedelta(days=1)
            return cls(end.replace(day=1), end, key)
        return cls(today - dt.timedelta(days=int(key) - 1), today, key)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Range:
        """The same number of days just before."""
        end = self.first - dt.timedelta(days=1)
        return Range(end - dt.timedelta(days=self.days - 1), end, "")

    @property
    def told(self) -> str:
        """The range for people."""
        if self.key:
            return str(dict(_CHOICES)[self.key])
        ends = [date_format(day, "SHORT_DATE_FORMAT") for day in (self.first, self.last)]
        return " \N{EN DASH} ".join(ends)

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """What can be chosen: key, label, and whether it is chosen."""
        return [(key, str(label), key == self.key) for key, label in _CHOICES]

    @property
    def told_days(self) -> str:
        """How many days, for people."""
        return ngettext("%(count)d day", "%(count)d days", self.days) % {"count": self.days}


@dataclass(frozen=True, slots=True)
class Series:
    """One line or set of bars; a `quiet` one is drawn in grey: the period before."""

    label: Text
    values: Sequence[float | int | None]
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of one message. Kinds: line, bar, stacked. `money` is the currency of values in one."""

    kind: str
    labels: Sequence[Text]
    series: Sequence[Series]
    money: str = ""
    percent: bool = False

    def data(self) -> dict[str, Any]:
        """What the script draws."""
        return {
            "kind": self.kind,
            "labels": [str(label) for label in self.labels],
            "series": [
                {"label": str(each.label), "values": list(map(_number, each.values)), "quiet": each.quiet}
                for each in self.series
            ],
            "money": self.money,
            "percent": self.percent,
        }


def _number(value: Any) -> float | int | None:
    return value if value is None or isinstance(value, int | float) else float(value)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a report's table. Kinds: text, number, money, day, percent."""

    label: Text
    kind: str = "number"


@dataclass
class Report:
    """A report page: what it found, the chart, the table."""

    desk: Desk
    title: Text
    finding: Text
    headings: Sequence[Heading]
    rows: Sequence[Sequence[Any]]
    chart: Chart | None = None
    range: Range | None = None
    hint: Text = ""
    total: Sequence[Any] = ()
    export: str = ""
    here: str = "reports"
    template: str = "report"
    empty: Text = ""
    context: dict[str, Any] = field(default_factory=dict)

    def answer(self) -> HttpResponseBase:
        """The page, or the file of an export."""
        if self.export and "export" in self.desk.get and self.desk.may("data.export"):
            heading = [str(one.label) for one in self.headings]
            kind = self.desk.get.get("export", "")
            return exports.noted(self.desk, kind, self.export, heading, self.rows)
        shown = {"title": self.title, "here": self.here, "report": self, **self.context}
        return self.desk.page(self.template, shown)

    @property
    def data(self) -> dict[str, Any] | None:
        """The chart's data."""
        return None if self.chart is None else self.chart.data()

    @property
    def lines(self) -> list[list[tuple[Heading, Any]]]:
        """The table's rows, each value with its column."""
        return [list(zip(self.headings, row, strict=True)) for row in self.rows]

    @property
    def total_line(self) -> list[tuple[Heading, Any]]:
        """The table's last line, which begins with a word whatever its column holds."""
        if not self.total:
            return []
        first, *others = self.headings
        return list(zip([Heading(first.label, "text"), *others], self.total, strict=True))

    @property
    def exports(self) -> list[tuple[str, str]]:
        """The files that can be made of it: what they are called, and where they are."""
        if not self.export or not self.desk.may("data.export"):
            return []
        found = []
        for kind, name in (("csv", "CSV"), ("xlsx", "Excel")):
            query = self.desk.get.copy()
            query["export"] = kind
            found.append((name, f"{self.desk.request.path}?{query.urlencode()}"))
        return found
