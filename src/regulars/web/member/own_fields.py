"""What customers type about themselves, the same on joining and in their profile: a birthday in three fields,
and what they are told about a name, a birthday or a phone number that cannot be kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from regulars.rules.errors import InvalidInput

_LONGEST: Final = 10
_NO_SUCH_DAY: Final = "is no day of the calendar"


@dataclass(frozen=True, slots=True)
class Birthday:
    """The three fields as they were typed."""

    day: str = ""
    month: str = ""
    year: str = ""

    @classmethod
    def of(cls, sent: Mapping[str, str]) -> Birthday:
        """From what a browser sent."""
        return cls(*(str(sent.get(name, "")).strip()[:_LONGEST] for name in ("day", "month", "year")))

    @classmethod
    def of_day(cls, born: dt.date | None) -> Birthday:
        """Of a birthday that is known, or of none."""
        return cls(str(born.day), str(born.month), str(born.year)) if born is not None else cls()

    @property
    def is_typed(self) -> bool:
        """Whether anything was typed."""
        return bool(self.day or self.month or self.year)

    def date(self) -> dt.date | None:
        """The day; None when nothing was typed.

        Raises:
            InvalidInput: it is no day, or a part is missing; `birthday` is named.
        """
        if not self.is_typed:
            return None
        try:
            return dt.date(int(self.year), int(self.month), int(self.day))
        except (ValueError, OverflowError) as error:
            is_whole = all(part.isdecimal() for part in (self.day, self.month, self.year))
            raise InvalidInput.at("birthday", _NO_SUCH_DAY if is_whole else "is not whole") from error


def name_told(problem: str) -> str:
    """What to do about a name."""
    if "web address" in problem:
        return _("Please leave web addresses out of your name, and put a space after each full stop.")
    if "at most" in problem:
        return _("This is too long. Please shorten it.")
    return _("Type your name, so that the shop can greet you.")


def birthday_told(problem: str) -> str:
    """What to do about a birthday."""
    if problem == _NO_SUCH_DAY:
        return _("There is no such day. Check the day and the month.")
    if "future" in problem:
        return _("This day is yet to come. Check the year.")
    if "or later" in problem:
        return _("This is too long ago. Check the year: all four digits of it are needed.")
    return _("Fill in the day, the month and the whole year, or leave all three empty.")


def phone_told(problem: str, *, usual: str) -> str:
    """What to do about a phone number; `usual` when it is not known what is wrong with it."""
    sentences = {
        "one digit short": _("This phone number is one digit short."),
        "one digit too many": _("This phone number has one digit too many."),
        "in use": _("There is no such phone number. Check its digits."),
        "too short": _("This phone number is too short. Is a digit missing?"),
        "too long": _("This phone number is too long. Is there a digit too many?"),
        "area code": _("Type the phone number with its area code."),
        "country code": _("Check the country code at the beginning of the phone number."),
    }
    return next((sentence for words, sentence in sentences.items() if words in problem), usual)
