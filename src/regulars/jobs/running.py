"""Calls the task of a job that was claimed, and writes down what became of it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import Any

import structlog
from django.db import DatabaseError, close_old_connections, connection
from django_tasks.base import TaskContext
from django_tasks.utils import get_module_path, normalize_json

from regulars.jobs import leases, progress
from regulars.jobs.backend import as_result, task_of
from regulars.jobs.models import Job
from regulars.jobs.outcomes import Again, GiveUp

# Seconds between attempts to write down how a job ended, when the database is away.
_TRIES = (0.5, 2.0, 5.0)

log = structlog.get_logger(__name__)


def run_due(*, stop: Callable[[], bool] = lambda: False, worker: str = "here") -> int:
    """Run, one after the other in this thread, all jobs that are due; how many there were.

    For commands and tests. Leases are not renewed, so it is not for long jobs beside other workers.
    """
    number = 0
    while not stop() and (job := leases.claim(worker=worker)) is not None:
        run_job(job, progress.Run(stop))
        number += 1
    return number


def run_job(job: Job, run: progress.Run) -> None:
    """Call a job's task and end the job by its outcome. Raises nothing but what the database may raise."""
    began = time.monotonic()
    try:
        with progress.inside(run):
            result = normalize_json(_call(job))
    except Again as again:
        at, kwargs = again.at, again.kwargs
        _write(lambda: leases.give_back(job, at=at, kwargs=kwargs, progress=run.latest()))
        return
    except GiveUp as reason:
        _failed(job, run, reason, for_good=True)
        return
    except BaseException as error:  # noqa: BLE001 - whatever a job does, the worker goes on
        _failed(job, run, error, for_good=False)
        return
    finally:
        if not connection.in_atomic_block:
            close_old_connections()  # those that broke
    if not _write(lambda: leases.succeed(job, result, run.latest())):
        log.warning("job_lost", job=job.pk, task=job.task)
        return
    log.info("job_done", job=job.pk, task=job.task, seconds=round(time.monotonic() - began, 3))


def _call(job: Job) -> Any:
    task = task_of(job)
    if task.takes_context:
        return task.call(TaskContext(task_result=as_result(job, task)), *job.args, **job.kwargs)
    return task.call(*job.args, **job.kwargs)


def _failed(job: Job, run: progress.Run, error: BaseException, *, for_good: bool) -> None:
    kind = get_module_path(type(error))
    text = str(error) if for_good else "".join(traceback.format_exception(error))
    told = run.latest()
    status = _write(lambda: leases.fail(job, kind=kind, error=text, for_good=for_good, progress=told))
    say = log.error if status == Job.Status.FAILED else log.warning
    name = "job_lost" if status is None else "job_failed" if status == Job.Status.FAILED else "job_tried"
    say(name, job=job.pk, task=job.task, attempt=job.attempts, business_id=job.business_id, why=text)


def _write(change: Callable[[], Any]) -> Any:
    """Make a change; again a little later when the database is away for a moment.

    When it stays away, the lease runs out and somebody runs the job again.
    """
    for pause in _TRIES:
        try:
            return change()
        except DatabaseError:
            if connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(pause)
    return change()
