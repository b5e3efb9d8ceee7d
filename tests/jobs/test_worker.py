"""The worker: threads for jobs and loops, leases kept, and an end that loses nothing."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from regulars import db
from regulars.jobs import actions, leases, loops, schedule, worker
from regulars.jobs.links import own_connection
from regulars.jobs.models import Job, ScheduledRun
from regulars.jobs.worker import Worker
from tests.jobs import given

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 20  # seconds


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


@contextmanager
def working(made: Worker) -> Iterator[Callable[[], None]]:
    """A worker in a thread; what comes out stops it and waits for its end."""
    stop = threading.Event()
    thread = threading.Thread(target=made.run, args=(stop,))
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()

    try:
        yield end
    finally:
        end()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(worker, "KEEP_EVERY", 0.05)


def status() -> list[str]:
    return list(Job.objects.order_by("id").values_list("status", flat=True))


def test_it_runs_what_is_enqueued_now_and_later() -> None:
    given.note.enqueue("early")
    with working(Worker(name="Alice")) as end:
        until(lambda: given.seen == ["early"])
        given.note.enqueue("late")
        until(lambda: status() == ["succeeded"] * 2)
        end()
        given.note.enqueue("too late")
    assert status() == ["succeeded", "succeeded", "ready"]
    assert Job.objects.first().worker_ids == ["Alice"]  # type: ignore[union-attr]


def test_its_threads_run_several_at_once() -> None:
    for _ in range(3):
        given.wait_until_released.enqueue(heed=False)
    with working(Worker(threads=2)):
        until(lambda: len(given.seen) == 2)
        assert sorted(status()) == ["ready", "running", "running"]
        given.released.set()
        until(lambda: status() == ["succeeded"] * 3)


def test_progress_is_seen_and_the_lease_is_renewed_while_a_job_runs() -> None:
    given.wait_until_released.enqueue(heed=True)
    with working(Worker(lease=0.6)):
        until(lambda: Job.objects.filter(progress_done=1, progress_total=2, progress_text="half way"))
        first = Job.objects.get().leased_until
        until(lambda: Job.objects.get().leased_until != first)
        assert (leases.take_up_abandoned(), Job.objects.get().attempts) == (0, 1)
        given.released.set()
        until(lambda: status() == ["succeeded"])


def test_a_job_is_told_that_somebody_else_has_it() -> None:
    given.wait_until_released.enqueue(heed=True)
    with working(Worker(lease=0.3, threads=1)) as end:
        assert given.begun.wait(PATIENCE)
        Job.objects.update(lease="Bob")
        given.note.enqueue("next")
        until(lambda: "next" in given.seen)  # the first one has ended by then
        end()
    job = Job.objects.order_by("id")[0]
    assert (job.status, job.lease, job.attempts) == ("running", "Bob", 1)


def test_told_to_stop_it_asks_jobs_to_stop_and_gives_them_back() -> None:
    given.wait_until_released.enqueue(heed=True)
    with working(Worker()) as end:
        assert given.begun.wait(PATIENCE)
        end()
    job = Job.objects.get()
    assert (job.status, job.attempts, job.lease, job.progress_done) == ("ready", 0, "", 1)


def test_a_job_that_does_not_listen_is_cut_off_after_a_while() -> None:
    given.wait_until_released.enqueue(heed=False)
    with working(Worker(grace=0.2)) as end:
        assert given.begun.wait(PATIENCE)
        began = time.monotonic()
        end()
        assert 0.2 <= time.monotonic() - began < 5
    job = Job.objects.get()
    assert (job.status, job.attempts, job.lease) == ("ready", 0, "")
    given.released.set()
    until(lambda: not [one for one in threading.enumerate() if one.name.startswith("job-")])
    assert Job.objects.get().status == "ready"  # it came too late to say so


def test_it_outlives_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    usual, calls = leases.claim, []

    def claim(**options: object) -> Job | None:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("away")
        return usual(**options)  # type: ignore[arg-type]

    monkeypatch.setattr(leases, "claim", claim)
    given.note.enqueue("x")
    with working(Worker(threads=1)):
        until(lambda: status() == ["succeeded"])


def test_loops_turn_again_at_once_while_there_is_more_and_outlive_errors() -> None:
    turns: list[str] = []

    def step(stop: Callable[[], bool]) -> bool:
        assert not stop()
        turns.append(threading.current_thread().name)
        if len(turns) == 2:
            raise OSError("disk on fire")
        if len(turns) == 3:
            raise SystemExit(1)
        return len(turns) == 1

    loops.register("mill", step, every=0.01)
    with working(Worker()):
        until(lambda: len(turns) >= 6)
    assert set(turns) == {"mill"}


def turning(turns: list[int], *, more: bool) -> loops.Step:
    """A step that counts its turns."""

    def step(_: Callable[[], bool]) -> bool:
        turns.append(1)
        return more

    return step


def test_a_loop_is_woken_and_stopped_in_its_pause() -> None:
    turns: list[int] = []
    loops.register("mill", turning(turns, more=False), every=3600)
    with working(Worker()) as end:
        until(lambda: turns)
        loops.wake("mill")
        loops.wake("nobody")
        until(lambda: len(turns) == 2)
        end()
    loops.wake("mill")
    assert len(turns) == 2


def test_a_busy_loop_ends_when_the_worker_stops() -> None:
    turns: list[int] = []
    loops.register("mill", turning(turns, more=True), every=3600)
    with working(Worker()) as end:
        until(lambda: len(turns) > 100)
        end()


def test_the_schedule_turns_in_every_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule.register("nap", given.exit_here, cron="* * * * *")
    with working(Worker()):
        until(lambda: [one.next_at for one in ScheduledRun.objects.all()])
    assert status() == []


@pytest.mark.once
def test_its_threads_leave_checkpoints_to_who_serves() -> None:
    found: list[tuple[int, ...]] = []

    def step(_: Callable[[], bool]) -> bool:
        found.extend(db.run("PRAGMA wal_autocheckpoint"))
        connection.close()  # the next one must be no different
        return False

    loops.register("mill", step, every=0.01)
    before = db.run("PRAGMA wal_autocheckpoint")
    with working(Worker()):
        until(lambda: len(found) > 3)
    assert set(found) == {(0,)}
    assert before == db.run("PRAGMA wal_autocheckpoint") != [(0,)]
    with own_connection():
        assert db.run("PRAGMA wal_autocheckpoint") == [(0,)]
    assert before == db.run("PRAGMA wal_autocheckpoint")


def test_several_workers_share_many_jobs() -> None:
    for number in range(60):
        actions.enqueue(given.note, args=[number])
    with working(Worker(name="Alice")), working(Worker(name="Bob")):
        until(lambda: set(status()) == {"succeeded"})
    assert sorted(given.seen) == list(range(60))
