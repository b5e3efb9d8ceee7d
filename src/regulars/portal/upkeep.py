"""Deleting what has come to its end: links, sessions, used tokens, second codes that nobody confirmed."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.utils import timezone

from regulars import db
from regulars.members import aliases

# A link is remembered for a while after its end.
KEEP_LINKS: Final = dt.timedelta(days=7)
KEEP_ALIASES: Final = dt.timedelta(days=30)
_BATCH: Final = 1000

_TABLES: Final = {
    "links": ("portal_onetimelink", KEEP_LINKS),
    "sessions": ("portal_session", dt.timedelta()),
    "tokens": ("portal_usedtoken", dt.timedelta()),
}
# A printed card that was taken for such a code can be taken again.
_FREE_CARDS: Final = """
UPDATE members_blankcard SET used_at = NULL, member_id = NULL WHERE qr_code IN (
    SELECT qr_code FROM members_cardalias WHERE confirmed_at IS NULL AND created_at < %s)"""


def forget_old() -> dict[str, int]:
    """Delete it, of all businesses, a batch at a time; how many of each."""
    now = timezone.now()
    found = {name: _forget(table, now - keep) for name, (table, keep) in _TABLES.items()}
    before = now - KEEP_ALIASES
    with transaction.atomic():
        db.run(_FREE_CARDS, (db.moment(before),))
        found["aliases"] = aliases.forget_unconfirmed(before=before)
    return found


def _forget(table: str, before: dt.datetime) -> int:
    ended = f"SELECT id FROM {table} WHERE expires_at < %s LIMIT %s"
    statement = f"DELETE FROM {table} WHERE id IN ({ended}) RETURNING id"
    forgotten = 0
    while True:
        number = len(db.run(statement, (db.moment(before), _BATCH)))
        forgotten += number
        if number < _BATCH:
            return forgotten
