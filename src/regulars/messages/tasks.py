"""What the room does by the schedule."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.utils import timezone as clock
from django_tasks import task

from regulars import db
from regulars.jobs import progress
from regulars.jobs.outcomes import Again
from regulars.messages import daily

EVERY: Final = dt.timedelta(hours=1)
# How long the log remembers messages that belong to no campaign.
KEEP: Final = dt.timedelta(days=180)
_BATCH: Final = 1000

_FORGET = """
DELETE FROM messages_message WHERE id IN (
    SELECT id FROM messages_message
    WHERE created_at < %s AND campaign_id IS NULL AND status NOT IN ('queued', 'sending') LIMIT %s
) RETURNING id"""


@task()
def daily_messages() -> int:
    """Queue the messages that today brings; how many there were."""
    queued = daily.run_all(stop=progress.stopping)
    if progress.stopping():
        raise Again
    return queued


@task()
def forget_messages() -> int:
    """Delete messages that ended long ago; how many there were."""
    before = db.moment(clock.now() - KEEP)
    forgotten = 0
    while True:
        with transaction.atomic():
            number = len(db.run(_FORGET, (before, _BATCH)))
        forgotten += number
        if number < _BATCH:
            return forgotten
        if progress.stopping():
            raise Again
