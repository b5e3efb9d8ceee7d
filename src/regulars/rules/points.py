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

REFUND_POLICIES = frozenset({"to_zero", "allow_negative", "keep"})


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
    """So many points to be taken out of one lot; below zero, to be put back into it."""

    lot_id: int
    points: int


@dataclass(frozen=True, slots=True)
class Reversal:
    """Earned points taken back: from which lots, how many in all, and how many could not be.

    `points` is more than the takes together when it leaves a debt.
    """

    takes: list[Take]
    points: int
    shortfall: int


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
    missing = _drain(order_lots(lots), points, takes)
    if missing:
        available = points - missing
        raise NotEnoughPoints(
            f"{points} points were asked for and {available} are available",
            fields={"points": f"were asked for: {points}, and {available} are available"},
            points=points,
            available=available,
        )
    return takes


def take_back(
    own: Iterable[Lot], others: Iterable[Lot], *, points: int, lapsed: int, policy: str
) -> Reversal:
    """How `points` that a document earned are taken back when it is worth less than before.

    `own` are the lots that it earned, the last of which goes first; after them go the `others` in the order
    of spending. No lot among them may have expired. `lapsed` says how many points have expired out of its
    own lots: as many are gone already and are not taken from others. What then is missing the refund policy
    of the business decides: "to_zero" takes what is there, "allow_negative" all of it, leaving a debt, and
    "keep" takes nothing in the first place.

    Raises:
        ValueError: less than one point is to be taken back, or nobody knows the policy.
    """
    _at_least_one(points)
    if policy not in REFUND_POLICIES:
        raise ValueError(f"there is no refund policy {policy!r}")
    if policy == "keep":
        return Reversal([], 0, points)
    takes: list[Take] = []
    missing = _drain(sorted(own, key=lambda lot: -lot.id), points, takes)
    gone = min(missing, lapsed)
    missing = _drain(order_lots(others), missing - gone, takes)
    if policy == "allow_negative":
        return Reversal(takes, points - gone, gone)
    return Reversal(takes, points - gone - missing, gone + missing)


def give_back(taken: Iterable[Lot], points: int, *, balance: int) -> list[Take]:
    """Which lots get how much back when `points` that were spent are returned at `balance`.

    `remaining` of each lot is here what was taken out of it. A debt is paid first; the rest goes back in the
    opposite order of spending, as if those points had never been asked for.

    Raises:
        ValueError: less than one point is returned, or more than the lots gave.
    """
    to_lots = earn(balance, points)
    takes: list[Take] = []
    if _drain(reversed(order_lots(taken)), to_lots, takes):
        raise ValueError(f"{points} points cannot be returned: fewer were taken")
    return [Take(lot_id=one.lot_id, points=-one.points) for one in takes]


def _drain(lots: Iterable[Lot], points: int, takes: list[Take]) -> int:
    """Take from one lot after the other, noting it in `takes`; how many points are missing in the end."""
    for lot in lots:
        given = min(lot.remaining, points)
        if given > 0:
            takes.append(Take(lot_id=lot.id, points=given))
            points -= given
    return points


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
