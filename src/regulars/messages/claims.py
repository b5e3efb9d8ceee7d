"""The queue in the database: who sends what, and what became of it. Hand-written, for many rows at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction

from regulars import db
from regulars.messages import journal
from regulars.messages.journal import Step

# A sender gives back what it has not begun when so much of its lease is left.
LEASE = dt.timedelta(minutes=5)
SPARE = dt.timedelta(minutes=2)
# When to look again for messages that another sender holds.
LOOK_AGAIN = dt.timedelta(seconds=5)
# A message at which so many senders died is not tried again.
DEATHS = 8

UNCONFIRMED = "It may have been sent: the sender stopped, and nothing is left to tell."
DEADLY = "Its sending ended abruptly too often."


@dataclass(frozen=True, slots=True)
class Mark:
    """What the row of one message is to say. `attempts` is added to its count: 0, or -1 for no attempt."""

    message: int
    status: str
    reason: str = ""
    to: str = ""
    provider_id: str = ""
    next_at: dt.datetime | None = None
    sent_at: dt.datetime | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages came to an end in one transaction, by how."""

    sent: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.sent + other.sent, self.failed + other.failed, self.skipped + other.skipped)


Counted = Callable[[Counts], None]


def _whose(campaign_id: int | None) -> tuple[str, list[int]]:
    # Literally NULL, so that the database sees which of its indexes fits.
    if campaign_id is None:
        return "campaign_id IS NULL", []
    return "campaign_id = %s", [campaign_id]


def something_due(*, campaign_id: int | None, now: dt.datetime) -> bool:
    """Whether there is anything to claim: a cheap question, without a transaction."""
    whose, values = _whose(campaign_id)
    found = db.run(
        f"SELECT 1 FROM messages_message WHERE status = 'queued' AND {whose} AND next_at <= %s LIMIT 1",
        [*values, db.moment(now)],
    )
    return bool(found)


def claim(
    *, lease: str, most: int, campaign_id: int | None = None, now: dt.datetime
) -> list[tuple[int, int]]:
    """Take up to `most` messages that are due: their numbers and those of their businesses.

    Each is noted with its member's address of this moment: should the sender die, it is known where the
    message went. Those of one campaign, or without one those that belong to none. Nobody else gets them while
    the lease holds or its owner lives. Opens its own transaction.
    """
    whose, values = _whose(campaign_id)
    skip = "FOR UPDATE SKIP LOCKED" if db.is_postgresql() else ""
    with transaction.atomic():
        rows = db.run(
            f"""
WITH due AS MATERIALIZED (
    SELECT id FROM messages_message
    WHERE status = 'queued' AND {whose} AND next_at <= %s ORDER BY next_at, id LIMIT %s {skip}
)
UPDATE messages_message SET status = 'sending', attempts = attempts + 1, lease = %s, leased_until = %s,
    "to" = coalesce((
        SELECT CASE messages_message.channel WHEN 'email' THEN m.email WHEN 'sms' THEN m.cell END
        FROM members_member m WHERE m.id = messages_message.member_id
    ), "to")
WHERE id IN (SELECT id FROM due) RETURNING id, business_id""",
            [*values, db.moment(now), most, lease, db.moment(now + LEASE)],
        )
    return sorted((int(message), int(business)) for message, business in rows)


def note_addresses(addresses: Sequence[tuple[int, str]], *, lease: str) -> None:
    """Write where messages that are held by a lease are about to go, where that is not what `claim` noted."""
    if not addresses:
        return
    row = "(%s::bigint, %s::text)" if db.is_postgresql() else "(%s, %s)"
    db.run(
        f"""
WITH noted (message, address) AS (VALUES {", ".join([row] * len(addresses))})
UPDATE messages_message SET "to" = noted.address
FROM noted WHERE messages_message.id = noted.message AND messages_message.lease = %s""",
        [*(value for pair in addresses for value in pair), lease],
    )


def mark(marks: Sequence[Mark], *, lease: str, counted: Counted | None = None) -> Counts:
    """Write what became of messages that are held by a lease, and tell `counted` how many came to an end.

    Within the caller's transaction. Messages that are gone, or that somebody else has taken over, are left
    out of the count.
    """
    if not marks:
        return Counts()
    postgresql = db.is_postgresql()
    types = ("bigint", "text", "text", "text", "text", "timestamptz", "timestamptz", "int")
    row = "(" + ", ".join(f"%s::{one}" if postgresql else "%s" for one in types) + ")"
    values: list[object] = []
    for one in marks:
        moments = [value and db.moment(value) for value in (one.next_at, one.sent_at)]
        values += [one.message, one.status, one.reason[:300], one.to, one.provider_id[:200], *moments]
        values.append(one.attempts)
    rows = db.run(
        f"""
WITH mark (message, status, reason, address, provider, next_at, sent_at, attempts) AS (
    VALUES {", ".join([row] * len(marks))}
)
UPDATE messages_message SET
    status = mark.status,
    reason = mark.reason,
    "to" = CASE
        WHEN mark.address <> '' THEN mark.address
        WHEN member_id IS NOT NULL AND mark.status IN ('queued', 'skipped') THEN ''
        ELSE "to"
    END,
    provider_id = mark.provider,
    next_at = coalesce(mark.next_at, messages_message.next_at),
    sent_at = mark.sent_at,
    attempts = messages_message.attempts + mark.attempts,
    sealed = CASE WHEN mark.status = 'queued' THEN sealed ELSE '' END,
    lease = '',
    leased_until = NULL
FROM mark WHERE messages_message.id = mark.message
    AND messages_message.lease = %s AND messages_message.status = 'sending'
RETURNING messages_message.status""",
        [*values, lease],
    )
    found = [status for (status,) in rows]
    counts = Counts(found.count("sent"), found.count("failed"), found.count("skipped"))
    if counted is not None and counts != Counts():
        counted(counts)
    return counts


def take_over(*, campaign_id: int | None, now: dt.datetime, counted: Counted | None = None) -> Counts:
    """Settle what dead senders had claimed: sent if it may have left, else queued again.

    Who died is known at once on their own machine, by their journals; of others it is assumed when their
    leases have run out, and then nobody knows what left. Opens its own transactions, and none when there is
    nothing to settle.
    """
    whose, values = _whose(campaign_id)
    claimed = db.run(
        "SELECT id, lease, attempts, leased_until FROM messages_message"
        f" WHERE status = 'sending' AND leased_until IS NOT NULL AND {whose} ORDER BY +id",
        values,
    )
    by_lease: dict[str, list[tuple[int, int, bool]]] = {}
    for message, lease, attempts, until in claimed:
        by_lease.setdefault(lease, []).append((message, attempts, db.to_moment(until) < now))
    total = Counts()
    for lease, rows in by_lease.items():
        remains = journal.read_remains(lease)
        if remains is None or not (remains.known or all(late for *_, late in rows)):
            continue
        marks = [_last_will(message, attempts, remains, now) for message, attempts, _ in rows]
        for begin in range(0, len(marks), 50):
            with transaction.atomic():
                total += mark(marks[begin : begin + 50], lease=lease, counted=counted)
    return total


def _last_will(message: int, attempts: int, remains: journal.Remains, now: dt.datetime) -> Mark:
    if not remains.known:
        return Mark(message, "failed", UNCONFIRMED)
    step = remains.steps.get(message, Step.NOT_BEGUN)
    if step >= Step.LEAVING:
        return Mark(
            message, "sent", "" if step is Step.TAKEN else "The server did not confirm it.", sent_at=now
        )
    if step is Step.AT_WORK and attempts >= DEATHS:
        return Mark(message, "failed", DEADLY)
    return Mark(message, "queued", next_at=now, attempts=0 if step is Step.AT_WORK else -1)


def next_due(*, campaign_id: int | None, now: dt.datetime) -> dt.datetime | None:
    """When to look again: a message is due, or another sender holds some. None: nothing is left."""
    whose, values = _whose(campaign_id)
    found = db.run(
        f"SELECT (SELECT min(next_at) FROM messages_message WHERE status = 'queued' AND {whose}),"
        f" (SELECT min(leased_until) FROM messages_message WHERE status = 'sending' AND {whose})",
        [*values, *values],
    )
    queued, held = found[0]
    moments = [] if queued is None else [db.to_moment(queued)]
    if held is not None:
        moments.append(now + LOOK_AGAIN)
    return min(moments, default=None)
