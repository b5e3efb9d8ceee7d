"""Who has a job, and until when. Every change is conditional: it happens only while the lease is ours."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from django.db import DataError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django_tasks.utils import normalize_json

from regulars import db
from regulars.jobs.models import Job
from regulars.jobs.outcomes import WorkerDied
from regulars.jobs.progress import Progress

SECONDS = 30.0
# Pauses after the first, second … attempt that failed.
PAUSES = (
    dt.timedelta(seconds=10),
    dt.timedelta(minutes=1),
    dt.timedelta(minutes=10),
    dt.timedelta(hours=1),
)
ERROR_LENGTH = 20_000  # characters
NAME_LENGTH = 60
_BATCH = 100
# A job at work is due before somebody claims it; later only when it was asked for once more (`enqueue`).
_ASKED_AFRESH = Q(run_after__gt=F("last_attempted_at"))
_AFRESH: dict[str, Any] = {"status": Job.Status.READY, "attempts": 0, "lease": "", "leased_until": None}
_CLAIMED = (
    "status", "attempts", "lease", "leased_until", "worker_ids", "started_at", "last_attempted_at",
)  # fmt: skip

log = structlog.get_logger(__name__)


def claim(*, worker: str, seconds: float = SECONDS) -> Job | None:
    """Take the next job that is due: the highest priority, then the longest due. None when there is none.

    Only reads when there is nothing. A job is given to one worker, however many ask.
    """
    now = timezone.now()
    if not db.run(
        "SELECT 1 FROM jobs_job WHERE status = 'ready' AND run_after <= %s LIMIT 1", (db.moment(now),)
    ):
        return None
    with transaction.atomic():
        job = (
            Job.objects.select_for_update(skip_locked=True)
            .filter(status=Job.Status.READY, run_after__lte=now)
            .order_by("-priority", "run_after", "id")
            .first()
        )
        if job is None:
            return None
        job.status = Job.Status.RUNNING
        job.attempts += 1
        job.lease = f"{worker[:NAME_LENGTH]}/{secrets.token_hex(8)}"
        job.leased_until = now + dt.timedelta(seconds=seconds)
        job.worker_ids = [*job.worker_ids, worker[:NAME_LENGTH]]
        job.started_at = job.started_at or now
        job.last_attempted_at = now
        job.save(update_fields=_CLAIMED)
    return job


def renew(job: Job, *, seconds: float = SECONDS) -> bool:
    """Keep a job for longer; False when somebody else has it by now."""
    until = timezone.now() + dt.timedelta(seconds=seconds)
    return bool(_ours(job).update(leased_until=until))


def tell(job: Job, progress: Progress) -> None:
    """Write down how far a job is."""
    _ours(job).update(**_fields(progress))


def succeed(job: Job, result: Any, progress: Progress | None = None) -> bool:
    """End a job with what it returned; False when somebody else has it by now."""
    values = {"result": result, "error_class": "", "error": ""}
    return _end(job, Job.Status.SUCCEEDED, values, progress)


def fail(
    job: Job, *, kind: str, error: str, for_good: bool = False, progress: Progress | None = None
) -> str | None:
    """Keep what went wrong. The job runs again after a pause, if it has attempts left and not `for_good`.

    Returns the new status, None when somebody else has the job by now.
    """
    values: dict[str, Any] = {"error_class": kind[:200], "error": _clean(error)}
    status = Job.Status.FAILED
    if not for_good and job.attempts < job.max_attempts:
        status = Job.Status.READY
        values["run_after"] = timezone.now() + PAUSES[min(job.attempts, len(PAUSES)) - 1]
    return status.value if _end(job, status, values, progress) else None


def give_back(
    job: Job,
    *,
    at: dt.datetime | None = None,
    kwargs: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> bool:
    """Let others have it, not before `at`; this was no attempt. False when somebody else has it by now.

    It begins with `kwargs` then, unless it was asked for afresh meanwhile.
    """
    values: dict[str, Any] = {
        "run_after": at or timezone.now(),
        "attempts": job.attempts - 1,
        "worker_ids": job.worker_ids[:-1],
    }
    if kwargs is not None:
        _ours(job).exclude(_ASKED_AFRESH).update(kwargs=normalize_json(dict(kwargs)))
    return _end(job, Job.Status.READY, values, progress)


def take_up_abandoned() -> int:
    """Put jobs whose workers have died back among the others; how many there were.

    One whose workers have died as often as it has attempts has failed.
    """
    now = timezone.now()
    found = Job.objects.filter(status=Job.Status.RUNNING, leased_until__lt=now).order_by("leased_until")
    return sum(_take_up(job, now) for job in found[:_BATCH])


def _take_up(job: Job, now: dt.datetime) -> bool:
    values: dict[str, Any] = {"lease": "", "leased_until": None}
    if job.attempts < job.max_attempts:
        values |= {"status": Job.Status.READY, "run_after": now}
    else:
        values |= {
            "status": Job.Status.FAILED,
            "finished_at": now,
            "error_class": f"{WorkerDied.__module__}.{WorkerDied.__qualname__}",
            "error": f"The worker died at it {job.attempts} times; the last one was {job.worker_ids[-1]}.",
        }
    taken = bool(_ours(job).filter(leased_until=job.leased_until).update(**values))
    if taken:
        log.warning("job_abandoned", job=job.pk, task=job.task, attempts=job.attempts, worker=job.lease)
    return taken


def _end(job: Job, status: Job.Status, values: dict[str, Any], progress: Progress | None) -> bool:
    values |= {"status": status, "lease": "", "leased_until": None}
    if status is not Job.Status.READY:
        values["finished_at"] = timezone.now()
    if progress is not None:
        values |= _fields(progress)
    try:
        with transaction.atomic():
            if status is Job.Status.READY:
                return bool(_ours(job).update(**values))
            ended = _ours(job).exclude(_ASKED_AFRESH).update(**values)
            return bool(ended or _ours(job).update(**_AFRESH))
    except DataError as error:  # what JSON can say and the database cannot keep
        if status is not Job.Status.SUCCEEDED:
            raise
        return (
            fail(job, kind="django.db.utils.DataError", error=f"The result: {error}", for_good=True)
            is not None
        )


def _ours(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, status=Job.Status.RUNNING, lease=job.lease)


def _fields(progress: Progress) -> dict[str, Any]:
    return {
        "progress_done": progress.done,
        "progress_total": progress.total,
        "progress_text": progress.text,
    }


def _clean(text: str) -> str:
    """Its end, where a trace says what happened; without what PostgreSQL cannot keep."""
    text = text.replace("\x00", "")
    return text if len(text) <= ERROR_LENGTH else f"…{text[1 - ERROR_LENGTH :]}"
