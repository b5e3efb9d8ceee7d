"""Events, their numbers, and the days on which the calendar's own fall."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules import birthdays, occasions
from regulars.rules.errors import InvalidInput

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("number", "promotion", "voucher"),
    [
        (1, "signup", "monthly"),
        (2, "birthday", "birthday"),
        (3, "signup_anniversary", "first_login"),
        (4, "first_login", "points_reach_required"),
        (5, "monthly", "points_reach_value"),
        (6, "quickscan", "signup"),
        (7, "quickscan_button", "signup_anniversary"),
    ],
)
def test_the_numbers_of_the_two_lists(number: int, promotion: str, voucher: str) -> None:
    assert occasions.parse_promotion_event(str(number)) == promotion
    assert occasions.parse_voucher_event(str(number)) == voucher
    assert occasions.parse_promotion_event(f" {promotion.upper()} ") == promotion
    assert occasions.parse_voucher_event(f" {voucher.title()} ") == voucher


def test_no_event_is_no_event() -> None:
    assert occasions.parse_promotion_event("") == occasions.parse_voucher_event(" ") == ""


@pytest.mark.parametrize("text", ["0", "8", "9", "-1", "1.0", "01", "christmas", "sign up", "\u00b2"])
def test_other_events_are_refused_with_a_list_of_those_that_are(text: str) -> None:
    for parse, known in (
        (occasions.parse_promotion_event, "1 signup, 2 birthday"),
        (occasions.parse_voucher_event, "1 monthly, 2 birthday"),
    ):
        with pytest.raises(InvalidInput, match=f"^auto_allocate_on_event .*: {known}") as caught:
            parse(text)
        assert list(caught.value.fields) == ["auto_allocate_on_event"]


def test_events_of_one_kind_are_not_those_of_the_other() -> None:
    for text in ("quickscan", "quickscan_button"):
        with pytest.raises(InvalidInput):
            occasions.parse_voucher_event(text)
    for text in ("points_reach_required", "points_reach_value"):
        with pytest.raises(InvalidInput):
            occasions.parse_promotion_event(text)


def test_the_names_of_occasions() -> None:
    assert occasions.birthday_occasion(2026) == "birthday:2026"
    assert occasions.anniversary_occasion(2026) == "anniversary:2026"
    assert occasions.month_occasion(date(2026, 11, 30)) == "month:2026-11"
    assert occasions.month_occasion(date(2026, 1, 1)) == "month:2026-01"


@given(birthday=DAYS, year=st.integers(1901, 2100))
def test_every_birthday_is_kept_on_one_day_of_each_year(birthday: date, year: int) -> None:
    first = date(year, 1, 1)
    days = [first + timedelta(n) for n in range(366) if (first + timedelta(n)).year == year]
    kept = [day for day in days if (birthday.month, birthday.day) in occasions.kept_on(day)]
    assert kept == [birthdays.bonus_day(birthday, year)]


@given(joined=DAYS, day=DAYS)
def test_an_anniversary_is_a_later_birthday_of_the_joining(joined: date, day: date) -> None:
    expected = joined.year < day.year and day == birthdays.bonus_day(joined, day.year)
    assert occasions.is_anniversary(joined, day) == expected
    assert (joined in occasions.anniversaries_on(day, since=joined.year)) == expected


@given(joined=DAYS)
def test_the_day_of_joining_is_no_anniversary_and_a_year_later_is_one(joined: date) -> None:
    assert not occasions.is_anniversary(joined, joined)
    assert occasions.is_anniversary(joined, birthdays.bonus_day(joined, joined.year + 1))


@pytest.mark.parametrize(
    ("day", "since", "joined"),
    [
        (date(2026, 7, 14), 2024, [date(2024, 7, 14), date(2025, 7, 14)]),
        (date(2026, 7, 14), 2026, []),
        (
            date(2026, 2, 28),
            2023,
            [date(2023, 2, 28), date(2024, 2, 28), date(2024, 2, 29), date(2025, 2, 28)],
        ),
        (date(2028, 2, 28), 2024, [date(year, 2, 28) for year in range(2024, 2028)]),
        (date(2028, 2, 29), 2024, [date(2024, 2, 29)]),
    ],
)
def test_days_of_joining(day: date, since: int, joined: list[date]) -> None:
    assert occasions.anniversaries_on(day, since=since) == joined


@given(day=DAYS)
def test_months_begin_on_the_first_and_each_month_is_an_occasion_of_its_own(day: date) -> None:
    assert occasions.is_month_start(day) == (day.day == 1)
    yesterday = day - timedelta(days=1)
    changed = occasions.month_occasion(yesterday) != occasions.month_occasion(day)
    assert changed == occasions.is_month_start(day)


@given(done=st.none() | DAYS, late=st.integers(-3, 60))
def test_every_day_is_due_once(done: date | None, late: int) -> None:
    today = (done or date(2026, 11, 1)) + timedelta(days=late)
    due = list(occasions.days_due(done, today))
    if done is None:
        assert due == [today]
        return
    assert len(due) == max(0, late)
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise([done, *due]))
    assert not due or due[-1] == today
