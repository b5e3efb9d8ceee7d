"""`regulars daily`, and the server that does the same by itself."""

import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from regulars import server
from regulars.promotions.daily import DailyResult
from tests.cli.conftest import Regulars

NEW = ("createbusiness", "Bean", "--owner-email", "a@bean.example")


def test_it_makes_no_database(regulars: Regulars) -> None:
    assert regulars.refused("daily", status=1).startswith("There is no database yet")
    assert not regulars.data_dir.exists()


@pytest.mark.usefixtures("tables")
def test_it_says_what_was_given(regulars: Regulars) -> None:
    assert regulars(*NEW).returncode == 0
    nothing = "Gave 0 points, 0 stamps and 0 vouchers; 0 points and 0 reservations ran out.\n"
    for _ in range(2):
        done = regulars("daily")
        assert (done.returncode, done.stdout, done.stderr) == (0, nothing, "")


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The server's thread made quick and harmless; setting the event ends it."""
    monkeypatch.setattr("regulars.analytics.rollup.roll_up", lambda: 0)
    monkeypatch.setattr("regulars.tenants.idempotency.forget_old", lambda: 0)
    monkeypatch.setattr(server, "connection", type("None", (), {"connection": object(), "vendor": "none"}))
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)
    monkeypatch.setattr("multiprocessing.set_start_method", lambda *_, **__: None)
    monkeypatch.setattr(server, "ROLL_UP_EVERY", 0.001)
    return threading.Event()


@pytest.mark.once
def test_the_server_runs_it_at_its_start_and_then_every_hour(
    keeper: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    times: list[float] = []

    def tick() -> float:
        nonlocal now
        now += 100
        if now > 10_000:
            keeper.set()
        return now

    def run_daily_all(*, stop: Callable[[], bool]) -> DailyResult:
        assert not stop()
        times.append(now)
        return DailyResult()

    monkeypatch.setattr("regulars.promotions.daily.run_daily_all", run_daily_all)
    monkeypatch.setattr("regulars.server.time.monotonic", tick)
    server._keep_rolled_up(keeper)
    assert len(times) == 3
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(server.DAILY_EVERY <= gap <= server.DAILY_EVERY + 500 for gap in gaps)


@pytest.mark.once
def test_a_server_that_is_told_to_stop_stops_it(
    keeper: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    def run_daily_all(*, stop: Callable[[], bool]) -> DailyResult:
        keeper.set()
        told.append(stop())
        return DailyResult()

    monkeypatch.setattr("regulars.promotions.daily.run_daily_all", run_daily_all)
    server._keep_rolled_up(keeper)
    assert told == [True]


@pytest.mark.once
def test_figures_do_not_wait_for_a_long_day(keeper: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    rolled: list[int] = []

    def roll_up() -> int:
        rolled.append(1)
        return 0

    def run_daily_all(*, stop: Callable[[], bool]) -> DailyResult:
        before = len(rolled)
        assert [stop() for _ in range(3)] == [False] * 3
        assert len(rolled) == before + 3
        keeper.set()
        return DailyResult()

    monkeypatch.setattr("regulars.analytics.rollup.roll_up", roll_up)
    monkeypatch.setattr("regulars.promotions.daily.run_daily_all", run_daily_all)
    server._keep_rolled_up(keeper)
    assert keeper.is_set()
    assert len(rolled) == 4


@pytest.mark.once
def test_one_that_fails_is_tried_again(keeper: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def run_daily_all(*, stop: Callable[[], bool]) -> DailyResult:
        tried.append(1)
        if len(tried) == 1:
            raise OSError("the database is away")
        keeper.set()
        return DailyResult()

    monkeypatch.setattr("regulars.promotions.daily.run_daily_all", run_daily_all)
    server._keep_rolled_up(keeper)
    assert len(tried) == 2
