"""Looking at jobs: for the command line and for pages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from regulars.jobs import schedule
from regulars.jobs.models import Job, ScheduledRun
from regulars.rules.errors import NotFound


def job(pk: int) -> Job:
    """One job.

    Raises:
        NotFound: there is no such job.
    """
    found = Job.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"There is no job {pk}.")
    return found


def latest(*, status: str | None = None, business_id: int | None = None, most: int = 50) -> list[Job]:
    """The jobs enqueued last, newest first; those of one status, of one business."""
    jobs = Job.objects.order_by("-id")
    if status is not None:
        jobs = jobs.filter(status=status)
    if business_id is not None:
        jobs = jobs.filter(business_id=business_id)
    return list(jobs[:most])


def with_key(key: str) -> Job | None:
    """The job of a key that waits or runs, else the one that finished last; None when there is none."""
    return Job.objects.filter(key=key).order_by("-id").first()


@dataclass(frozen=True, slots=True)
class Planned:
    """Something on the schedule: when it was enqueued last, and when it is due next."""

    name: str
    last_at: dt.datetime | None
    next_at: dt.datetime | None


def planned() -> list[Planned]:
    """The schedule, by name. What no worker has seen yet has no times."""
    rows = {row.name: row for row in ScheduledRun.objects.all()}
    unseen = ScheduledRun(last_at=None)
    return [
        Planned(name, rows.get(name, unseen).last_at, rows.get(name, unseen).next_at)
        for name in sorted(entry.name for entry in schedule.registered())
    ]
