"""Every write to the table of jobs that is not made by a worker."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django_tasks.base import Task
from django_tasks.utils import normalize_json

from regulars.jobs import loops
from regulars.jobs.models import Job
from regulars.rules.errors import Conflict, NotFound

ACTIVE = (Job.Status.READY.value, Job.Status.RUNNING.value)
MAX_ATTEMPTS = 5
_ROUNDS = 20


def enqueue(
    task: Task[..., Any],
    *,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    business_id: int | None = None,
    key: str | None = None,
    run_after: dt.datetime | None = None,
    priority: int | None = None,
    max_attempts: int | None = None,
    afresh: bool = False,
) -> Job:
    """Let a worker call a task, in the caller's transaction: it runs when that commits, and only then.

    Arguments must be what JSON can say. The call may happen more than once: a worker may die at its end. With
    `key`, a job of the same key that waits or is at work is returned instead of a second one; with `afresh`
    it gets these arguments, and one at work runs once more with them when it has ended. `run_after` and
    `priority` (-100 to 100, higher is earlier) go before those of the task. A task that fails is tried
    `max_attempts` times (5).
    """
    now = timezone.now()
    job = Job(
        uid=str(uuid.uuid4()),
        task=task.module_path,
        queue=task.queue_name,
        priority=task.priority if priority is None else priority,
        args=normalize_json(list(args)),
        kwargs=normalize_json(dict(kwargs or {})),
        business_id=business_id,
        key=key,
        max_attempts=max_attempts or MAX_ATTEMPTS,
        run_after=run_after or task.run_after or now,
        enqueued_at=now,
    )
    if key is None:
        job.save(force_insert=True)
    else:
        job = _insert_or_find(job, afresh=afresh)
    if job.run_after <= now:
        transaction.on_commit(partial(loops.wake, "jobs"))
    return job


def _insert_or_find(job: Job, *, afresh: bool) -> Job:
    for _ in range(_ROUNDS):
        Job.objects.bulk_create([job], ignore_conflicts=True)
        found = Job.objects.filter(key=job.key, status__in=ACTIVE).first()
        if found is not None and (found.uid == job.uid or not afresh or _ask_afresh(found, job)):
            return found
        # The one in the way has finished just now.
        if (own := Job.objects.filter(uid=job.uid).first()) is not None:
            return own  # and so has this one
    raise Conflict(f"The job {job.key} could not be enqueued. Try again.")


def _ask_afresh(found: Job, job: Job) -> bool:
    """Let a job begin anew with the arguments of another; False when it was claimed or ended just now."""
    values: dict[str, Any] = {"args": job.args, "kwargs": job.kwargs}
    if found.status == Job.Status.RUNNING and found.last_attempted_at is not None:
        # Later than it was claimed, also by a clock that is behind (`leases`).
        values["run_after"] = max(job.run_after, found.last_attempted_at + dt.timedelta(milliseconds=1))
    rows = Job.objects.filter(pk=found.pk, status=found.status, lease=found.lease)
    return bool(rows.update(**values))


def is_under_way(*, key: str) -> bool:
    """Whether a job with this key waits or is at work."""
    return Job.objects.filter(key=key, status__in=ACTIVE).exists()


def retry_job(*, pk: int) -> Job:
    """Let a failed job run again at once, with all its attempts.

    Raises:
        NotFound: there is no such job.
        Conflict: it has not failed, or another one with its key waits or is at work.
    """
    try:
        with transaction.atomic():
            changed = Job.objects.filter(pk=pk, status=Job.Status.FAILED).update(
                status=Job.Status.READY, attempts=0, run_after=timezone.now(), finished_at=None
            )
    except IntegrityError as error:
        raise Conflict(f"Another job with the same key as job {pk} is waiting or running.") from error
    job = _job(pk)
    if not changed:
        raise Conflict(f"Job {pk} has not failed; it is {job.status}.")
    transaction.on_commit(partial(loops.wake, "jobs"))
    return job


def delete_job(*, pk: int) -> None:
    """Take a job away that waits or has finished.

    Raises:
        NotFound: there is no such job.
        Conflict: a worker is at it.
    """
    deleted, _ = Job.objects.filter(pk=pk).exclude(status=Job.Status.RUNNING).delete()
    if not deleted:
        raise Conflict(f"Job {_job(pk).pk} is running.")


def cancel_job(*, pk: int) -> None:
    """Take a job away that waits. What has ended stays, as the record of what came of it.

    Raises:
        NotFound: there is no such job.
        Conflict: it does not wait.
    """
    deleted, _ = Job.objects.filter(pk=pk, status=Job.Status.READY).delete()
    if not deleted:
        raise Conflict(f"Job {pk} does not wait; it is {_job(pk).get_status_display().lower()}.")


def forget_finished(*, succeeded_before: dt.datetime, failed_before: dt.datetime) -> int:
    """Delete jobs that finished before these moments; how many there were."""
    done, _ = Job.objects.filter(status=Job.Status.SUCCEEDED, finished_at__lt=succeeded_before).delete()
    failed, _ = Job.objects.filter(status=Job.Status.FAILED, finished_at__lt=failed_before).delete()
    return done + failed


def _job(pk: int) -> Job:
    job = Job.objects.filter(pk=pk).first()
    if job is None:
        raise NotFound(f"There is no job {pk}.")
    return job
