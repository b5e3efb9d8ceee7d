"""Deleting what has come to its end: links, sessions, used tokens."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils import timezone

from regulars import db

# A link is remembered for a while after its end.
KEEP_LINKS: Final = dt.timedelta(days=7)
_BATCH: Final = 1000

_TABLES: Final = {
    "links": ("portal_onetimelink", KEEP_LINKS),
    "sessions": ("portal_session", dt.timedelta()),
    "tokens": ("portal_usedtoken", dt.timedelta()),
}


def forget_old() -> dict[str, int]:
    """Delete it, of all businesses, a batch at a time; how many of each."""
    now = timezone.now()
    return {name: _forget(table, now - keep) for name, (table, keep) in _TABLES.items()}


def _forget(table: str, before: dt.datetime) -> int:
    ended = f"SELECT id FROM {table} WHERE expires_at < %s LIMIT %s"
    statement = f"DELETE FROM {table} WHERE id IN ({ended}) RETURNING id"
    forgotten = 0
    while True:
        number = len(db.run(statement, (db.moment(before), _BATCH)))
        forgotten += number
        if number < _BATCH:
            return forgotten
