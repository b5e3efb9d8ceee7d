"""Vouchers: who may have one, what its codes are worth and until when, and when one is due by itself.

Unless a function says otherwise these are the product's own rules; the RPC dialect names the fields.
"""

from __future__ import annotations

import calendar
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import MINYEAR, date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final

from regulars.rules import values
from regulars.rules.errors import Conflict, InvalidInput, Suspended

CURRENCY: Final = 0
PERCENT: Final = 1
POINTS: Final = 2

# Capital letters and digits without look-alikes: no 0 O, no 1 I L, no 2 Z, no 5 S, no 8 B.
CODE_CHARACTERS: Final = "34679ACDEFGHJKMNPQRTUVWXY"
CODE_LENGTH: Final = 11
_CODES: Final = len(CODE_CHARACTERS) ** CODE_LENGTH
CENT: Final = Decimal("0.01")
HUNDRED: Final = Decimal(100)


class NotEligible(Conflict):
    """The voucher is not for this member, branch or day."""

    code = "voucher_not_eligible"


class LimitReached(Conflict):
    """The member has had as many codes of this voucher as one member may have. Details: `limit`."""

    code = "voucher_limit_reached"


class AlreadyRedeemed(Conflict):
    """The voucher code was redeemed before. Details: `redeemed_at`."""

    code = "voucher_already_redeemed"


class NotRedeemed(Conflict):
    """The voucher code has not been redeemed, so there is nothing to undo."""

    code = "voucher_not_redeemed"


class Expired(Conflict):
    """The last day of the voucher code has passed. Details: `expires_on`."""

    code = "voucher_expired"


class NotYetValid(Conflict):
    """The first day of the voucher is yet to come. Details: `date_from`."""

    code = "voucher_not_yet_valid"


class ReservedElsewhere(Conflict):
    """Another till holds the voucher code for now. Details: `reserved_until`."""

    code = "voucher_reserved"


class NotReserved(Conflict):
    """There is no such reservation of the voucher code, or it has run out."""

    code = "voucher_not_reserved"


class BelowMinimum(Conflict):
    """The sale is smaller than the voucher demands. Details: `min_value`."""

    code = "voucher_below_minimum"


class WrongBranch(Conflict):
    """The voucher is for another branch."""

    code = "voucher_wrong_branch"


class WrongSku(Conflict):
    """The voucher is for another SKU."""

    code = "voucher_wrong_sku"


@dataclass(frozen=True, slots=True)
class Terms:
    """To whom a voucher may be issued. Both dates are inclusive business days; None restricts nothing."""

    date_from: date | None = None
    date_to: date | None = None
    group_id: int | None = None
    branch_id: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What of a member decides about vouchers."""

    suspended: bool = False
    group_id: int | None = None
    branch_id: int | None = None


def check_eligible(
    terms: Terms,
    *,
    today: date,
    person: Person | None,
    branch_id: int | None = None,
    by_itself: bool = False,
) -> None:
    """Refuse to issue a voucher against its terms.

    `person` is None when whoever bears it may use it: a voucher for a group is refused then. `branch_id` is
    where it is issued, when somebody said so. What is issued `by_itself` needs the voucher's branch to be the
    member's own.

    Raises:
        Suspended: the member is suspended.
        NotEligible: the day, the group or the branch is another one.
    """
    if person is not None and person.suspended:
        raise Suspended("This customer is suspended and can neither collect nor redeem.")
    if terms.date_from is not None and today < terms.date_from:
        raise NotEligible(f"This voucher is issued from {terms.date_from} on.")
    if terms.date_to is not None and today > terms.date_to:
        raise NotEligible(f"This voucher was issued up to {terms.date_to}.")
    if terms.group_id is not None and (person is None or person.group_id != terms.group_id):
        raise NotEligible(
            "This voucher is for the members of a group.",
            fields={"member_id": "is not in the voucher's group"},
        )
    if terms.branch_id is None:
        return
    if by_itself and branch_id is None:
        branch_id = person.branch_id if person is not None else None
    if (by_itself or branch_id is not None) and branch_id != terms.branch_id:
        raise NotEligible(
            "This voucher is for another branch.", fields={"branch_id": "is not the voucher's branch"}
        )


def expiry(issued_on: date, *, expires_after_days: int | None, date_to: date | None) -> date | None:
    """The last day to redeem a code: so many days after its issue, and no later than the voucher's last day.

    None is for ever. It is fixed when the code is issued.
    """
    last = None
    if expires_after_days is not None:
        days = min(expires_after_days, (date.max - issued_on).days)
        last = issued_on + timedelta(days=days)
    if date_to is None:
        return last
    return date_to if last is None else min(last, date_to)


def shares(points: int, number: int) -> list[int]:
    """`points` dealt out to `number` codes as evenly as whole points allow, the larger shares first.

    Raises:
        ValueError: fewer than one code, or fewer than no points.
    """
    if number < 1 or points < 0:
        raise ValueError(f"cannot deal {points} points to {number} codes")
    share, left = divmod(points, number)
    return [share + 1] * left + [share] * (number - left)


def points_worth(points: int | Decimal, point_value: Decimal) -> Decimal:
    """What points are worth in currency, rounded down to a hundredth."""
    return (points * point_value).quantize(CENT, rounding=ROUND_DOWN)


def code_value(
    *,
    value: Decimal,
    value_type: int,
    force_value: Decimal | None = None,
    points_used: int = 0,
    point_value: Decimal,
) -> Decimal:
    """What one code is worth: percent for value type 1, an amount of currency for 0 and 2.

    `force_value` is that amount or percentage itself. Otherwise type 2 turns points into currency: as many as
    `value` says or, when it is 0, the code's share of the points that the issue took.
    """
    if force_value is not None:
        return force_value
    if value_type != POINTS:
        return value
    return points_worth(value or points_used, point_value)


def taken_off(value: Decimal, value_type: int, sale_value: Decimal | None) -> Decimal | None:
    """What a voucher takes off a sale, in currency; None for a percentage of a sale that nobody told.

    Never more than the sale: nobody gets money back.
    """
    if value_type != PERCENT:
        return value if sale_value is None or sale_value < 0 else min(value, sale_value)
    if sale_value is None or sale_value < 0:
        return None
    return min((sale_value * value).scaleb(-2).quantize(CENT, ROUND_HALF_UP), sale_value)


def check_value(value: Decimal | int, *, field: str, value_type: int) -> Decimal:
    """A value that a voucher or a code may have, in hundredths.

    Raises:
        InvalidInput: it is negative, too large, has more than two decimal places, or is over 100 percent.
    """
    exact = values.amount(value, field=field, digits=14, places=2)
    if value_type == PERCENT and exact > HUNDRED:
        raise InvalidInput.at(field, "must be at most 100 when value_type is 1 (percent)")
    return exact


def points_for_value(value: Decimal, *, value_type: int, point_value: Decimal) -> int:
    """How many points reach a voucher's value: `value` itself for type 2, else what it costs in points.

    Rounded up: fewer points would be worth less.
    """
    worth = Decimal(1) if value_type == POINTS else point_value
    whole = int(value // worth)
    return whole if whole * worth == value else whole + 1


def codes_due(balance: int, *, reach: int, price: int) -> int:
    """How many codes a balance buys at once: each needs a balance of `reach` and takes `price`.

    Raises:
        ValueError: a code would cost nothing, so that there were no end of them.
    """
    if price < 1:
        raise ValueError("a code that is issued by itself and again costs at least one point")
    if balance < max(reach, price):
        return 0
    return min(balance // price, (balance - reach) // price + 1)


def window_start(day: date, months: int | None) -> date | None:
    """The first day of the window of `months` that ends with `day`, both counted; None: it never began.

    It starts on the day after the same day of the month so many months ago (or that month's last day).

    Raises:
        ValueError: fewer than one month.
    """
    if months is None:
        return None
    if months < 1:
        raise ValueError(f"a window has at least one month, not {months}")
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    if year < MINYEAR:
        return None
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1])) + timedelta(days=1)


def triggered_within(days: Iterable[date], day: date, months: int | None) -> bool:
    """Whether one of `days` lies in one window with `day`: then the trigger must not fire again.

    Days after `day` count too: postings may be dated back.
    """
    for other in days:
        start = window_start(max(other, day), months)
        if start is None or min(other, day) >= start:
            return True
    return False


def new_code() -> str:
    """A random voucher code: 11 capital letters and digits without look-alikes, about 51 random bits."""
    # One draw for all characters: ten thousand codes are made while nobody else can write.
    rest, code = secrets.randbelow(_CODES), ""
    for _ in range(CODE_LENGTH):
        rest, place = divmod(rest, len(CODE_CHARACTERS))
        code += CODE_CHARACTERS[place]
    return code
