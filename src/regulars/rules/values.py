"""Numbers and days from outside, made fit to be stored."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from regulars.rules.errors import InvalidInput

# The most points that one record may give or ask for.
MAX_POINTS = 1_000_000_000

# When something may have happened. Two days are the end of tomorrow wherever a business is; what is dated
# further ahead is a mistake.
EARLIEST = datetime(1900, 1, 2, tzinfo=UTC)
MOST_AHEAD = timedelta(hours=48)


def whole_number(value: object, *, field: str, least: int = 0, most: int = MAX_POINTS) -> int:
    """A whole number from `least` to `most`.

    Raises:
        InvalidInput: it is not one; the message names `field`.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidInput.at(field, f"must be a whole number from {least} to {most}")
    return value


def amount(value: Decimal | int, *, field: str, digits: int, places: int) -> Decimal:
    """An exact decimal from 0 up, of at most `digits` digits, `places` of them after the point.

    It is never rounded: what does not fit is refused.

    Raises:
        InvalidInput: it is not one; the message names `field`.
    """
    number = Decimal(value)
    most = (Decimal(10) ** (digits - places)) - Decimal(1).scaleb(-places)
    if not number.is_finite() or not 0 <= number <= most:
        raise InvalidInput.at(field, f"must be a number from 0 to {most}")
    exact = number.quantize(Decimal(1).scaleb(-places))
    if exact != number:
        raise InvalidInput.at(field, f"must have at most {places} digits after the point")
    return abs(exact)


def moment(value: datetime, *, field: str, now: datetime) -> datetime:
    """When a document says that it happened: from 1900 on, up to the end of tomorrow in any time zone.

    Raises:
        InvalidInput: it is another time, or has no time zone; the message names `field`.
    """
    if value.tzinfo is None:
        raise InvalidInput.at(field, "must say its time zone")
    if not EARLIEST <= value <= now + MOST_AHEAD:
        hours = MOST_AHEAD // timedelta(hours=1)
        raise InvalidInput.at(field, f"must be from {EARLIEST.date()} (UTC) up to {hours} hours from now")
    return value


def check_days(date_from: date | None, date_to: date | None) -> None:
    """Refuse a first day after the last one. Either may be missing.

    Raises:
        InvalidInput: they are in the wrong order.
    """
    if date_from is not None and date_to is not None and date_from > date_to:
        raise InvalidInput.at("date_from", f"must not be after date_to ({date_to})")
