"""How jobs end: by returning, by failing and being tried again, by asking for another turn."""

import datetime as dt
from itertools import pairwise

import pytest
import time_machine
from django.utils import timezone
from django_tasks import TaskResultStatus

from regulars.jobs import actions, leases, progress, queries
from regulars.jobs.models import Job
from regulars.jobs.outcomes import WorkerDied
from regulars.jobs.running import run_due, run_job
from tests.jobs import given

pytestmark = pytest.mark.django_db


def the_job() -> Job:
    return Job.objects.get()


def test_a_failing_job_is_tried_again_after_growing_pauses() -> None:
    actions.enqueue(given.fail, args=["the shop burns"])
    times = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while the_job().status == "ready":
            times.append(the_job().run_after)
            clock.move_to(times[-1] - dt.timedelta(seconds=1))
            assert run_due() == 0
            clock.move_to(times[-1])
            assert run_due() == 1
    assert [later - earlier for earlier, later in pairwise(times)] == list(leases.PAUSES)
    job = the_job()
    assert (job.status, job.attempts, len(job.worker_ids), job.lease) == ("failed", 5, 5, "")
    assert job.error_class == "builtins.OSError"
    assert job.error.rstrip().endswith("OSError: the shop burns")
    assert "Traceback" in job.error
    assert given.fail.get_result(job.uid).errors[0].exception_class is OSError
    assert given.fail.get_result(job.uid).status == TaskResultStatus.FAILED


def test_an_error_is_kept_within_bounds() -> None:
    actions.enqueue(given.fail, args=["NUL" + "y" * 50_000])
    run_due()
    assert len(the_job().error) == leases.ERROR_LENGTH
    assert the_job().error.endswith("yyy\n")


def test_even_an_exit_is_only_a_failure() -> None:
    actions.enqueue(given.exit_here)
    run_due()
    assert (the_job().status, the_job().error_class) == ("ready", "builtins.SystemExit")


def test_giving_up_fails_at_once() -> None:
    actions.enqueue(given.give_up)
    run_due()
    job = the_job()
    assert (job.status, job.attempts, job.error) == ("failed", 1, "there is no such shop")
    assert job.finished_at is not None


def test_again_is_not_an_attempt() -> None:
    actions.enqueue(given.later, args=[60], max_attempts=1)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for turn in range(3):
            assert run_due() == 1
            job = the_job()
            assert (job.status, job.attempts, job.worker_ids, job.lease) == ("ready", 0, [], "")
            assert job.run_after == timezone.now() + dt.timedelta(seconds=60), turn
            assert (job.progress_done, job.progress_total) == (1, 3)
            assert run_due() == 0
            clock.shift(60)


def test_a_result_that_json_cannot_say_is_a_failure() -> None:
    actions.enqueue(given.unspeakable, max_attempts=1)
    run_due()
    assert (the_job().status, the_job().error_class) == ("failed", "builtins.TypeError")


def test_a_result_that_the_database_cannot_keep_is_a_failure(database: str) -> None:
    actions.enqueue(given.nul)
    run_due()
    job = the_job()
    assert (job.status, job.result) == (
        ("failed", None) if database == "postgresql" else ("succeeded", "a\x00b")
    )


def test_a_task_of_another_version_is_tried_again() -> None:
    actions.enqueue(given.note, args=[1])
    for name in ("tests.jobs.given.gone", "tests.jobs.given.seen", "tests.jobs.gone.gone"):
        Job.objects.update(task=name, status="ready", run_after=timezone.now())
        assert run_due() == 1
        assert the_job().status == "ready"
        assert the_job().error_class in {"builtins.ImportError", "builtins.ModuleNotFoundError"}


def test_progress_is_there_at_the_end() -> None:
    actions.enqueue(given.count, args=[1000])
    run_due()
    job = the_job()
    assert (job.progress_done, job.progress_total, job.result) == (1000, 1000, 1000)
    assert job.progress_text == "counting" + "x" * 192


def test_the_end_knows_the_progress_that_somebody_is_just_about_to_write() -> None:
    run = progress.Run(lambda: False)
    assert (run.latest(), run.untold()) == (None, None)
    with progress.inside(run):
        progress.report(done=7)
    assert run.untold() == progress.Progress(7)
    assert run.untold() is None
    assert run.latest() == progress.Progress(7)


def test_outside_a_job_nothing_is_reported_and_nobody_stops() -> None:
    progress.report(done=1)
    assert not progress.stopping()
    assert given.count.call(3) == 3


def test_whoever_lost_a_job_changes_nothing() -> None:
    actions.enqueue(given.note, args=["late"])
    slow = leases.claim(worker="Alice")
    assert slow is not None
    assert leases.claim(worker="Bob") is None
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=leases.SECONDS + 1)):
        assert leases.take_up_abandoned() == 1
        assert leases.take_up_abandoned() == 0
        quick = leases.claim(worker="Bob")
    assert quick is not None
    before = Job.objects.values().get()
    assert not leases.renew(slow)
    run_job(slow, progress.Run(lambda: False))
    leases.tell(slow, progress.Progress(3))
    assert leases.fail(slow, kind="x", error="y") is None
    assert not leases.give_back(slow)
    assert Job.objects.values().get() == before
    assert leases.renew(quick)
    run_job(quick, progress.Run(lambda: False))
    assert (the_job().status, the_job().worker_ids) == ("succeeded", ["Alice", "Bob"])


def test_a_lease_that_is_renewed_is_not_taken() -> None:
    actions.enqueue(given.note, args=[1])
    job = leases.claim(worker="Alice")
    assert job is not None
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(5):
            clock.shift(leases.SECONDS - 1)
            assert leases.take_up_abandoned() == 0
            assert leases.renew(job)
        clock.shift(leases.SECONDS + 1)
        assert leases.take_up_abandoned() == 1


def test_a_job_that_kills_its_workers_fails_in_the_end() -> None:
    job = actions.enqueue(given.note, args=[1], max_attempts=3)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(3):
            assert leases.claim(worker=f"Bob {number}") is not None
            clock.shift(leases.SECONDS + 1)
            assert leases.take_up_abandoned() == 1
    found = queries.job(job.pk)
    assert (found.status, found.attempts, given.seen) == ("failed", 3, [])
    assert found.error == "The worker died at it 3 times; the last one was Bob 2."
    (error,) = given.note.get_result(found.uid).errors
    assert error.exception_class is WorkerDied


def test_an_idle_look_only_reads(django_assert_num_queries: object) -> None:
    actions.enqueue(given.note, args=[1], run_after=timezone.now() + dt.timedelta(hours=1))
    with django_assert_num_queries(1) as found:  # type: ignore[operator]
        assert leases.claim(worker="Bob") is None
    assert found.captured_queries[0]["sql"].startswith("SELECT")
