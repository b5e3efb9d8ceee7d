"""Trying again earlier than the table of pauses says, when there is reason to hope.

Whoever waits behind an event that failed would wait for minutes although the receiver may be back. So a first
few attempts are brought forward when something new happens to the same member, and when the receiver takes
another event. Never those that were refused for what they say (4xx), nor what a receiver asked to wait for.
"""

from __future__ import annotations

import datetime as dt

from regulars import db
from regulars.outbox import rows

# So many attempts may come early; the others are left to the table, so that they last for days.
EARLY_ATTEMPTS = 3
# No attempt is brought nearer to the last one than this.
DISTANCE = dt.timedelta(seconds=5)

_COLUMNS = {"endpoint_id": "bigint", "member_id": "bigint"}
_HOPEFUL = """d.status = 'pending' AND d.next_at > %s AND d.attempts BETWEEN 1 AND {early}
    AND d.last_attempt_at <= %s
    AND (d.last_status IS NULL OR d.last_status >= 500 AND d.last_status <> 503)"""
_OF_MEMBERS = """
UPDATE outbox_delivery SET next_at = %s WHERE id IN (
    SELECT d.id FROM {table} JOIN outbox_delivery d
        ON d.endpoint_id = v.endpoint_id AND d.member_id = v.member_id
    WHERE {hopeful}{lock})"""
_OF_ENDPOINT = """
UPDATE outbox_delivery SET next_at = %s WHERE id IN (
    SELECT d.id FROM outbox_delivery d WHERE d.endpoint_id = %s AND {hopeful}{lock})"""

_ALL_OF_ENDPOINT = """
UPDATE outbox_delivery SET next_at = %s WHERE id IN (
    SELECT d.id FROM outbox_delivery d
    WHERE d.endpoint_id = %s AND d.status = 'pending' AND d.next_at > %s{lock})"""


def of_members(waiting: list[tuple[int, int]], *, now: dt.datetime) -> None:
    """Something new waits for these (endpoint, member) pairs: try what is ahead of it. In a transaction."""
    if not waiting:
        return
    pairs = [{"endpoint_id": endpoint, "member_id": member} for endpoint, member in sorted(set(waiting))]
    sql = _OF_MEMBERS.format(table=rows.table(_COLUMNS), hopeful=_hopeful(), lock=_lock())
    moment = db.moment(now)
    db.run(sql, (moment, rows.parameter(pairs), moment, db.moment(now - DISTANCE)))


def of_endpoint(endpoint_id: int, *, now: dt.datetime) -> None:
    """The endpoint took an event: try what else waits for it. In a transaction, cheap when nothing does."""
    moment = db.moment(now)
    sql = _OF_ENDPOINT.format(hopeful=_hopeful(), lock=_lock())
    db.run(sql, (moment, endpoint_id, moment, db.moment(now - DISTANCE)))


def all_of_endpoint(endpoint_id: int, *, now: dt.datetime) -> None:
    """The endpoint is back, or elsewhere: what waits for a later attempt need not. In a transaction."""
    moment = db.moment(now)
    db.run(_ALL_OF_ENDPOINT.format(lock=_lock()), (moment, endpoint_id, moment))


def _hopeful() -> str:
    return _HOPEFUL.format(early=EARLY_ATTEMPTS)


def _lock() -> str:
    # What somebody else has in hand is not waited for.
    return " FOR UPDATE OF d SKIP LOCKED" if db.is_postgresql() else ""
