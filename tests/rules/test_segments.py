"""Which members belong to which segment, at the edges of each."""

from __future__ import annotations

import datetime as dt

import pytest

from regulars.rules import segments
from regulars.rules.errors import InvalidInput
from regulars.rules.segments import Standing

TODAY = dt.date(2026, 6, 10)


def days_ago(number: int) -> dt.date:
    return TODAY - dt.timedelta(days=number)


def member(*, stamps: int = 0, joined: int = 500, active: int | None = None) -> Standing:
    return Standing(stamps, days_ago(joined), None if active is None else days_ago(active))


def belongs(name: str, standing: Standing, goal: int = 8) -> bool:
    return segments.belongs(name, standing, goal=goal, today=TODAY)


@pytest.mark.parametrize("standing", [member(), member(joined=0), member(stamps=7, active=0)])
def test_everybody_is_in_all(standing: Standing) -> None:
    assert belongs("all", standing)


@pytest.mark.parametrize(
    ("active", "expected"), [(None, False), (30, False), (29, True), (0, True), (-1, True)]
)
def test_active_means_within_thirty_days_with_today(active: int | None, expected: object) -> None:
    assert belongs("active_30d", member(active=active)) == expected


@pytest.mark.parametrize(
    ("joined", "active", "expected"),
    [
        (61, None, True),
        (60, None, False),  # sixty days ago is not more than sixty
        (0, None, False),
        (500, 60, True),
        (500, 59, False),
        (500, 0, False),
        (60, 60, False),
    ],
)
def test_inactive_means_joined_long_ago_and_not_seen(
    joined: int, active: int | None, expected: object
) -> None:
    assert belongs("inactive_60d", member(joined=joined, active=active)) == expected


@pytest.mark.parametrize(
    ("goal", "least"), [(2, 1), (4, 3), (5, 4), (8, 7), (9, 8), (10, 8), (14, 12), (15, 12), (50, 40)]
)
def test_near_means_a_fifth_of_the_goal_or_one_stamp(goal: int, least: int) -> None:
    assert segments.stamps_near(goal) == least
    found = [stamps for stamps in range(60) if belongs("near_reward", member(stamps=stamps), goal)]
    assert found == list(range(least, 60))  # past a lowered goal, too


def test_an_unknown_segment_is_refused() -> None:
    with pytest.raises(InvalidInput, match="segment_filter must be one of all, active_30d"):
        segments.check_segment("vip")


def test_every_segment_says_what_it_means() -> None:
    assert list(segments.SEGMENTS) == ["all", "active_30d", "near_reward", "inactive_60d"]
    assert all(segment.label and segment.meaning for segment in segments.SEGMENTS.values())
