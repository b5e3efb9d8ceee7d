"""Promotions on sales: which match, what they give together, how it is rounded, and what a refund takes."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.promotions import Earned, Promotion, Purchase, Share, earn, matches

DAY = date(2026, 6, 1)
BASE = Promotion(id=1, code="P1", percent_of_spend=Decimal(10))

ids = st.one_of(st.none(), st.integers(1, 3))
days = st.one_of(st.none(), st.integers(-2, 2).map(lambda number: DAY + timedelta(days=number)))
percents = st.decimals(0, 99_999_999, places=4)
values = st.decimals(Decimal("-999999999999.99"), Decimal("999999999999.99"), places=2)
positive = st.decimals(Decimal("0.00"), Decimal("999999999999.99"), places=2)
negative = st.decimals(Decimal("-999999999999.99"), Decimal("-0.01"), places=2)
anything = st.builds(
    Promotion,
    id=st.integers(1, 1000),
    code=st.just("P"),
    percent_of_spend=percents,
    fixed_points_value=st.integers(0, 2**31 - 1),
    date_from=days,
    date_to=days,
    group_id=ids,
    branch_id=ids,
    sku_id=ids,
    category_id=ids,
)
promotion_lists = st.lists(anything, unique_by=lambda one: one.id, max_size=8)


@st.composite
def purchases(draw: st.DrawFn, amounts: st.SearchStrategy[Decimal] = values) -> Purchase:
    return Purchase(draw(amounts), DAY, draw(ids), draw(ids), draw(ids), draw(ids))


def exactly(purchase: Purchase, promotions: list[Promotion]) -> Fraction:
    """The points before rounding, by the words of the rule."""
    total = Fraction(0)
    for promotion in promotions:
        if matches(promotion, purchase):
            total += Fraction(promotion.percent_of_spend) * Fraction(purchase.total_value) / 100
            total += promotion.fixed_points_value if purchase.total_value >= 0 else 0
    return total


def test_points_per_hundred_and_fixed_points_on_top() -> None:
    sale = Purchase(Decimal("29.33"), DAY)
    assert earn(sale, [BASE]) == Earned(2, (Share(1, "P1", 2),))
    assert earn(sale, [replace(BASE, fixed_points_value=5)]).points == 7
    assert earn(sale, []) == Earned(0, ())


def test_the_sum_is_rounded_and_not_its_parts() -> None:
    sale = Purchase(Decimal("9.99"), DAY)
    three = [replace(BASE, id=number, percent_of_spend=Decimal(5)) for number in (1, 2, 3)]
    # Each gives 0.4995: nothing by itself, 1.4985 together.
    assert [earn(sale, [one]).points for one in three] == [0, 0, 0]
    assert earn(sale, three).points == 1
    assert sum(share.points for share in earn(sale, three).shares) == 1


def test_a_hair_below_a_whole_number_is_rounded_down() -> None:
    sale = Purchase(Decimal("999999999999.99"), DAY)
    just = replace(BASE, percent_of_spend=Decimal("0.0001"))
    assert earn(sale, [just]).points == 999_999
    assert earn(replace(sale, total_value=Decimal(1_000_000_000_000)), [just]).points == 1_000_000


def test_a_sale_of_nothing_earns_the_fixed_points_and_a_refund_of_a_cent_does_not() -> None:
    fixed = [replace(BASE, fixed_points_value=5)]
    assert earn(Purchase(Decimal(0), DAY), fixed).points == 5
    assert earn(Purchase(Decimal("-0.01"), DAY), fixed).points == 0


def test_a_refund_takes_back_what_the_same_value_earned_by_percentage() -> None:
    both = [replace(BASE, fixed_points_value=5), replace(BASE, id=2, percent_of_spend=Decimal("2.5"))]
    assert earn(Purchase(Decimal("-99.99"), DAY), both).points == -12
    assert earn(Purchase(Decimal("-99.99"), DAY), both, cap=7).points == -7


def test_the_cap_comes_last() -> None:
    sale = Purchase(Decimal(1000), DAY)
    assert earn(sale, [BASE], cap=100).points == 100
    assert earn(sale, [BASE], cap=99) == Earned(99, (Share(1, "P1", 100),))
    assert earn(sale, [BASE], cap=0).points == 0


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({"date_from": DAY}, True),
        ({"date_to": DAY}, True),
        ({"date_from": DAY + timedelta(days=1)}, False),
        ({"date_to": DAY - timedelta(days=1)}, False),
        ({"group_id": 1}, True),
        ({"group_id": 9}, False),
        ({"branch_id": 2}, True),
        ({"branch_id": 9}, False),
        ({"sku_id": 3}, True),
        ({"sku_id": 9}, False),
        ({"category_id": 4}, True),
        ({"category_id": 9}, False),
        ({"group_id": 1, "branch_id": 2, "sku_id": 3, "category_id": 9}, False),
    ],
)
def test_both_days_count_and_every_condition_must_hold(conditions: dict[str, Any], *, fits: bool) -> None:
    sale = Purchase(Decimal(100), DAY, group_id=1, branch_id=2, sku_id=3, category_id=4)
    assert matches(replace(BASE, **conditions), sale) is fits
    bare = Purchase(Decimal(100), DAY)
    assert matches(replace(BASE, **conditions), bare) is (fits and "_id" not in "".join(conditions))


@given(sale=purchases(), promotion=anything)
def test_a_promotion_with_one_more_condition_never_matches_more(sale: Purchase, promotion: Promotion) -> None:
    for condition in ("date_from", "date_to", "group_id", "branch_id", "sku_id", "category_id"):
        without: dict[str, Any] = {condition: None}
        wider = replace(promotion, **without)
        assert matches(wider, sale) >= matches(promotion, sale)


@given(sale=purchases(positive), promotions=promotion_lists)
def test_what_is_earned_is_the_exact_sum_rounded_down_once(
    sale: Purchase, promotions: list[Promotion]
) -> None:
    assert earn(sale, promotions).points == floor(exactly(sale, promotions))


@given(sale=purchases(negative), promotions=promotion_lists)
def test_what_a_refund_takes_is_the_exact_sum_rounded_toward_zero(
    sale: Purchase, promotions: list[Promotion]
) -> None:
    points = earn(sale, promotions).points
    assert points == -floor(-exactly(sale, promotions))
    bare = [replace(one, fixed_points_value=0) for one in promotions]
    assert -points == earn(replace(sale, total_value=-sale.total_value), bare).points


@given(sale=purchases(), promotions=promotion_lists, cap=st.one_of(st.none(), st.integers(0, 500)))
def test_shares_add_up_to_what_was_earned_before_the_cap(
    sale: Purchase, promotions: list[Promotion], cap: int | None
) -> None:
    earned = earn(sale, promotions, cap=cap)
    total = sum(share.points for share in earned.shares)
    assert total == earn(sale, promotions).points
    assert [share.promotion_id for share in earned.shares] == sorted(
        one.id for one in promotions if matches(one, sale)
    )
    for share in earned.shares:
        (one,) = (one for one in promotions if one.id == share.promotion_id)
        assert abs(share.points - exactly(sale, [one])) < 1
    if cap is None:
        assert earned.points == total
    else:
        assert abs(earned.points) == min(cap, abs(total))
        assert earned.points * total >= 0


@given(sale=purchases(), promotions=promotion_lists, data=st.data())
def test_the_order_in_which_promotions_are_found_does_not_matter(
    sale: Purchase, promotions: list[Promotion], data: st.DataObject
) -> None:
    assert earn(sale, data.draw(st.permutations(promotions))) == earn(sale, promotions)


@given(sale=purchases(positive), promotions=promotion_lists, more=positive)
def test_spending_more_never_earns_less(sale: Purchase, promotions: list[Promotion], more: Decimal) -> None:
    bigger = replace(sale, total_value=sale.total_value + more)
    assert earn(bigger, promotions).points >= earn(sale, promotions).points
