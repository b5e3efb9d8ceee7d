"""The daily run as a job: hourly, and able to stop in the middle."""

from collections.abc import Callable

import pytest

from regulars.jobs import progress
from regulars.jobs.outcomes import Again
from regulars.promotions import tasks
from regulars.promotions.daily import DailyResult
from tests.factories import make_shop


@pytest.mark.django_db
def test_it_says_what_was_given() -> None:
    make_shop()
    found = tasks.daily_run.call()
    assert (found["days"], found["points"], found["failed"]) == (1, 0, 0)


@pytest.mark.once
def test_a_worker_that_stops_leaves_the_rest_to_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping, told = [False], []

    def run_daily_all(*, stop: Callable[[], bool]) -> DailyResult:
        told.append(stop())
        stopping[0] = True
        told.append(stop())
        return DailyResult(points=5)

    monkeypatch.setattr(tasks, "run_daily_all", run_daily_all)
    with progress.inside(progress.Run(lambda: stopping[0])), pytest.raises(Again):
        tasks.daily_run.call()
    assert told == [False, True]
