"""The stamp card: what carries over, what becomes a reward, and that nothing is lost on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.errors import NotEnoughStamps
from regulars.rules.stamps import (
    MAX_BIRTHDAY_BONUS,
    MAX_COUNT,
    MAX_GOAL,
    MAX_TAKEN,
    MIN_COUNT,
    MIN_GOAL,
    StampResult,
    add_stamps,
    take_stamps,
)

goals = st.integers(MIN_GOAL, MAX_GOAL)
# Also cards that lie far past the goal, as after the goal was lowered.
on_card = st.integers(0, 3 * MAX_GOAL)
counts = st.integers(1, 3 * MAX_GOAL)


@pytest.mark.parametrize(
    ("stamps", "goal", "count", "left", "rewards"),
    [
        pytest.param(0, 8, 1, 1, 0, id="first stamp"),
        pytest.param(6, 8, 1, 7, 0, id="one short"),
        pytest.param(7, 8, 1, 0, 1, id="exactly full"),
        pytest.param(7, 8, 3, 2, 1, id="carries over"),
        pytest.param(0, 2, 10, 0, 5, id="five rewards at once"),
        pytest.param(9, 5, 1, 0, 2, id="past a lowered goal"),
        pytest.param(12, 10, 1, 3, 1, id="past a lowered goal, earns at its next stamp"),
        pytest.param(49, 50, 1, 0, 1, id="highest goal"),
    ],
)
def test_examples(stamps: int, goal: int, count: int, left: int, rewards: int) -> None:
    assert add_stamps(stamps=stamps, goal=goal, count=count) == StampResult(
        stamps=left, rewards_earned=rewards, stamps_spent=goal * rewards
    )


@given(stamps=on_card, goal=goals, count=counts)
def test_no_stamp_is_lost_or_made(stamps: int, goal: int, count: int) -> None:
    result = add_stamps(stamps=stamps, goal=goal, count=count)
    assert stamps + count == result.stamps + goal * result.rewards_earned
    assert result.stamps_spent == goal * result.rewards_earned


@given(stamps=on_card, goal=goals, count=counts)
def test_a_full_card_never_stays(stamps: int, goal: int, count: int) -> None:
    assert 0 <= add_stamps(stamps=stamps, goal=goal, count=count).stamps < goal


@given(stamps=on_card, goal=goals, first=counts, second=counts)
def test_splitting_a_count_changes_nothing(stamps: int, goal: int, first: int, second: int) -> None:
    at_once = add_stamps(stamps=stamps, goal=goal, count=first + second)
    one = add_stamps(stamps=stamps, goal=goal, count=first)
    two = add_stamps(stamps=one.stamps, goal=goal, count=second)
    assert at_once == StampResult(
        stamps=two.stamps,
        rewards_earned=one.rewards_earned + two.rewards_earned,
        stamps_spent=one.stamps_spent + two.stamps_spent,
    )


@given(goal=goals, count=counts, data=st.data())
def test_like_pressing_the_stamp_one_at_a_time(goal: int, count: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, goal - 1))
    stamps, rewards = start, 0
    for _ in range(count):
        stamps += 1
        if stamps == goal:
            stamps, rewards = 0, rewards + 1
    result = add_stamps(stamps=start, goal=goal, count=count)
    assert (result.stamps, result.rewards_earned) == (stamps, rewards)


def test_the_bounds_are_the_documented_ones() -> None:
    assert (MIN_GOAL, MAX_GOAL) == (2, 50)
    assert (MIN_COUNT, MAX_COUNT) == (1, 10)
    assert MAX_BIRTHDAY_BONUS == 10


@pytest.mark.parametrize("goal", [MIN_GOAL, MAX_GOAL])
def test_the_bounds_of_a_goal_belong_to_it(goal: int) -> None:
    assert add_stamps(stamps=goal - 1, goal=goal, count=1).rewards_earned == 1


@pytest.mark.parametrize(
    ("stamps", "goal", "count", "named"),
    [
        (0, MIN_GOAL - 1, 1, "goal"),
        (0, MAX_GOAL + 1, 1, "goal"),
        (0, 0, 1, "goal"),
        (0, -8, 1, "goal"),
        (5, 8, 0, "count"),
        (5, 8, -1, "count"),
        (-1, 8, 1, "card"),
    ],
)
def test_impossible_arguments_are_refused(stamps: int, goal: int, count: int, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        add_stamps(stamps=stamps, goal=goal, count=count)


@given(stamps=on_card, count=counts)
def test_what_is_taken_is_what_lay_there_or_nothing(stamps: int, count: int) -> None:
    if count <= stamps:
        assert take_stamps(stamps=stamps, count=count) == stamps - count
        return
    with pytest.raises(NotEnoughStamps) as refused:
        take_stamps(stamps=stamps, count=count)
    assert refused.value.details == {"stamps": count, "available": stamps}
    assert refused.value.fields == {"count": f"were asked for: {count}, and {stamps} are available"}


@given(stamps=on_card, goal=goals, count=counts)
def test_what_was_taken_and_comes_back_changes_nothing(stamps: int, goal: int, count: int) -> None:
    before = stamps % goal  # a full card never stays
    if count <= before:
        left = take_stamps(stamps=before, count=count)
        assert add_stamps(stamps=left, goal=goal, count=count) == StampResult(before, 0, 0)


@given(goal=goals, count=counts)
def test_all_that_may_lie_on_a_card_can_be_taken_at_once(goal: int, count: int) -> None:
    assert add_stamps(stamps=0, goal=goal, count=count).stamps <= MAX_TAKEN


@pytest.mark.parametrize(("stamps", "count", "named"), [(5, 0, "count"), (5, -1, "count"), (-1, 1, "card")])
def test_impossible_takings_are_refused(stamps: int, count: int, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        take_stamps(stamps=stamps, count=count)
