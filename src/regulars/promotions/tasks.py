"""What the room does by the schedule."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

from django_tasks import task

from regulars.jobs import progress
from regulars.jobs.outcomes import Again
from regulars.promotions.daily import run_daily_all

EVERY = dt.timedelta(hours=1)  # somewhere on earth a day begins every hour


@task()
def daily_run() -> dict[str, int]:
    """Give what the calendar gives, in every business; how much that was.

    A worker that is told to stop leaves the rest to the next one: the run goes on where it was.
    """
    done = run_daily_all(stop=progress.stopping)
    if progress.stopping():
        raise Again
    return asdict(done)
