"""What is forgotten after a while: deliveries that succeeded, then events with all that is left of theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from django.db import transaction

from regulars import db

KEEP_DELIVERED = dt.timedelta(days=30)
KEEP_DISABLED = dt.timedelta(days=30)  # what waits for an endpoint that nobody enables
KEEP_EVENTS = dt.timedelta(days=90)
STAYED_DISABLED = "The endpoint stayed disabled."
_BATCH = 1000

Stop = Callable[[], bool]

_GIVEN_UP = """
UPDATE outbox_delivery SET status = 'failed', last_error = %s WHERE status = 'pending' AND endpoint_id IN (
    SELECT id FROM outbox_webhookendpoint WHERE NOT is_active AND disabled_at < %s)"""
_DELIVERED = """
SELECT id FROM outbox_delivery
WHERE created_at < %s AND status = 'delivered' AND delivered_at < %s ORDER BY created_at LIMIT %s"""
# Numbers are given in the order of time, more or less: what is too young ends the search.
_EVENTS = """
SELECT id, created_at < %s AND NOT EXISTS (
    SELECT 1 FROM outbox_delivery d WHERE d.event_id = outbox_event.id AND d.status = 'pending')
FROM outbox_event WHERE id > %s AND NOT pending ORDER BY id LIMIT %s"""


def forget_old(*, now: dt.datetime, stop: Stop = lambda: False) -> int:
    """Delete what is older than it is kept, a little at a time until told to stop; how many rows it was.

    What waits for an endpoint that has been disabled for a month is given up. Events stay while something
    is still to be delivered of them.
    """
    db.run(_GIVEN_UP, (STAYED_DISABLED, db.moment(now - KEEP_DISABLED)))
    forgotten = 0
    while not stop() and (number := _forget_delivered(now - KEEP_DELIVERED)):
        forgotten += number
    last = 0
    while not stop():
        last, number, more = _forget_events(now - KEEP_EVENTS, last)
        forgotten += number
        if not more:
            break
    return forgotten


def _forget_delivered(before: dt.datetime) -> int:
    lock = " FOR UPDATE SKIP LOCKED" if db.is_postgresql() else ""
    moment = db.moment(before)
    with transaction.atomic():
        ids = [number for (number,) in db.run(_DELIVERED + lock, (moment, moment, _BATCH))]
        if ids:
            _delete_deliveries(ids)
    return len(ids)


def _forget_events(before: dt.datetime, last: int) -> tuple[int, int, bool]:
    """The last number looked at, how many were deleted, and whether there may be more."""
    lock = " FOR UPDATE SKIP LOCKED" if db.is_postgresql() else ""
    with transaction.atomic():
        found = db.run(_EVENTS + lock, (db.moment(before), last, _BATCH))
        old = [number for number, is_old in found if is_old]
        if old:
            theirs = db.run(
                f"SELECT id FROM outbox_delivery WHERE {db.any_of('event_id')}", (db.numbers(old),)
            )
            _delete_deliveries([number for (number,) in theirs])
            db.run(f"DELETE FROM outbox_event WHERE {db.any_of('id')}", (db.numbers(old),))
    return (found[-1][0] if found else last), len(old), bool(old) and len(found) == _BATCH


def _delete_deliveries(ids: Sequence[int]) -> None:
    some = (db.numbers(ids),)
    db.run(f"DELETE FROM outbox_deliveryattempt WHERE {db.any_of('delivery_id')}", some)
    db.run(f"DELETE FROM outbox_delivery WHERE {db.any_of('id')}", some)
