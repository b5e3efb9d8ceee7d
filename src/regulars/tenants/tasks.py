"""What the room does by the schedule."""

from __future__ import annotations

import datetime as dt

from django_tasks import task

from regulars.tenants import idempotency

EVERY = dt.timedelta(hours=1)


@task()
def forget_answers() -> int:
    """Delete what is kept for retries past its time; how many records there were."""
    return idempotency.forget_old()
