"""Filters of lists: chips that each narrow the rows by one thing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

Text = str | Promise
Rows = QuerySet[Any]
_LONGEST: Final = 100
# Days beyond are as good as these, and can be told in any zone and reckoned with.
_EARLIEST: Final = dt.date(1900, 1, 1)
_LATEST: Final = dt.date(2199, 12, 31)
_TO: Final = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Field:
    """One control of a filter, as it is drawn: kind `select`, `date`, `text` or `number`."""

    name: str
    label: Text
    kind: str
    value: str
    choices: Sequence[tuple[str, Text]] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """What all filters have: the name of its parameter and its label."""

    name: str
    label: Text

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters of the address that belong to it."""
        return (self.name,)

    def value(self, query: QueryDict, name: str = "") -> str:
        """What the address says."""
        return query.get(name or self.name, "").replace("\0", "").strip()[:_LONGEST]

    def chosen(self, query: QueryDict) -> bool:
        """Whether it narrows anything."""
        return any(self.value(query, name) for name in self.parameters)

    def fields(self, query: QueryDict) -> list[Field]:
        """Its controls."""
        raise NotImplementedError

    def told(self, query: QueryDict) -> str:
        """What is chosen, for people; empty for nothing."""
        raise NotImplementedError

    def narrowed(self, rows: Rows, query: QueryDict) -> Rows:
        """The rows that it leaves. What it does not understand narrows nothing."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Choice(Filter):
    """One of a few values; `apply` narrows the rows by one of them."""

    choices: Sequence[tuple[str, Text]]
    apply: Callable[[Rows, str], Rows]
    usual: Text = ""

    def fields(self, query: QueryDict) -> list[Field]:
        """A select."""
        everything = ("", self.usual or _("All"))
        return [Field(self.name, self.label, "select", self._known(query), [everything, *self.choices])]

    def _known(self, query: QueryDict) -> str:
        value = self.value(query)
        return value if value in {str(key) for key, _label in self.choices} else ""

    def chosen(self, query: QueryDict) -> bool:
        """Whether one of the choices is chosen."""
        return bool(self._known(query))

    def told(self, query: QueryDict) -> str:
        """The label of the choice."""
        value = self._known(query)
        return next((str(label) for key, label in self.choices if str(key) == value), "") if value else ""

    def narrowed(self, rows: Rows, query: QueryDict) -> Rows:
        """Those of the choice."""
        value = self._known(query)
        return self.apply(rows, value) if value else rows


def flag(name: str, label: Text, apply: Callable[[Rows, bool], Rows]) -> Choice:
    """A filter by yes or no."""
    return Choice(
        name, label, (("1", _("Yes")), ("0", _("No"))), lambda rows, value: apply(rows, value == "1")
    )


def day_of(text: str) -> dt.date | None:
    """The day that an address says as YYYY-MM-DD, of the years 1900 to 2199; None where it says none.

    One beyond those years becomes the first or the last of them: what lists and reports tell happened
    between, and near the ends of the calendar a zone has no midnight.
    """
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return None if day is None else min(max(day, _EARLIEST), _LATEST)


@dataclass(frozen=True, slots=True)
class Days(Filter):
    """From one day to another, both inclusive; `apply` takes the two, None where one is open."""

    apply: Callable[[Rows, dt.date | None, dt.date | None], Rows]

    @property
    def parameters(self) -> tuple[str, ...]:
        """From and to."""
        return (f"{self.name}_from", f"{self.name}_to")

    def _days(self, query: QueryDict) -> tuple[dt.date | None, dt.date | None]:
        first, last = (day_of(self.value(query, name)) for name in self.parameters)
        return first, last

    def chosen(self, query: QueryDict) -> bool:
        """Whether one of them is a day."""
        return any(self._days(query))

    def fields(self, query: QueryDict) -> list[Field]:
        """Two days."""
        values = [day.isoformat() if day else "" for day in self._days(query)]
        labels = (_("From"), _("To"))
        return [
            Field(name, label, "date", value)
            for name, label, value in zip(self.parameters, labels, values, strict=True)
        ]

    def told(self, query: QueryDict) -> str:
        """The two days."""
        first, last = ((date_format(day, "SHORT_DATE_FORMAT") if day else "") for day in self._days(query))
        if first and last:
            return f"{first} {_TO} {last}"
        if first:
            return _("from %(day)s") % {"day": first}
        return _("until %(day)s") % {"day": last} if last else ""

    def narrowed(self, rows: Rows, query: QueryDict) -> Rows:
        """Those of the days."""
        first, last = self._days(query)
        return self.apply(rows, first, last) if first or last else rows


def moments(name: str, label: Text, column: str, zone: ZoneInfo) -> Days:
    """A filter by the days, in a zone, of a column that holds moments."""

    def apply(rows: Rows, first: dt.date | None, last: dt.date | None) -> Rows:
        if first is not None:
            rows = rows.filter((f"{column}__gte", dt.datetime.combine(first, dt.time(), zone)))
        if last is not None:
            after = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), zone)
            rows = rows.filter((f"{column}__lt", after))
        return rows

    return Days(name, label, apply)


@dataclass(frozen=True, slots=True)
class Containing(Filter):
    """A text; `apply` narrows the rows by it."""

    apply: Callable[[Rows, str], Rows]

    def fields(self, query: QueryDict) -> list[Field]:
        """A line of text."""
        return [Field(self.name, self.label, "text", self.value(query))]

    def told(self, query: QueryDict) -> str:
        """The text."""
        return self.value(query)

    def narrowed(self, rows: Rows, query: QueryDict) -> Rows:
        """Those with the text."""
        value = self.value(query)
        return self.apply(rows, value) if value else rows


@dataclass(frozen=True, slots=True)
class Least(Filter):
    """From one whole number to another; `apply` takes the two, None where one is open."""

    apply: Callable[[Rows, int | None, int | None], Rows]

    @property
    def parameters(self) -> tuple[str, ...]:
        """From and to."""
        return (f"{self.name}_min", f"{self.name}_max")

    def _numbers(self, query: QueryDict) -> tuple[int | None, int | None]:
        texts = [self.value(query, name) for name in self.parameters]
        first, last = (int(text) if _is_whole(text) else None for text in texts)
        return first, last

    def chosen(self, query: QueryDict) -> bool:
        """Whether one of them is a number."""
        return any(number is not None for number in self._numbers(query))

    def fields(self, query: QueryDict) -> list[Field]:
        """Two numbers."""
        labels = (_("At least"), _("At most"))
        return [
            Field(name, label, "number", "" if number is None else str(number))
            for name, label, number in zip(self.parameters, labels, self._numbers(query), strict=True)
        ]

    def told(self, query: QueryDict) -> str:
        """The two numbers."""
        first, last = self._numbers(query)
        if first is not None and last is not None:
            return f"{first} {_TO} {last}"
        if first is not None:
            return _("at least %(number)s") % {"number": first}
        return _("at most %(number)s") % {"number": last} if last is not None else ""

    def narrowed(self, rows: Rows, query: QueryDict) -> Rows:
        """Those between the numbers."""
        first, last = self._numbers(query)
        return rows if first is None and last is None else self.apply(rows, first, last)


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 10  # noqa: PLR2004 - fits every column
