"""The only writer of events. An event is written in the transaction that it tells about."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from regulars import db


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What happened (`type`, such as "stamp.added"), to whom, and the facts to tell."""

    type: str
    member_id: int | None
    data: dict[str, Any]


# Part of a larger PostgreSQL statement in which `entry` is the ledger entry just written: its parameters are
# those of `event_params`. The entry's id is known only there, so it joins the payload there.
EVENT_CTE = """
event AS (
    INSERT INTO outbox_event (business_id, uid, type, member_id, payload)
    SELECT %s::bigint, e.uid, e.type, e.member_id,
           e.payload::jsonb || jsonb_build_object('transaction_id', entry.id)
    FROM entry, unnest(%s::text[], %s::text[], %s::bigint[], %s::text[]) AS e(uid, type, member_id, payload)
    ORDER BY entry.id
)"""

_INSERT = "INSERT INTO outbox_event (business_id, uid, type, member_id, payload) VALUES (%s, %s, %s, %s, %s)"


def new_uid() -> str:
    """An identifier for an event: sorts by time, cannot be guessed, never repeats."""
    return f"evt_{time.time_ns() // 1_000_000:012x}{token_hex(10)}"


def event_params(business_id: int, events: Sequence[NewEvent]) -> list[Any]:
    """Parameters of `EVENT_CTE` for these events."""
    return [
        business_id,
        [new_uid() for _ in events],
        [event.type for event in events],
        [event.member_id for event in events],
        [json.dumps(event.data, separators=(",", ":")) for event in events],
    ]


def emit(*, business_id: int, events: Sequence[NewEvent], entry_id: int | None = None) -> None:
    """Write events in the current transaction.

    `entry_id` is the ledger entry that they tell about, if there is one.
    """
    for event in events:
        data = event.data if entry_id is None else {**event.data, "transaction_id": entry_id}
        payload = json.dumps(data, separators=(",", ":"))
        db.run(_INSERT, (business_id, new_uid(), event.type, event.member_id, payload))
