"""The only writer of events. An event is written in the transaction that it tells about."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import orjson

from regulars import db


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What happened (`type`, such as "stamp.added"), to whom, and the facts to tell."""

    type: str
    member_id: int | None
    data: dict[str, Any]


_EVENT_CTE = """
event AS (
    INSERT INTO outbox_event (business_id, uid, type, member_id, payload)
    SELECT e.business_id, e.uid, e.type, e.member_id,
           e.payload{more}
    FROM {follows}, (VALUES {rows}) AS e(business_id, uid, type, member_id, payload)
)"""
_EVENT_ROW = "(%s::bigint, %s, %s, %s::bigint, %s::jsonb)"

_INSERT = "INSERT INTO outbox_event (business_id, uid, type, member_id, payload) VALUES "
_SQLITE_ROW = "(%s, %s, %s, %s, %s)"


def new_uid() -> str:
    """An identifier for an event: sorts by time, cannot be guessed, never repeats."""
    return f"evt_{time.time_ns() // 1_000_000:012x}{token_hex(10)}"


def event_cte(number: int, *, follows: str = "entry") -> str:
    """The part of a larger PostgreSQL statement that writes `number` events.

    They are written when its part `follows` gives a row. `entry` is the ledger entry just written: its id is
    known only there, so it joins the payload there.
    """
    more = " || jsonb_build_object('transaction_id', entry.id)" if follows == "entry" else ""
    return _EVENT_CTE.format(rows=", ".join([_EVENT_ROW] * number), follows=follows, more=more)


def event_params(business_id: int, events: Sequence[NewEvent]) -> list[Any]:
    """Parameters of `event_cte` for these events."""
    params: list[Any] = []
    for event in events:
        params += [business_id, new_uid(), event.type, event.member_id, _dump(event.data)]
    return params


def _dump(data: dict[str, Any]) -> str:
    return orjson.dumps(data).decode()


def emit(*, business_id: int, events: Sequence[NewEvent], entry_id: int | None = None) -> None:
    """Write events in the current transaction.

    `entry_id` is the ledger entry that they tell about, if there is one.
    """
    if not events:
        return
    row = _EVENT_ROW if db.is_postgresql() else _SQLITE_ROW
    params: list[Any] = []
    for event in events:
        data = event.data if entry_id is None else {**event.data, "transaction_id": entry_id}
        params += [business_id, new_uid(), event.type, event.member_id, _dump(data)]
    db.run(_INSERT + ", ".join([row] * len(events)), params)
