"""What the counter forgets by itself: sessions and codes that have ended."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils import timezone

from regulars import db

# Ended sessions and codes that nobody used say nothing to anybody after so long.
KEEP: Final = dt.timedelta(days=1)


def forget_ended() -> int:
    """Delete sessions and pairing codes of all businesses that ended a day ago; how many there were."""
    before = db.moment(timezone.now() - KEEP)
    gone = 0
    for table in ("counter_operatorsession", "counter_pairing"):
        gone += len(db.run(f"DELETE FROM {table} WHERE expires_at < %s RETURNING id", (before,)))
    return gone
