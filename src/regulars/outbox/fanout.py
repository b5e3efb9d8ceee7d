"""Passes events on to those who want to hear of them, soon after they were committed."""

from __future__ import annotations

import json
from collections.abc import Callable

import structlog
from django.db import DatabaseError, DataError, IntegrityError, ProgrammingError, transaction

from regulars import db
from regulars.jobs import loops
from regulars.outbox.consumers import Consumer, Pending, consumers

BATCH = 500

log = structlog.get_logger(__name__)

_ANY = "SELECT 1 FROM outbox_event WHERE pending LIMIT 1"
_PENDING = (
    "SELECT id, business_id, uid, type, version, member_id, payload, created_at FROM outbox_event "
    "WHERE pending ORDER BY id LIMIT %s"
)


def step(stop: Callable[[], bool]) -> bool:
    """Pass on what waits, at most BATCH events; whether there may be more at once. Reads only when idle.

    One process at a time does it. Events that a transaction is just deleting are left to it; no other lock
    that anybody takes on an event makes them be passed over, which would put later ones first.
    """
    if not db.run(_ANY):
        return False
    with transaction.atomic():
        if not db.try_serialise("events"):
            return False
        events = _claim()
        for consumer in consumers():
            _hand_over(consumer, consumer.wanted(events))
        if events:
            ids = db.numbers([event.id for event in events])
            db.run(f"UPDATE outbox_event SET pending = false WHERE {db.any_of('id')}", (ids,))
    if events:
        loops.wake("webhooks")
    return len(events) == BATCH


def pass_on_all() -> int:
    """Pass on everything that waits; how many batches that took. For commands and tests."""
    batches = 1
    while step(lambda: False):
        batches += 1
    return batches


def _claim() -> list[Pending]:
    lock = " FOR NO KEY UPDATE SKIP LOCKED" if db.is_postgresql() else ""
    rows = db.run(_PENDING + lock, (BATCH,))
    return [
        Pending(
            id=number,
            business_id=business_id,
            uid=uid,
            type=kind,
            version=version,
            member_id=member_id,
            payload=json.loads(payload) if isinstance(payload, str) else payload,
            created_at=db.to_moment(created_at),
        )
        for number, business_id, uid, kind, version, member_id, payload, created_at in rows
    ]


def _hand_over(consumer: Consumer, events: list[Pending]) -> None:
    """Give a consumer its events: all at once, and when that fails one by one, to find the one at fault."""
    if not events or _taken(consumer, events):
        return
    for event in events:
        if len(events) == 1 or not _taken(consumer, [event]):
            log.error("event_passed_over", consumer=consumer.name, type=event.type, uid=event.uid)


def _taken(consumer: Consumer, events: list[Pending]) -> bool:
    try:
        with transaction.atomic():
            consumer.handle(events=events)
    except DatabaseError as error:
        if not _is_of_data(error):
            raise  # the database is in trouble, not the event: all of it is tried again
        log.exception("consumer_failed", consumer=consumer.name, events=len(events))
        return False
    except Exception:  # whatever a consumer does wrong must not hold up the others
        log.exception("consumer_failed", consumer=consumer.name, events=len(events))
        return False
    return True


def _is_of_data(error: DatabaseError) -> bool:
    return isinstance(error, DataError | IntegrityError | ProgrammingError)
