"""Which deliveries are sent next, and by whom: leases, so that two workers never send the same one at once.

A later event of a member waits while an earlier one of the same member is on its way to the same endpoint.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import orjson
import structlog
from django.db import transaction

from regulars import db
from regulars.outbox import webhooks
from regulars.rules import retries
from regulars.seal import Unsealable

LEASE = dt.timedelta(seconds=60)

UNSEALABLE = "The secret was kept under another REGULARS_SECRET_KEY. Rotate it, then enable the endpoint."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that may be called now. After too many failures it is only asked whether it is back."""

    id: int
    business_id: int
    url: str
    secrets: tuple[str, ...]
    probing: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker sends, until its lease ends."""

    id: int
    endpoint: Endpoint
    member_id: int | None
    attempts: int
    uid: str
    content: bytes
    leased_until: dt.datetime


# One look at the index for each endpoint that has something pending, and one more. (Of an EXISTS, PostgreSQL
# makes a join with all that is due.)
_WAITING = """
WITH RECURSIVE busy(id) AS (
    SELECT min(endpoint_id) FROM outbox_delivery WHERE status = 'pending'
    UNION ALL
    SELECT (SELECT min(d.endpoint_id) FROM outbox_delivery d
            WHERE d.status = 'pending' AND d.endpoint_id > busy.id)
    FROM busy WHERE busy.id IS NOT NULL
)
SELECT e.id FROM busy JOIN outbox_webhookendpoint e ON e.id = busy.id
WHERE e.is_active AND (e.closed_until IS NULL OR e.closed_until <= %s)
  AND (SELECT 1 FROM outbox_delivery d WHERE d.endpoint_id = e.id AND {due} AND {first} LIMIT 1) IS NOT NULL
ORDER BY e.id"""

# `d` is a pending delivery whose time has come and that nobody else is sending.
_DUE = "d.status = 'pending' AND d.next_at <= %s AND (d.leased_until IS NULL OR d.leased_until <= %s)"

# The member's earlier events are through.
_FIRST = """
(d.member_id IS NULL OR NOT EXISTS (
    SELECT 1 FROM outbox_delivery b
    WHERE b.endpoint_id = d.endpoint_id AND b.member_id = d.member_id AND b.status = 'pending'
      AND b.event_id < d.event_id))"""

_ENDPOINT = (
    "SELECT id, business_id, url, secret, previous_secret, previous_secret_until, failures "
    "FROM outbox_webhookendpoint WHERE is_active AND "
)
_OURS = "SELECT id FROM outbox_delivery WHERE {ids} AND lease = %s AND status = 'pending'"
_CLAIM = """
UPDATE outbox_delivery SET lease = %s, leased_until = %s WHERE id IN (
    SELECT d.id FROM outbox_delivery d WHERE d.endpoint_id = %s AND {due} AND {first}
    ORDER BY {order} LIMIT %s{lock})
RETURNING id"""
_CONTENTS = (
    "SELECT d.id, d.member_id, d.attempts, e.uid, e.type, e.version, e.created_at, e.payload "
    "FROM outbox_delivery d JOIN outbox_event e ON e.id = d.event_id WHERE {ids} ORDER BY d.event_id"
)


def waiting(now: dt.datetime) -> list[int]:
    """Endpoints that have something due and may be called. A read, cheap when nothing is pending."""
    moment = db.moment(now)
    rows = db.run(_WAITING.format(due=_DUE, first=_FIRST), (moment, moment, moment))
    return [number for (number,) in rows]


def claim(*, endpoint_id: int, most: int, lease: str, now: dt.datetime) -> list[Claimed]:
    """Take up to `most` deliveries that are due for an endpoint. One, when it is only asked if it is back."""
    moment, until = db.moment(now), now + LEASE
    with transaction.atomic():
        endpoint = _open(endpoint_id, now)
        if endpoint is None:
            return []
        lock = " FOR UPDATE SKIP LOCKED" if db.is_postgresql() else ""
        # The oldest asks whether the endpoint is back, so that the others' attempts are not used up.
        order = "d.event_id" if endpoint.probing else "d.next_at, d.event_id"
        sql = _CLAIM.format(due=_DUE, first=_FIRST, order=order, lock=lock)
        number = 1 if endpoint.probing else most
        ids = db.run(sql, (lease, db.moment(until), endpoint_id, moment, moment, number))
        if not ids:
            return []
        if endpoint.probing:
            db.run(
                "UPDATE outbox_webhookendpoint SET closed_until = %s WHERE id = %s",
                (db.moment(until), endpoint_id),
            )
        numbers = db.numbers([number for (number,) in ids])
        found = db.run(_CONTENTS.format(ids=db.any_of("d.id")), (numbers,))
    return [_claimed(row, endpoint, until) for row in found]


def _open(endpoint_id: int, now: dt.datetime) -> Endpoint | None:
    """The endpoint, held until the transaction ends; None when it is not to be called, or held."""
    lock = " FOR NO KEY UPDATE SKIP LOCKED" if db.is_postgresql() else ""
    sql = _ENDPOINT + "id = %s AND (closed_until IS NULL OR closed_until <= %s)" + lock
    rows = db.run(sql, (endpoint_id, db.moment(now)))
    if not rows:
        return None
    try:
        return _endpoint(rows[0], now)
    except Unsealable:
        disable(endpoint_id=endpoint_id, reason=UNSEALABLE, now=now)
        return None


def _endpoint(row: db.Row, now: dt.datetime) -> Endpoint:
    number, business_id, url, secret, previous, previous_until, failures = row
    sealed = [secret]
    if previous and previous_until is not None and db.to_moment(previous_until) > now:
        sealed.append(previous)
    opened = tuple(webhooks.opened(one) for one in sealed)
    return Endpoint(number, business_id, url, opened, failures >= retries.CIRCUIT_OPENS_AFTER)


def still_good(held: Sequence[Claimed], *, lease: str, now: dt.datetime) -> set[int]:
    """Of deliveries that were claimed a while ago, the ids of those that may be sent as they are.

    Not those that are gone, or whose endpoint is gone, disabled, elsewhere or has other secrets by now.
    """
    numbers = sorted({one.endpoint.id for one in held})
    places: dict[int, tuple[str, tuple[str, ...]]] = {}
    for row in db.run(_ENDPOINT + db.any_of("id"), (db.numbers(numbers),)):
        with suppress(Unsealable):
            found = _endpoint(row, now)
            places[found.id] = (found.url, found.secrets)
    ids = db.numbers([one.id for one in held])
    ours = {number for (number,) in db.run(_OURS.format(ids=db.any_of("id")), (ids, lease))}
    return {
        one.id
        for one in held
        if one.id in ours and places.get(one.endpoint.id) == (one.endpoint.url, one.endpoint.secrets)
    }


def _claimed(row: db.Row, endpoint: Endpoint, until: dt.datetime) -> Claimed:
    number, member_id, attempts, uid, kind, version, created_at, payload = row
    content = webhooks.body(
        uid=uid,
        kind=kind,
        version=version,
        at=db.to_moment(created_at),
        payload=orjson.loads(payload) if isinstance(payload, str) else payload,
    )
    return Claimed(number, endpoint, member_id, attempts, uid, content, until)


def release(*, ids: list[int], lease: str) -> None:
    """Give deliveries back that were claimed and not sent."""
    if ids:
        db.run(
            "UPDATE outbox_delivery SET lease = '', leased_until = NULL "
            f"WHERE {db.any_of('id')} AND lease = %s AND status = 'pending'",
            (db.numbers(ids), lease),
        )


def disable(*, endpoint_id: int, reason: str, now: dt.datetime) -> None:
    """Call an endpoint no more, until somebody enables it. What is pending for it stays so."""
    log.warning("webhook_endpoint_disabled", endpoint=endpoint_id, reason=reason)
    db.run(
        "UPDATE outbox_webhookendpoint SET is_active = false, disabled_at = %s, disabled_reason = %s, "
        "modified_at = %s WHERE id = %s AND is_active",
        (db.moment(now), reason[:300], db.moment(now), endpoint_id),
    )
