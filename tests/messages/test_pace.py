"""So many messages a minute, evenly, whoever sends them."""

import itertools
from pathlib import Path

import pytest

from regulars.messages import sending
from regulars.messages.pace import Pace

pytestmark = pytest.mark.once


class Clock:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 5000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("regulars.messages.pace.time", made)
    return made


@pytest.mark.parametrize("per_minute", [1, 7, 30, 60, 61, 600, 100_000])
def test_no_minute_sees_more(per_minute: int, tmp_path: Path, clock: Clock) -> None:
    pace, gone = Pace(tmp_path / "pace"), []
    while clock.now < 5300:
        granted, wait = pace.take([("it", per_minute)], 100_000)
        gone += [clock.now] * granted
        clock.now += wait if not granted else 0.25
    for first, last in zip(gone, gone[per_minute:], strict=False):
        assert last - first > 60
    # And nearly as many as allowed: 61 seconds' worth in 61 seconds.
    assert len(gone) >= per_minute * 295 // 61


def test_all_limits_count_together_and_what_did_not_go_is_given_back(tmp_path: Path, clock: Clock) -> None:
    pace = Pace(tmp_path / "pace")
    both = [("all", 610), ("one", 61)]
    assert pace.take(both, 5) == (1, 0.0)
    granted, wait = pace.take(both, 5)
    assert granted == 0
    assert wait == pytest.approx(1.0)
    assert pace.take([("all", 610)], 50)[0] == 9
    pace.give_back(both, 1)
    assert pace.take(both, 5)[0] == 1


def test_processes_share_it(tmp_path: Path, clock: Clock) -> None:
    first, second = Pace(tmp_path / "pace"), Pace(tmp_path / "pace")
    assert first.take([("it", 610)], 10)[0] == 10
    assert second.take([("it", 610)], 10)[0] == 0
    clock.now += 0.2
    assert [pace.take([("it", 610)], 1)[0] for pace in (second, first, second)] == [1, 1, 0]


def test_a_start_of_the_machine_begins_anew(tmp_path: Path, clock: Clock) -> None:
    assert Pace(tmp_path / "pace").take([("it", 1)], 1)[0] == 1
    clock.now = 3.0
    assert Pace(tmp_path / "pace").take([("it", 1)], 1)[0] == 1


def test_many_limits_have_room(tmp_path: Path, clock: Clock) -> None:
    pace = Pace(tmp_path / "pace")
    names = [f"campaign {number}" for number in range(300)]
    assert all(pace.take([(name, 61)], 9)[0] == 1 for name in names)
    assert not any(pace.take([(name, 61)], 9)[0] for name in names)


def test_a_long_wait_is_left_to_the_caller_and_a_short_one_ends_when_told_to() -> None:
    assert not sending._wait(sending.WAIT_AT_MOST + 1, lambda: False)
    asked = itertools.count()
    assert not sending._wait(1.5, lambda: next(asked) > 0)
    assert sending._wait(0.01, lambda: False)
