"""When a birthday is kept."""

from __future__ import annotations

import calendar
from datetime import date


def bonus_day(birthday: date, year: int) -> date:
    """The day in `year` on which the birthday bonus is due; 29 February falls on the 28th in common years.

    Only month and day of `birthday` count. The product's own rule: the REST dialect promises extra stamps
    "on birthday" and leaves leap years open.
    """
    if (birthday.month, birthday.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 2, 28)
    return birthday.replace(year=year)
