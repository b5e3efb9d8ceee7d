"""What the room does by the schedule."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from regulars.jobs import progress
from regulars.jobs.outcomes import Again
from regulars.outbox import cleaning

DAILY = "23 3 * * *"


@task()
def forget_old() -> int:
    """Delete deliveries and events that are older than they are kept; how many rows there were."""
    forgotten = cleaning.forget_old(now=timezone.now(), stop=progress.stopping)
    if progress.stopping():
        raise Again
    return forgotten
