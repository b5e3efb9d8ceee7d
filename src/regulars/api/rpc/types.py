"""The types of the RPC dialect's fields: each reads text from a request, prints a value, and compares.

A type is used by the table of entities alone; methods, filters and the documentation follow from it.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import CharField, F, Model, Q
from django.db.models.functions import Cast, TruncSecond

from regulars import db
from regulars.api.rpc.lookups import column_of, id_by_code, matches
from regulars.api.rpc.method import Caller
from regulars.members import phones
from regulars.members import queries as members
from regulars.rules import occasions
from regulars.rules.errors import Conflict, InvalidInput, NotFound, Refusal
from regulars.rules.text import clean_line, clean_text
from regulars.rules.values import MAX_POINTS

Printed = str | int | None

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}(\.0{0,6})?")
_DECIMAL: Final = re.compile(r"[+-]?([0-9]{1,14}(\.[0-9]{0,12})?|\.[0-9]{1,12})")
_MOMENT: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2})?))?")
_FLAGS: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_EARLIEST_YEAR, _LATEST_YEAR = 1900, 2200


def plain(number: Decimal) -> str:
    """A decimal without an exponent and without zeros at its end."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def local(caller: Caller, moment: dt.datetime) -> str:
    """A moment in the business's own time, as the dialect prints it."""
    return f"{moment.astimezone(ZoneInfo(caller.timezone)):%Y-%m-%d %H:%M:%S}"


def read_moment(caller: Caller, name: str, text: str) -> tuple[dt.datetime, dt.timedelta]:
    """A date, or a date with a time of the business's own clock: its beginning, and how long it lasts.

    Raises:
        InvalidInput: it is neither, or not in the calendar.
    """
    found = _MOMENT.fullmatch(text.strip())
    problem = InvalidInput.at(name, "must be a date such as 2026-03-31, or with a time 2026-03-31 17:45:00")
    if found is None:
        raise problem
    day, clock = found[1], found[2]
    try:
        naive = dt.datetime.fromisoformat(f"{day} {clock or '00:00'}")
    except ValueError:
        raise problem from None
    if not _EARLIEST_YEAR <= naive.year <= _LATEST_YEAR:
        raise InvalidInput.at(name, f"must be between the years {_EARLIEST_YEAR} and {_LATEST_YEAR}")
    zone = ZoneInfo(caller.timezone)
    begins = naive.replace(tzinfo=zone).astimezone(dt.UTC)
    if clock:
        return begins, dt.timedelta(seconds=1 if clock.count(":") > 1 else 60)
    ends = (naive + dt.timedelta(days=1)).replace(tzinfo=zone).astimezone(dt.UTC)
    return begins, ends - begins


@dataclass(frozen=True, slots=True)
class FieldType:
    """What a field holds. `empty` is what a field that is sent empty becomes."""

    empty: Any = None

    def label(self, model: type[Model], column: str) -> str:
        """What the documentation says that it is."""
        raise TypeError(f"{type(self).__name__} says nothing of itself")

    def read(self, caller: Caller, name: str, text: str) -> Any:
        """The value behind a text that is not empty.

        Raises:
            InvalidInput: it cannot be one; the message names the field.
            NotFound: it refers to nothing.
        """
        return text

    def show(self, caller: Caller, value: Any) -> Printed:
        """A stored value, as either driver gives it, as it is printed."""
        printed: Printed = value
        return printed

    def where(self, caller: Caller, name: str, column: str, text: str) -> Q:
        """The condition that a stored value equals the text of a filter, in which `*` is any text."""
        if "*" in text:
            return matches(self.as_text(caller, column), text.strip(), name)
        return Q(**{column: self.read(caller, name, text)})

    def as_text(self, caller: Caller, column: str) -> Any:
        """The expression that a filter with `*` is compared with."""
        return Cast(F(column), CharField())


@dataclass(frozen=True, slots=True)
class Text(FieldType):
    """Free text; also codes, phones and e-mail addresses, which the rooms check."""

    empty: Any = ""
    kind: str = "text"
    most: int | None = None

    def label(self, model: type[Model], column: str) -> str:
        """See `FieldType`."""
        most = self.most or getattr(column_of(model, column), "max_length", None)
        return f"{self.kind}, at most {most} characters" if most else self.kind

    def where(self, caller: Caller, name: str, column: str, text: str) -> Q:
        """See `FieldType`."""
        said = clean_text(text, field=name, max_length=1000)
        found = matches(F(column), said, name)
        line = clean_line(text, field=name, max_length=1000)
        # What is one line is stored with single spaces and without marks of direction.
        return found if line == said else found | matches(F(column), line, name)


@dataclass(frozen=True, slots=True)
class Phone(Text):
    """A phone number, stored in international form and found however it is written."""

    def where(self, caller: Caller, name: str, column: str, text: str) -> Q:
        """See `FieldType`."""
        as_written = Text.where(self, caller, name, column, text)
        try:
            return as_written | Q(**{column: phones.normalise(text, country=caller.country)})
        except InvalidInput:  # a part of one, with a wildcard
            return as_written


@dataclass(frozen=True, slots=True)
class Whole(FieldType):
    """A whole number from `least` to `most`. With `none_at_zero`, 0 says that there is none."""

    least: int = 0
    most: int = MAX_POINTS
    none_at_zero: bool = False

    def label(self, model: type[Model], column: str) -> str:
        """See `FieldType`."""
        none = " (none)" if self.none_at_zero else ""
        return f"whole number from {self.least:,}{none} to {self.most:,}"

    def read(self, caller: Caller, name: str, text: str) -> int | None:
        """See `FieldType`."""
        if _WHOLE.fullmatch(text.strip()):
            number = int(Decimal(text.strip()))
            if self.none_at_zero and number == 0:
                return None
            if self.least <= number <= self.most:
                return number
        raise InvalidInput.at(name, f"must be a whole number from {self.least} to {self.most}")


@dataclass(frozen=True, slots=True)
class Number(FieldType):
    """An exact decimal with so many `places`; `padded` ones are printed with all of them, as money is."""

    places: int = 2
    padded: bool = True
    signed: bool = False

    def label(self, model: type[Model], column: str) -> str:
        """See `FieldType`."""
        return f"number, at most {self.places} decimals"

    def read(self, caller: Caller, name: str, text: str) -> Decimal:
        """See `FieldType`."""
        if _DECIMAL.fullmatch(text.strip()) is None:
            raise InvalidInput.at(name, "must be a number such as 12.50")
        number = Decimal(text.strip())
        rounded = round(number, self.places)
        if rounded != number:
            raise InvalidInput.at(name, f"must have at most {self.places} decimals")
        if number < 0 and not self.signed:
            raise InvalidInput.at(name, "must not be negative")
        if abs(number) >= Decimal(10) ** 10:
            raise InvalidInput.at(name, "is too large")
        return rounded

    def show(self, caller: Caller, value: Any) -> Printed:
        """See `FieldType`."""
        if value is None:
            return None
        # SQLite keeps a decimal as a binary number, exact in as many digits as it was written with.
        number = value if isinstance(value, Decimal) else round(Decimal(str(value)), self.places)
        return f"{number:.{self.places}f}" if self.padded else plain(number)


@dataclass(frozen=True, slots=True)
class Flag(FieldType):
    """Yes or no."""

    empty: Any = False

    def label(self, model: type[Model], column: str) -> str:
        """See `FieldType`."""
        return "1 or 0 (also true/false, yes/no)"

    def read(self, caller: Caller, name: str, text: str) -> bool:
        """See `FieldType`."""
        flag = _FLAGS.get(text.strip().lower())
        if flag is None:
            raise InvalidInput.at(name, "must be 1 or 0, true or false, yes or no")
        return flag

    def show(self, caller: Caller, value: Any) -> Printed:
        """See `FieldType`."""
        return int(bool(value))


@dataclass(frozen=True, slots=True)
class Standing(FieldType):
    """Whether a member may collect and redeem, told from their flag of suspension."""

    def show(self, caller: Caller, value: Any) -> Printed:
        """See `FieldType`."""
        return "suspended" if value else "active"


@dataclass(frozen=True, slots=True)
class Day(FieldType):
    """A date. In a filter `*` may stand for a part of it: `*-12-24`."""

    def label(self, model: type[Model], column: str) -> str:
        """See `FieldType`."""
        return "date, YYYY-MM-DD"

    def read(self, caller: Caller, name: str, text: str) -> dt.date:
        """See `FieldType`."""
        begins, _ = read_moment(caller, name, text)
        return begins.astimezone(ZoneInfo(caller.timezone)).date()

    def show(self, caller: Caller, value: Any) -> Printed:
        """See `FieldType`."""
        return None if value is None else db.to_date(value).isoformat()


@dataclass(frozen=True, slots=True)
class Moment(FieldType):
    """A point in time, in the business's own time zone. A filter with a date alone means the whole day."""

    def label(self, model: type[Model], column: str) -> str:
        """See `FieldType`."""
        return "date or date and time, YYYY-MM-DD HH:MM:SS, in the time zone of the business"

    def read(self, caller: Caller, name: str, text: str) -> dt.datetime:
        """See `FieldType`."""
        return read_moment(caller, name, text)[0]

    def show(self, caller: Caller, value: Any) -> Printed:
        """See `FieldType`."""
        return None if value is None else local(caller, db.to_moment(value))

    def as_text(self, caller: Caller, column: str) -> Any:
        """See `FieldType`."""
        return Cast(TruncSecond(column, tzinfo=caller.zone), CharField())

    def where(self, caller: Caller, name: str, column: str, text: str) -> Q:
        """See `FieldType`."""
        if "*" in text:
            return FieldType.where(self, caller, name, column, text)
        begins, lasts = read_moment(caller, name, text)
        return Q(**{f"{column}__gte": begins, f"{column}__lt": begins + lasts})


@dataclass(frozen=True, slots=True)
class Event(FieldType):
    """An event on which something is given: its name, or its number in the original product."""

    empty: Any = ""
    of_vouchers: bool = False

    def label(self, model: type[Model], column: str) -> str:
        """See `FieldType`."""
        names = occasions.VOUCHER_EVENTS if self.of_vouchers else occasions.PROMOTION_EVENTS
        return "one of " + ", ".join(f"{name} ({number})" for number, name in names.items())

    def read(self, caller: Caller, name: str, text: str) -> str:
        """See `FieldType`."""
        if self.of_vouchers:
            return occasions.parse_voucher_event(text)
        return occasions.parse_promotion_event(text)


class NewGroup(str):
    """The code of a group that is unknown yet and is made with the change that names it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Ref(FieldType):
    """The code of another record. A `made` one is made when it is unknown (groups)."""

    model: type[Model] | None = None
    kind: str = ""
    made: bool = False

    def label(self, model: type[Model], column: str) -> str:
        """See `FieldType`."""
        return f"code of a {self.kind}" + (", made when unknown" if self.made else "")

    def read(self, caller: Caller, name: str, text: str) -> Any:
        """See `FieldType`."""
        if self.model is None:
            raise TypeError("a reference refers to a table")
        code = text.strip()
        found = id_by_code(self.model, name, code)
        if found is not None:
            return found
        if self.made:
            return NewGroup(code)
        raise NotFound(f"There is no {self.kind} with code {code}.", fields={name: f"{code} is unknown"})

    def where(self, caller: Caller, name: str, column: str, text: str) -> Q:
        """See `FieldType`."""
        return matches(F(column), clean_text(text, field=name, max_length=50), name)


@dataclass(frozen=True, slots=True)
class MemberRef(FieldType):
    """A member's code; also their secondary code, e-mail or cell when exactly one member has it."""

    def label(self, model: type[Model], column: str) -> str:
        """See `FieldType`."""
        return "code of a member, or their secondary code, e-mail or cell"

    def read(self, caller: Caller, name: str, text: str) -> int:
        """See `FieldType`."""
        reference = clean_text(text, field=name, max_length=254, required=True)
        try:
            return members.find_member(business_id=caller.business_id, reference=reference)
        except Conflict as several:
            raise NotFound(several.message, fields={name: f"{reference} fits several members"}) from several

    def where(self, caller: Caller, name: str, column: str, text: str) -> Q:
        """See `FieldType`."""
        if "*" in text:
            return matches(F(column), text.strip(), name)
        try:
            return Q(**{column.removesuffix("__code") + "_id": self.read(caller, name, text)})
        except InvalidInput:
            raise
        except Refusal:  # a filter that finds nobody is no mistake
            return Q(pk__in=())
