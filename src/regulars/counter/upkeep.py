"""What the counter forgets: a member who is erased, sessions and codes that have ended."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.counter.models import Action, Scan

# Ended sessions and codes that nobody used say nothing to anybody after so long.
KEEP: Final = dt.timedelta(days=1)


def erase_member(*, business_id: int, member_id: int) -> None:
    """Delete what was done for a member. Within the caller's transaction."""
    with scope(business=business_id):
        Action.objects.filter(member_id=member_id).delete()
        Scan.objects.filter(member_id=member_id).delete()


def forget_ended() -> int:
    """Delete sessions and pairing codes of all businesses that ended a day ago; how many there were."""
    before = db.moment(timezone.now() - KEEP)
    gone = 0
    for table in ("counter_operatorsession", "counter_pairing"):
        gone += len(db.run(f"DELETE FROM {table} WHERE expires_at < %s RETURNING id", (before,)))
    return gone
