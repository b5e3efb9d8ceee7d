"""What comes from a counter, read exactly: each check returns the value, or refuses it by its name."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Final

from regulars.rules import values
from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_line

_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(?:[.,][0-9]{1,6})?")
_BIGGEST_ID: Final = 2**63 - 1


def whole(value: object, field: str, *, least: int = 1, most: int = values.MAX_POINTS) -> int:
    """A whole number, or InvalidInput."""
    if isinstance(value, float) and value.is_integer():  # JSON does not tell 2.0 from 2
        value = int(value)
    return values.whole_number(value, field=field, least=least, most=most)


def identifier(value: object, field: str, *, required: bool = False) -> int | None:
    """The id of a record, None for none, or InvalidInput."""
    if value is None and not required:
        return None
    return whole(value, field, most=_BIGGEST_ID)


def text(value: object, field: str, *, most: int, required: bool = False) -> str:
    """One line of text, empty for none, or InvalidInput."""
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise InvalidInput.at(field, "must be text")
    return clean_line(value, field=field, max_length=most, required=required)


def flag(value: object, field: str) -> bool:
    """True or false, which is also none, or InvalidInput."""
    if value is not None and not isinstance(value, bool):
        raise InvalidInput.at(field, "must be true or false")
    return value is True


def amount(value: object, field: str) -> Decimal:
    """An amount with a point or a comma, in hundredths, or InvalidInput."""
    said = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(said, str) or _AMOUNT.fullmatch(said.strip()) is None:
        raise InvalidInput.at(field, "must be an amount such as 12.50")
    try:
        return values.amount(Decimal(said.strip().replace(",", ".")), field=field, digits=14, places=2)
    except InvalidOperation:
        raise InvalidInput.at(field, "must be an amount such as 12.50") from None


def day(value: object, field: str) -> dt.date | None:
    """A date written YYYY-MM-DD, None for none, or InvalidInput."""
    if value is None or value == "":
        return None
    try:
        return dt.date.fromisoformat(value if isinstance(value, str) and _DAY.fullmatch(value) else "")
    except ValueError:
        raise InvalidInput.at(field, "must be a date written YYYY-MM-DD") from None


def moment(value: object, field: str) -> dt.datetime | None:
    """A point in time in ISO 8601 with its offset, None for none, or InvalidInput."""
    if value is None or value == "":
        return None
    try:
        found = dt.datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise InvalidInput.at(field, "must be a time in ISO 8601") from None
    if found.tzinfo is None:
        raise InvalidInput.at(field, "must say its time zone")
    return found
