"""Sales and vouchers in figures: what triggers wrote about them, added up and moved into the totals.

A sale may be changed and deleted, so it cannot be rolled up in the order of ids as entries are. Instead the
database writes a `Change` for each, with what it adds and takes away. Changes that are in the totals are
deleted: what is read is always the totals and all changes that are there (docs/decisions/0025).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from regulars import db
from regulars.analytics import facets
from regulars.analytics.models import Erasing, StaffTotal, Sums

_COLUMNS = f"business_id, at, branch_key, staff_key, {', '.join(StaffTotal.TRADE)}"
_TAKE = f"""
DELETE FROM analytics_change WHERE id IN (SELECT id FROM analytics_change ORDER BY id LIMIT %s)
RETURNING {_COLUMNS}, erased"""
_OF = f"SELECT {_COLUMNS} FROM analytics_change WHERE business_id = %s AND NOT erased"
_STAFF = facets.upsert(
    "analytics_stafftotal", ("business_id", "day", "branch_key", "staff_key"), StaffTotal.TRADE
)
_ERASED = facets.upsert("analytics_erased", ("business_id",), (*Sums.COLUMNS, *StaffTotal.TRADE))

Key = tuple[int, dt.date, int, int]  # business, day, branch, staff


def roll_up(limit: int) -> int:
    """Move the oldest changes into the totals, at most `limit`; how many there were.

    Within a transaction that holds the watermark, so that one process at a time does it.
    """
    rows = db.run(_TAKE, (limit,))
    days = _by_day(row[:-1] for row in rows if not row[-1])
    erased: dict[int, list[int]] = defaultdict(lambda: [0] * len(StaffTotal.TRADE))
    for business, _, _, _, *sums, gone in rows:
        if gone:
            erased[business] = [one + more for one, more in zip(erased[business], sums, strict=True)]
    with connection.cursor() as cursor:
        for key, sums in sorted(days.items()):
            cursor.execute(_STAFF, (key[0], db.calendar_day(key[1]), *key[2:], *sums))
        for business, sums in sorted(erased.items()):
            cursor.execute(_ERASED, (business, *([0] * len(Sums.COLUMNS)), *sums))
    return len(rows)


def waiting() -> bool:
    """Whether a change is not in the totals yet."""
    return bool(db.run("SELECT 1 FROM analytics_change LIMIT 1"))


def read_changes(*, business_id: int) -> dict[Key, list[int]]:
    """What is not in the totals of a business yet: sums of `StaffTotal.TRADE`."""
    return _by_day(db.run(_OF, (business_id,)))


def _by_day(rows: Iterable[Sequence[Any]]) -> dict[Key, list[int]]:
    listed = list(rows)
    zones = facets.zones({row[0] for row in listed}) if listed else {}
    found: dict[Key, list[int]] = {}
    for business, at, branch, staff, *sums in listed:
        day = db.to_moment(at).astimezone(zones[business]).date() if business in zones else None
        if day is not None:
            known = found.setdefault((business, day, branch, staff), [0] * len(sums))
            found[business, day, branch, staff] = [one + more for one, more in zip(known, sums, strict=True)]
    return found


def begin_erasing(*, business_id: int, member_id: int) -> None:
    """From here on, what the caller's transaction deletes stays counted on its day: it goes with a member."""
    Erasing.objects.create(business_id=business_id)


def end_erasing(*, business_id: int, member_id: int) -> None:
    """From here on deleting takes away from the figures again. Rows of other transactions are not seen."""
    Erasing.objects.filter(business_id=business_id).delete()
