"""What the filters of members may be given: from a form, an address or JSON to what is kept."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, Final

from django.db.models import F
from django_scopes import scope

from regulars.members.matching import matches
from regulars.members.models import MemberGroup
from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_text
from regulars.rules.values import MAX_POINTS
from regulars.tenants.models import Branch
from regulars.tenants.queries import own

Value = str | int | bool

# In place of a group's or a branch's id: in none.
NONE: Final = 0
TEXT_LENGTH: Final = 300
MOST_DAYS: Final = 36_500
_BIGGEST_ID: Final = 2**63 - 1
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_DAY: Final = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_FLAGS: Final = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False}


def read(kind: str, value: Any, *, field: str, business_id: int) -> Value:
    """A filter's value as it is kept. `kind` is one of `filters.Filter`.

    Raises:
        InvalidInput: the filter cannot have this value; the message names it.
        NotFound: the business has no such group or branch.
    """
    match kind:
        case "group" | "branch":
            number = _whole(value, field, 0, _BIGGEST_ID)
            with scope(business=business_id):
                own({"group": MemberGroup, "branch": Branch}[kind], number or None, field)
            return number
        case "whole" | "days" | "month":
            least, most = _RANGES[kind]
            return _whole(value, field, least, most)
        case _:
            return _READERS[kind](value, field)


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput.at(field, "must be text")
    text = clean_text(value, field=field, max_length=TEXT_LENGTH)
    matches(F("name"), text, field)  # refuses too many wildcards
    return text


def _flag(value: Any, field: str) -> bool:
    found = value if isinstance(value, bool) else _FLAGS.get(str(value).strip().lower())
    if found is None:
        raise InvalidInput.at(field, "must be true or false")
    return found


def _day(value: Any, field: str) -> str:
    try:
        # Python alone would also take 20260331.
        return dt.date.fromisoformat(value if _DAY.fullmatch(str(value)) else "").isoformat()
    except ValueError:
        expected = "must be a date written YYYY-MM-DD, between the years 1900 and 2199"
        raise InvalidInput.at(field, expected) from None


def _whole(value: Any, field: str, least: int, most: int) -> int:
    text = "" if isinstance(value, bool) else str(value).strip()
    number = int(text) if _WHOLE.fullmatch(text) else None
    if number is None or not least <= number <= most:
        raise InvalidInput.at(field, f"must be a whole number from {least} to {most}")
    return number


_RANGES: Final = {"whole": (-MAX_POINTS, MAX_POINTS), "days": (1, MOST_DAYS), "month": (1, 12)}
_READERS: Final[dict[str, Callable[[Any, str], Value]]] = {"text": _text, "flag": _flag, "day": _day}
