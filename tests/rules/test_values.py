"""Numbers and days from outside."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.errors import InvalidInput
from regulars.rules.values import MAX_POINTS, amount, check_days, moment, whole_number


@pytest.mark.parametrize("value", [0, 1, MAX_POINTS])
def test_a_whole_number_in_range_is_itself(value: int) -> None:
    assert whole_number(value, field="points") == value


@pytest.mark.parametrize("value", [-1, MAX_POINTS + 1, True, "1", 1.0, None])
def test_anything_else_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^points must be a whole number from 0 to 1000000000$") as caught:
        whole_number(value, field="points")
    assert list(caught.value.fields) == ["points"]


@given(
    cents=st.integers(0, 10**14 - 1),
    places=st.sampled_from([2]),
)
def test_an_amount_is_exact(cents: int, places: int) -> None:
    value = Decimal(cents).scaleb(-places)
    kept = amount(value, field="price", digits=14, places=places)
    assert kept == value
    assert kept.as_tuple().exponent == -places
    assert amount(kept.normalize(), field="price", digits=14, places=places) == value


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("-0.01", "must be a number from 0 to 999.99"),
        ("1000", "must be a number from 0 to 999.99"),
        ("1E+400", "must be a number from 0 to 999.99"),
        ("NaN", "must be a number from 0 to 999.99"),
        ("-Infinity", "must be a number from 0 to 999.99"),
        ("0.001", "must have at most 2 digits after the point"),
        ("999.991", "must be a number from 0 to 999.99"),
    ],
)
def test_an_amount_that_does_not_fit_is_refused(value: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        amount(Decimal(value), field="price", digits=5, places=2)
    assert caught.value.fields == {"price": problem}


def test_zero_has_no_sign() -> None:
    assert str(amount(Decimal("-0"), field="price", digits=5, places=2)) == "0.00"


NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
# In the last zone to see the midnight that this is, tomorrow ends two days from now.
MIDNIGHT = datetime(2026, 6, 1, tzinfo=timezone(timedelta(hours=-12)))


@pytest.mark.parametrize(
    ("value", "now"),
    [
        (NOON, NOON),
        (datetime(1900, 1, 2, tzinfo=UTC), NOON),
        (NOON + timedelta(hours=48), NOON),
        (MIDNIGHT + timedelta(days=2) - SECOND, MIDNIGHT),
    ],
)
def test_a_moment_that_can_have_been_is_itself(value: datetime, now: datetime) -> None:
    assert moment(value, field="occurred_at", now=now) is value


@pytest.mark.parametrize(
    "value", [datetime(1900, 1, 2, tzinfo=UTC) - SECOND, NOON + timedelta(hours=48) + SECOND]
)
def test_other_moments_are_refused_with_what_is_accepted(value: datetime) -> None:
    with pytest.raises(
        InvalidInput, match=r"^occurred_at must be from 1900-01-02 \(UTC\) up to 48 hours from now$"
    ):
        moment(value, field="occurred_at", now=NOON)


def test_a_moment_has_a_time_zone() -> None:
    with pytest.raises(InvalidInput, match="occurred_at must say its time zone"):
        moment(NOON.replace(tzinfo=None), field="occurred_at", now=NOON)


@given(first=st.none() | st.dates(), last=st.none() | st.dates())
def test_only_two_days_can_be_in_the_wrong_order(first: date | None, last: date | None) -> None:
    wrong = first is not None and last is not None and first > last
    if wrong:
        with pytest.raises(InvalidInput, match=f"must not be after date_to .{last}."):
            check_days(first, last)
    else:
        check_days(first, last)
