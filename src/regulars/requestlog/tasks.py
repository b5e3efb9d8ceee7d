"""What the room does by the schedule."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django_tasks import task

from regulars import db

DAILY = "41 3 * * *"
# Calls hold addresses of networks: of a business that seldom calls they do not stay for ever.
KEEP_DAYS = 30
_BATCH = 1000

_OLDEST = "SELECT id, at < %s FROM requestlog_call ORDER BY id LIMIT %s"


@task()
def forget_old() -> int:
    """Delete calls that are older than they are kept; how many there were."""
    before = timezone.now() - dt.timedelta(days=KEEP_DAYS)
    forgotten = 0
    while True:
        found = db.run(_OLDEST, (db.moment(before), _BATCH))
        old = [number for number, is_old in found if is_old]
        if old:
            db.run(f"DELETE FROM requestlog_call WHERE {db.any_of('id')}", (db.numbers(old),))
        forgotten += len(old)
        # Numbers are given in the order of time, more or less: what is too young ends the search.
        if len(old) < _BATCH:
            return forgotten
