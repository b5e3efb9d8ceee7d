"""The events on which promotions and vouchers give by themselves, and the occasions that happen once.

An event is a kind ("birthday"), an occasion is one time that it happens to a member ("birthday:2026").
Events are those of the RPC dialect, whose interfaces number them; which number means what is this table.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from regulars.rules import birthdays
from regulars.rules.errors import InvalidInput

SIGNUP: Final = "signup"
BIRTHDAY: Final = "birthday"
ANNIVERSARY: Final = "signup_anniversary"
FIRST_LOGIN: Final = "first_login"
MONTHLY: Final = "monthly"
QUICKSCAN: Final = "quickscan"
QUICKSCAN_BUTTON: Final = "quickscan_button"
POINTS_REACH_REQUIRED: Final = "points_reach_required"
POINTS_REACH_VALUE: Final = "points_reach_value"

PROMOTION_EVENTS: Final[Mapping[int, str]] = MappingProxyType(
    {
        1: SIGNUP,
        2: BIRTHDAY,
        3: ANNIVERSARY,
        4: FIRST_LOGIN,
        5: MONTHLY,
        6: QUICKSCAN,
        7: QUICKSCAN_BUTTON,
    }
)
VOUCHER_EVENTS: Final[Mapping[int, str]] = MappingProxyType(
    {
        1: MONTHLY,
        2: BIRTHDAY,
        3: FIRST_LOGIN,
        4: POINTS_REACH_REQUIRED,
        5: POINTS_REACH_VALUE,
        6: SIGNUP,
        7: ANNIVERSARY,
    }
)

# A document is deleted once: "sale:7:deleted".
DELETED: Final = "deleted"

SIGNUP_OCCASION: Final = "signup"
FIRST_LOGIN_OCCASION: Final = "first_login"


def parse_promotion_event(text: str) -> str:
    """The name under which a promotion's event is stored: from its name in any case, or its number.

    Empty text means no event and stays empty.

    Raises:
        InvalidInput: there is no such event; the message lists them.
    """
    return _parse(text, PROMOTION_EVENTS)


def parse_voucher_event(text: str) -> str:
    """The same for a voucher, whose events have other numbers.

    Raises:
        InvalidInput: there is no such event; the message lists them.
    """
    return _parse(text, VOUCHER_EVENTS)


def _parse(text: str, events: Mapping[int, str]) -> str:
    said = text.strip().lower()
    if not said:
        return ""
    for number, name in events.items():
        if said in {str(number), name}:
            return name
    known = ", ".join(f"{number} {name}" for number, name in events.items())
    raise InvalidInput.at("auto_allocate_on_event", f"must be one of these names or numbers: {known}")


def birthday_occasion(year: int) -> str:
    """A member's birthday in a year."""
    return f"birthday:{year}"


def anniversary_occasion(year: int) -> str:
    """The day in a year on which a member joined in an earlier one."""
    return f"anniversary:{year}"


def month_occasion(day: date) -> str:
    """The beginning of the month that `day` is in."""
    return f"month:{day:%Y-%m}"


def deleted_occasion(source: str) -> str:
    """That a document, such as "sale:7", was deleted."""
    return f"{source}:{DELETED}"


def is_month_start(day: date) -> bool:
    """Whether what is given monthly is given on this day: the 1st."""
    return day.day == 1


def kept_on(day: date) -> list[tuple[int, int]]:
    """The (month, day) pairs whose birthday or anniversary falls on `day`.

    It is the day itself; in common years 29 February falls on the 28th.
    """
    pairs = [(day.month, day.day)]
    if pairs == [(2, 28)] and not calendar.isleap(day.year):
        pairs.append((2, 29))
    return pairs


def anniversaries_on(day: date, *, since: int) -> list[date]:
    """The days of joining, from the year `since` on, whose anniversary falls on `day`, oldest first.

    The day of joining itself is none.
    """
    return [
        date(year, month, number)
        for year in range(since, day.year)
        for month, number in kept_on(day)
        if (month, number) != (2, 29) or calendar.isleap(year)
    ]


def is_anniversary(joined: date, day: date) -> bool:
    """Whether somebody who joined on `joined` has an anniversary on `day`."""
    return joined.year < day.year and birthdays.bonus_day(joined, day.year) == day


def days_due(done: date | None, today: date) -> Iterator[date]:
    """The days whose events are yet to be given: after `done` up to today; at the first time today alone."""
    day = today if done is None else done + timedelta(days=1)
    while day <= today:
        yield day
        day += timedelta(days=1)
