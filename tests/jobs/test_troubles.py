"""What keeps going wrong is told once, and then each minute."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from structlog.testing import capture_logs

from regulars.jobs.troubles import Trouble

pytestmark = pytest.mark.once


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("regulars.jobs.troubles.time.monotonic", lambda: now[0])
    return now


def test_a_database_that_is_away_gets_one_line_a_minute(clock: list[float]) -> None:
    trouble = Trouble()
    with capture_logs() as lines:
        for second in range(150):
            clock[0] = 1000.0 + second
            trouble.tell("loop_failed", OperationalError(f"refused\n  at try {second}"), loop="webhooks")
    assert [line["error"] for line in lines] == [
        f"OperationalError: refused at try {second}" for second in (0, 60, 120)
    ]
    assert not any(line["exc_info"] for line in lines)


def test_the_next_outage_is_told_at_once(clock: list[float]) -> None:
    trouble = Trouble()
    with capture_logs() as lines:
        trouble.tell("loop_failed", OperationalError("refused"))
        trouble.over()
        trouble.tell("loop_failed", OperationalError("refused"))
    assert len(lines) == 2


def test_other_faults_keep_their_traceback_once(clock: list[float]) -> None:
    trouble = Trouble()
    with capture_logs() as lines:
        for second in range(100):
            clock[0] = 1000.0 + second
            trouble.tell("loop_failed", ValueError("no"))
        trouble.tell("loop_failed", ValueError("another"))
    assert [bool(line["exc_info"]) for line in lines] == [True, False, True]
