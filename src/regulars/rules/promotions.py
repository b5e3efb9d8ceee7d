"""What a sale earns: every promotion that matches it gives points, and the sum is rounded once.

The RPC dialect has promotions with `percent_of_spend` (points per 100 of spend) and `fixed_points_value` (on
top of it), limited to dates, a group of members, a branch, an SKU or a category. How they add up, what
rounding and the cap do, and what a refund takes back are the product's own rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Clamped, Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Final

# Wide enough for every sale and percentage that can be stored; should it ever not be, it says so.
_EXACT: Final = Context(prec=100, traps=[Inexact, InvalidOperation, Overflow, Clamped])


@dataclass(frozen=True, slots=True)
class Promotion:
    """Points for sales. Conditions that are None match every sale; both dates are inclusive."""

    id: int
    code: str
    percent_of_spend: Decimal
    fixed_points_value: int = 0
    date_from: date | None = None
    date_to: date | None = None
    group_id: int | None = None
    branch_id: int | None = None
    sku_id: int | None = None
    category_id: int | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A sale as promotions see it: `day` is the business's own, `category_id` that of its SKU."""

    total_value: Decimal
    day: date
    group_id: int | None = None
    branch_id: int | None = None
    sku_id: int | None = None
    category_id: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What one promotion gave: a whole number. The shares add up to what the sale earned before the cap."""

    promotion_id: int
    code: str
    points: int


@dataclass(frozen=True, slots=True)
class Earned:
    """What a sale is worth in points (of a refund: taken back, negative), and which promotions gave it."""

    points: int
    shares: tuple[Share, ...]


def matches(promotion: Promotion, purchase: Purchase) -> bool:
    """Whether a promotion gives points for this sale: every condition that it has must hold."""
    if promotion.date_from is not None and purchase.day < promotion.date_from:
        return False
    if promotion.date_to is not None and purchase.day > promotion.date_to:
        return False
    return (
        promotion.group_id in {None, purchase.group_id}
        and promotion.branch_id in {None, purchase.branch_id}
        and promotion.sku_id in {None, purchase.sku_id}
        and promotion.category_id in {None, purchase.category_id}
    )


def earn(purchase: Purchase, promotions: Iterable[Promotion], *, cap: int | None = None) -> Earned:
    """What a sale earns by all promotions that match it, each `percent_of_spend` points per 100 of its value.

    The exact sum is rounded down once. A share is what the rounded sum grew by with its promotion, in the
    order of their ids, so that the shares add up. `cap` is the most points that one sale may earn.

    A sale below zero is a refund: the percentages only, rounded toward zero, taken back, and never more than
    the cap. Fixed points are for coming to buy, and the refund does not undo that.
    """
    refund = purchase.total_value < 0
    exact, whole = Decimal(0), 0
    shares = []
    for promotion in sorted(promotions, key=lambda one: one.id):
        if not matches(promotion, purchase):
            continue
        by_value = _EXACT.multiply(purchase.total_value, promotion.percent_of_spend)
        exact = _EXACT.add(exact, _EXACT.scaleb(by_value, -2))
        if not refund:
            exact = _EXACT.add(exact, Decimal(promotion.fixed_points_value))
        grown = int(exact)  # toward zero, which is down for all that is earned
        shares.append(Share(promotion.id, promotion.code, grown - whole))
        whole = grown
    if cap is not None:
        whole = max(-cap, min(cap, whole))
    return Earned(whole, tuple(shares))
