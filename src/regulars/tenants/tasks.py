"""What the room does by the schedule."""

from __future__ import annotations

import datetime as dt

from django_tasks import task

from regulars.tenants import idempotency, sessions

EVERY = dt.timedelta(hours=1)
# Each night, when few are at work.
SESSIONS_AT = "41 3 * * *"


@task()
def forget_answers() -> int:
    """Delete what is kept for retries past its time; how many records there were."""
    return idempotency.forget_old()


@task()
def clear_sessions() -> int:
    """Delete sessions of the back office that have ended; how many there were."""
    return sessions.clear_ended()
