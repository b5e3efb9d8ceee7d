"""Jobs are rows: written in the caller's transaction, found by key, seen through django-tasks."""

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks.exceptions import InvalidTaskError, TaskResultDoesNotExist, TaskResultMismatch

from regulars.jobs import actions, loops, queries
from regulars.jobs.models import Job
from regulars.jobs.running import run_due
from regulars.rules.errors import Conflict, NotFound
from tests.jobs import given

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def test_a_task_runs_later_and_says_what_it_returned() -> None:
    result = given.note.enqueue({"points": [1, 2.5, None]})
    assert (result.status, result.attempts, given.seen) == (TaskResultStatus.READY, 0, [])
    assert run_due(worker="Bob") == 1
    result.refresh()
    assert result.status == TaskResultStatus.SUCCESSFUL
    assert result.return_value == {"points": [1, 2.5, None]}
    assert (given.seen, result.worker_ids, result.errors) == ([result.return_value], ["Bob"], [])
    assert result.enqueued_at and result.started_at and result.finished_at  # noqa: PT018 - all or nothing
    assert result.enqueued_at <= result.started_at <= result.finished_at
    assert run_due() == 0


def test_time_and_priority_come_with_the_task() -> None:
    tomorrow = timezone.now() + dt.timedelta(days=1)
    given.note.using(run_after=tomorrow, priority=100).enqueue("tomorrow")
    given.note.enqueue("first")
    given.note.using(priority=7).enqueue("urgent")
    actions.enqueue(given.note, args=["urgent, too"], priority=8)
    given.note.enqueue("second")
    assert run_due() == 4
    assert given.seen == ["urgent, too", "urgent", "first", "second"]
    assert Job.objects.get(status="ready").run_after == tomorrow


def test_a_task_may_ask_for_its_context() -> None:
    result = given.attempt.enqueue("x")
    run_due()
    result.refresh()
    assert result.return_value == [1, result.id, "x"]


def test_results_are_found_by_id() -> None:
    result = given.note.enqueue(1)
    assert given.note.get_result(result.id).args == [1]
    with pytest.raises(TaskResultMismatch):
        given.fail.get_result(result.id)
    with pytest.raises(TaskResultDoesNotExist):
        given.note.get_result("nothing")


def test_what_cannot_be_stored_is_refused() -> None:
    with pytest.raises(TypeError):
        given.note.enqueue(object())
    with pytest.raises(InvalidTaskError):
        given.note.using(priority=101)
    assert not Job.objects.exists()


def test_a_job_goes_with_the_transaction_that_enqueues_it() -> None:
    with transaction.atomic():
        actions.enqueue(given.note, args=[1])
        transaction.set_rollback(True)
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_of_this_process_is_woken_by_the_commit() -> None:
    with loops.listening("jobs") as called:
        with transaction.atomic():
            actions.enqueue(given.note, args=[1])
            assert not called.is_set()
        assert called.is_set()
        called.clear()
        actions.enqueue(given.note, args=[1], run_after=timezone.now() + HOUR)
        assert not called.is_set()


def test_of_one_key_one_job_waits_or_runs() -> None:
    first = actions.enqueue(given.note, args=[1], key="a", business_id=7)
    assert actions.enqueue(given.note, args=[2], key="a") == first
    other = actions.enqueue(given.note, args=[3], key="b")
    Job.objects.filter(pk=first.pk).update(status="running")
    assert actions.enqueue(given.note, args=[4], key="a") == first
    Job.objects.filter(pk=first.pk).update(status="succeeded", finished_at=timezone.now())
    again = actions.enqueue(given.note, args=[5], key="a")
    assert again.pk not in {first.pk, other.pk}
    assert queries.with_key("a") == again
    assert queries.with_key("c") is None
    assert [job.args for job in queries.latest(business_id=7)] == [[1]]


def test_a_failed_job_runs_again() -> None:
    job = actions.enqueue(given.fail, args=["no"], max_attempts=1, key="a")
    with pytest.raises(Conflict, match="has not failed; it is ready"):
        actions.retry_job(pk=job.pk)
    run_due()
    assert [one.pk for one in queries.latest(status="failed")] == [job.pk]
    blocking = actions.enqueue(given.note, args=[1], key="a")
    with pytest.raises(Conflict, match="same key"):
        actions.retry_job(pk=job.pk)
    actions.delete_job(pk=blocking.pk)
    again = actions.retry_job(pk=job.pk)
    assert (again.status, again.attempts, again.finished_at) == ("ready", 0, None)
    assert run_due() == 1
    assert queries.job(job.pk).status == "failed"
    with pytest.raises(NotFound, match="There is no job 0"):
        actions.retry_job(pk=0)


def test_a_running_job_is_not_deleted() -> None:
    job = actions.enqueue(given.note, args=[1])
    Job.objects.filter(pk=job.pk).update(status="running")
    with pytest.raises(Conflict, match=f"Job {job.pk} is running"):
        actions.delete_job(pk=job.pk)
    Job.objects.filter(pk=job.pk).update(status="ready")
    actions.delete_job(pk=job.pk)
    with pytest.raises(NotFound):
        actions.delete_job(pk=job.pk)
    with pytest.raises(NotFound):
        queries.job(job.pk)


def test_finished_jobs_are_forgotten_in_time() -> None:
    from regulars.jobs.tasks import KEEP_FAILED, KEEP_SUCCEEDED, forget_finished  # noqa: PLC0415

    now = timezone.now()
    kept = set()
    for status, keep in (("succeeded", KEEP_SUCCEEDED), ("failed", KEEP_FAILED)):
        for age in (keep - HOUR, keep + HOUR):
            job = actions.enqueue(given.note, args=[1])
            Job.objects.filter(pk=job.pk).update(status=status, finished_at=now - age)
            if age < keep:
                kept.add(job.pk)
    waiting = actions.enqueue(given.note, args=[1])
    Job.objects.filter(pk=waiting.pk).update(enqueued_at=now - dt.timedelta(days=365))
    assert forget_finished.call() == 2
    assert set(Job.objects.values_list("pk", flat=True)) == {*kept, waiting.pk}
