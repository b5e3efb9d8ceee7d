"""What the room itself does by the schedule."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django_tasks import task

from regulars.jobs import actions

KEEP_SUCCEEDED = dt.timedelta(days=7)
KEEP_FAILED = dt.timedelta(days=90)


@task()
def forget_finished() -> int:
    """Delete jobs that finished long ago; how many there were."""
    now = timezone.now()
    return actions.forget_finished(succeeded_before=now - KEEP_SUCCEEDED, failed_before=now - KEEP_FAILED)
