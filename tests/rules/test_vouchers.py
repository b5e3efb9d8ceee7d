"""Vouchers: for whom, worth what, until when, and when they are due by themselves."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules import vouchers
from regulars.rules.errors import Conflict, InvalidInput, Refusal, Suspended
from regulars.rules.vouchers import NotEligible, Person, Terms

MARCH = dt.date(2026, 3, 15)
days = st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1))
points = st.integers(1, 10**6)
point_values = st.decimals("0.0001", "99", places=4)
amounts = st.decimals("0.01", "99999", places=2)


def refusal(terms: Terms, person: Person | None = Person(), **how: object) -> type[Refusal] | None:  # noqa: B008
    try:
        vouchers.check_eligible(terms, **({"today": MARCH, "person": person} | how))  # type: ignore[arg-type]
    except Refusal as refused:
        return type(refused)
    return None


@pytest.mark.parametrize("distance", [-1, 0, 1])
def test_both_dates_are_inclusive(distance: int) -> None:
    other = MARCH + dt.timedelta(days=distance)
    assert refusal(Terms(date_from=other)) is (NotEligible if distance > 0 else None)
    assert refusal(Terms(date_to=other)) is (NotEligible if distance < 0 else None)


def test_a_group_has_its_members_and_nobody_else() -> None:
    gold = Terms(group_id=1)
    assert refusal(gold, Person(group_id=1)) is None
    assert refusal(gold, Person(group_id=2)) is NotEligible
    assert refusal(gold, Person()) is NotEligible
    assert refusal(gold, None) is NotEligible
    assert refusal(Terms(), None) is None


def test_the_branch_counts_when_somebody_says_it() -> None:
    here = Terms(branch_id=1)
    assert refusal(here) is None
    assert refusal(here, branch_id=1) is None
    assert refusal(here, branch_id=2) is NotEligible
    assert refusal(here, Person(branch_id=2)) is None


def test_what_is_issued_by_itself_goes_to_members_of_the_branch() -> None:
    here = Terms(branch_id=1)
    assert refusal(here, Person(branch_id=1), by_itself=True) is None
    assert refusal(here, Person(branch_id=2), by_itself=True) is NotEligible
    assert refusal(here, Person(), by_itself=True) is NotEligible
    assert refusal(here, None, by_itself=True) is NotEligible
    assert refusal(here, Person(branch_id=2), by_itself=True, branch_id=1) is None
    assert refusal(Terms(), Person(), by_itself=True) is None


def test_a_suspended_member_gets_nothing() -> None:
    assert refusal(Terms(), Person(suspended=True)) is Suspended


@given(days, st.none() | st.integers(0, 40_000), st.none() | days)
def test_a_code_ends_with_the_earlier_of_its_days_and_the_vouchers_last(
    issued: dt.date, after: int | None, date_to: dt.date | None
) -> None:
    last = vouchers.expiry(issued, expires_after_days=after, date_to=date_to)
    ends = [date_to] if date_to is not None else []
    if after is not None:
        ends.append(issued + dt.timedelta(days=after))
    assert last == (min(ends) if ends else None)


def test_a_code_that_would_outlive_the_calendar_ends_with_it() -> None:
    issued = dt.date(9999, 12, 1)
    assert vouchers.expiry(issued, expires_after_days=31, date_to=None) == dt.date.max
    assert vouchers.expiry(issued, expires_after_days=30, date_to=None) == dt.date.max
    assert vouchers.expiry(issued, expires_after_days=29, date_to=None) == dt.date(9999, 12, 30)


@given(st.integers(0, 10**9), st.integers(1, 200))
def test_shares_are_even_and_lose_nothing(total: int, number: int) -> None:
    dealt = vouchers.shares(total, number)
    assert (len(dealt), sum(dealt)) == (number, total)
    assert dealt == sorted(dealt, reverse=True)
    assert dealt[0] - dealt[-1] <= 1


@pytest.mark.parametrize(("total", "number"), [(1, 0), (-1, 1)])
def test_shares_of_nothing_are_a_mistake(total: int, number: int) -> None:
    with pytest.raises(ValueError, match="cannot deal"):
        vouchers.shares(total, number)


def test_points_are_worth_money_rounded_down_to_a_hundredth() -> None:
    assert vouchers.points_worth(333, Decimal("0.0100")) == Decimal("3.33")
    assert vouchers.points_worth(999, Decimal("0.0050")) == Decimal("4.99")
    assert str(vouchers.points_worth(100, Decimal("0.01"))) == "1.00"


def worth(value: str, value_type: int, force: str | None = None, used: int = 0) -> str:
    return str(
        vouchers.code_value(
            value=Decimal(value),
            value_type=value_type,
            force_value=None if force is None else Decimal(force),
            points_used=used,
            point_value=Decimal("0.05"),
        )
    )


def test_what_a_code_is_worth() -> None:
    assert worth("5.00", vouchers.CURRENCY, used=300) == "5.00"
    assert worth("15.00", vouchers.PERCENT, used=300) == "15.00"
    assert worth("500.00", vouchers.POINTS, used=300) == "25.00"
    assert worth("0.00", vouchers.POINTS, used=300) == "15.00"


@pytest.mark.parametrize("value_type", [0, 1, 2])
def test_a_forced_value_is_the_value(value_type: int) -> None:
    assert worth("5.00", value_type, force="7.50", used=300) == "7.50"
    assert worth("5.00", value_type, force="0.00", used=300) == "0.00"


def test_values_that_a_voucher_may_have() -> None:
    check = vouchers.check_value
    assert str(check(Decimal(5), field="value", value_type=0)) == "5.00"
    assert str(check(Decimal("100.0"), field="value", value_type=1)) == "100.00"
    for value, value_type in (("100.01", 1), ("-0.01", 0), ("1.005", 0), ("NaN", 0), ("1e12", 2)):
        with pytest.raises(InvalidInput) as refused:
            check(Decimal(value), field="force_value", value_type=value_type)
        assert list(refused.value.fields) == ["force_value"]


@given(amounts, st.sampled_from([0, 2]), point_values)
def test_the_points_for_a_value_reach_it_and_one_fewer_do_not(
    value: Decimal, value_type: int, point_value: Decimal
) -> None:
    number = vouchers.points_for_value(value, value_type=value_type, point_value=point_value)
    each = Decimal(1) if value_type == vouchers.POINTS else point_value
    assert (number - 1) * each < value <= number * each


@given(st.integers(-50, 3_000), st.integers(1, 300), st.integers(1, 300))
def test_codes_are_due_as_long_as_the_balance_reaches(balance: int, reach: int, price: int) -> None:
    left, bought = balance, 0
    while left >= reach and left >= price:
        left, bought = left - price, bought + 1
    assert vouchers.codes_due(balance, reach=reach, price=price) == bought


def test_codes_for_nothing_would_have_no_end() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        vouchers.codes_due(10, reach=5, price=0)


@pytest.mark.parametrize(
    ("day", "months", "start"),
    [
        ("2026-03-15", 1, "2026-02-16"),
        ("2026-03-31", 1, "2026-03-01"),
        ("2024-03-31", 1, "2024-03-01"),
        ("2026-01-10", 1, "2025-12-11"),
        ("2026-12-31", 12, "2026-01-01"),
        ("2026-01-31", 11, "2025-03-01"),
        ("2026-05-05", 25, "2024-04-06"),
    ],
)
def test_windows_begin_the_day_after_the_same_day_months_ago(day: str, months: int, start: str) -> None:
    found = vouchers.window_start(dt.date.fromisoformat(day), months)
    assert found == dt.date.fromisoformat(start)


def test_a_window_may_have_no_beginning() -> None:
    assert vouchers.window_start(MARCH, None) is None
    assert vouchers.window_start(dt.date(20, 1, 1), 1_200) is None
    with pytest.raises(ValueError, match="at least one month"):
        vouchers.window_start(MARCH, 0)


@given(days, days, st.integers(1, 60))
def test_two_days_share_a_window_or_not_whichever_comes_first(
    one: dt.date, other: dt.date, months: int
) -> None:
    shared = vouchers.triggered_within([one], other, months)
    assert shared == vouchers.triggered_within([other], one, months)
    assert shared == (vouchers.window_start(max(one, other), months) <= min(one, other))  # type: ignore[operator]


@given(st.lists(days), days)
def test_without_months_it_triggers_once_for_ever(before: list[dt.date], day: dt.date) -> None:
    assert vouchers.triggered_within(before, day, None) == bool(before)


@given(days, st.integers(1, 60))
def test_a_month_after_its_window_it_may_trigger_again(day: dt.date, months: int) -> None:
    start = vouchers.window_start(day, months)
    assert start is not None
    assert vouchers.triggered_within([start], day, months)
    assert not vouchers.triggered_within([start - dt.timedelta(days=1)], day, months)
    assert not vouchers.triggered_within([], day, months)


def test_codes_are_read_aloud_without_mistakes() -> None:
    made = {vouchers.new_code() for _ in range(500)}
    assert len(made) == 500
    assert {len(code) for code in made} == {11}
    assert not set("".join(made)) & set("0O1IL2Z5S8B")
    assert "".join(made).isupper()
    assert len(set("".join(made))) == len(set(vouchers.CODE_CHARACTERS)) == 25


def test_refusals_are_conflicts_with_codes_of_their_own() -> None:
    kinds = [
        kind
        for kind in vars(vouchers).values()
        if isinstance(kind, type) and issubclass(kind, Refusal) and kind.__module__ == vouchers.__name__
    ]
    assert len(kinds) == 11
    assert all(issubclass(kind, Conflict) for kind in kinds)
    assert len({kind.code for kind in kinds} - {Conflict.code}) == len(kinds)
