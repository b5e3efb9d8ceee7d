"""The birthday bonus falls on one day of every year."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.birthdays import bonus_day


@pytest.mark.parametrize(
    ("birthday", "year", "day"),
    [
        (date(1990, 7, 14), 2026, date(2026, 7, 14)),
        (date(2000, 2, 29), 2026, date(2026, 2, 28)),
        (date(2000, 2, 29), 2028, date(2028, 2, 29)),
        (date(2000, 2, 29), 2100, date(2100, 2, 28)),
        (date(2001, 2, 28), 2028, date(2028, 2, 28)),
        (date(2001, 3, 1), 2026, date(2026, 3, 1)),
        (date(2001, 1, 29), 2026, date(2026, 1, 29)),
    ],
)
def test_examples(birthday: date, year: int, day: date) -> None:
    assert bonus_day(birthday, year) == day


@given(birthday=st.dates(), year=st.integers(1, 9999))
def test_the_same_day_unless_there_is_none(birthday: date, year: int) -> None:
    day = bonus_day(birthday, year)
    assert day.year == year
    try:
        assert day == date(year, birthday.month, birthday.day)
    except ValueError:
        assert (birthday.month, birthday.day) == (2, 29)
        assert (day.month, day.day) == (2, 28)
