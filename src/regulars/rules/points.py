"""Points lie in lots: every earning is a lot of its own, with the expiry date fixed when it was earned.

These are the product's own rules (neither dialect says how points expire). A later change of policy touches
later earnings only. A balance below zero, which a refund may leave, is a debt that no lot holds: whenever the
balance is not negative it is the sum of what remains in the lots, and while it is negative they are empty.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from regulars.rules.errors import NotEnoughPoints


@dataclass(frozen=True, slots=True)
class Lot:
    """The points left of one earning. `expires_on` is the last day to spend them, None for ever.

    `id` grows with the order of earning; `earned_id` is the ledger entry that earned them.
    """

    id: int
    remaining: int
    expires_on: date | None
    earned_id: int


@dataclass(frozen=True, slots=True)
class Take:
    """So many points to be taken out of one lot."""

    lot_id: int
    points: int


def order_lots(lots: Iterable[Lot]) -> list[Lot]:
    """The lots in the order of spending: soonest-expiring first, then the oldest, never-expiring last."""
    return sorted(lots, key=lambda lot: (lot.expires_on is None, lot.expires_on or date.max, lot.id))


def take(lots: Iterable[Lot], points: int) -> list[Take]:
    """Which lots give how much when `points` are spent, in the order of spending; empty lots give nothing.

    All lots that are passed may be spent: leave out the `expired` ones first.

    Raises:
        NotEnoughPoints: together the lots hold less.
        ValueError: less than one point is asked for.
    """
    _at_least_one(points)
    takes: list[Take] = []
    missing = points
    for lot in order_lots(lots):
        given = min(lot.remaining, missing)
        if given > 0:
            takes.append(Take(lot_id=lot.id, points=given))
            missing -= given
    if missing:
        available = points - missing
        raise NotEnoughPoints(
            f"{points} points were asked for and {available} are available",
            points=points,
            available=available,
        )
    return takes


def expired(lots: Iterable[Lot], today: date) -> list[Lot]:
    """The lots whose points nobody may spend any more. On the day of expiry itself they may be spent.

    `today` is the date in the business's own time zone.
    """
    return [lot for lot in lots if lot.expires_on is not None and lot.expires_on < today]


def earn(balance: int, points: int) -> int:
    """What a new lot of `points` holds when it is earned at `balance`: a debt is paid first.

    At -30, earning 50 leaves a lot of 20, and earning 10 leaves an empty one.

    Raises:
        ValueError: less than one point is earned.
    """
    _at_least_one(points)
    return max(0, points + min(balance, 0))


def expiry_date(earned_on: date, months: int | None) -> date | None:
    """The last day to spend what was earned on `earned_on`: `months` calendar months later.

    The day of the month stays where that month has it and is its last day otherwise, so 31 January and one
    month give 28 or 29 February. None means that points never expire.

    Raises:
        ValueError: fewer than one month, or a date past the year 9999.
    """
    if months is None:
        return None
    if months < 1:
        raise ValueError(f"points last at least one month, not {months}")
    years, month = divmod(earned_on.month - 1 + months, 12)
    year, month = earned_on.year + years, month + 1
    if year > date.max.year:
        raise ValueError(f"{months} months after {earned_on} there is no date")
    return date(year, month, min(earned_on.day, calendar.monthrange(year, month)[1]))


def _at_least_one(points: int) -> None:
    if points < 1:
        raise ValueError(f"points must be at least 1, not {points}")
