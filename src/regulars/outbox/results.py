"""Writes down what became of deliveries: many at once, in one transaction."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction

from regulars import db
from regulars.outbox import claims, hurry, rows
from regulars.outbox.claims import Claimed
from regulars.rules import retries
from regulars.rules.retries import Verdict

MAX_ERROR = 300
MAX_RESPONSE = 2000
GONE = "It answered 410 Gone, which asks never to be called again."

log = structlog.get_logger(__name__)

# Python's ordinary source of chance: jitter is no secret.
_chance = random.Random()  # noqa: S311
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Result:
    """One request, and what came back: a status, or an error that says why there is none."""

    claimed: Claimed
    at: dt.datetime
    ms: int
    status: int | None
    error: str
    response: str
    wish: dt.timedelta | None = None

    @property
    def verdict(self) -> Verdict:
        """What it means for the event."""
        return retries.verdict(self.status)


def readable(body: bytes) -> str:
    """The beginning of an answer as text."""
    return _UNPRINTABLE.sub(" ", body[: 4 * MAX_RESPONSE].decode("utf-8", "replace"))[:MAX_RESPONSE]


_COLUMNS = {
    "id": "bigint",
    "status": "text",
    "next_at": "{moment}",
    "at": "{moment}",
    "code": "smallint",
    "error": "text",
    "delivered_at": "{moment}",
    "ms": "integer",
    "response": "text",
}
_UPDATE = """
UPDATE outbox_delivery SET status = v.status, attempts = attempts + 1, next_at = v.next_at, lease = '',
    leased_until = NULL, last_attempt_at = v.at, last_status = v.code, last_error = v.error,
    delivered_at = v.delivered_at
FROM {table} WHERE outbox_delivery.id = v.id AND lease = %s AND outbox_delivery.status = 'pending'
RETURNING outbox_delivery.id"""
_LOG = """
INSERT INTO outbox_deliveryattempt (business_id, delivery_id, at, duration_ms, status, error, response)
SELECT d.business_id, d.id, v.at, v.ms, v.code, v.error, v.response
FROM {table} JOIN outbox_delivery d ON d.id = v.id WHERE {ids} ORDER BY v.at, v.id"""


def record(results: Sequence[Result], *, lease: str) -> None:
    """Write results down, in the order in which they came. Those whose lease is not ours any more are left:
    whoever has it sends the event again, under the same `webhook-id`.
    """
    by_endpoint: dict[int, list[Result]] = {}
    for result in results:
        by_endpoint.setdefault(result.claimed.endpoint.id, []).append(result)
    with transaction.atomic():
        # Endpoints first, then deliveries, both by number: as everybody who locks them.
        states = _lock_endpoints(sorted(by_endpoint))
        ids = [result.claimed.id for result in results]
        if db.is_postgresql():
            db.run(
                f"SELECT 1 FROM outbox_delivery WHERE {db.any_of('id')} ORDER BY id FOR UPDATE",
                (db.numbers(ids),),
            )
        moment = "timestamptz" if db.is_postgresql() else "text"
        table = rows.table({name: kind.format(moment=moment) for name, kind in _COLUMNS.items()})
        parameter = rows.parameter(_row(result) for result in results)
        written = {number for (number,) in db.run(_UPDATE.format(table=table), (parameter, lease))}
        db.run(_LOG.format(table=table, ids=db.any_of("v.id")), (parameter, db.numbers(sorted(written))))
        for endpoint_id, state in states.items():
            ours = [one for one in by_endpoint[endpoint_id] if one.claimed.id in written]
            _update_endpoint(endpoint_id, state, ours)


def _row(result: Result) -> dict[str, Any]:
    status, next_at = _outcome(result)
    done = result.verdict is Verdict.DELIVERED
    return {
        "id": result.claimed.id,
        "status": status,
        "next_at": _text(next_at),
        "at": _text(result.at),
        "code": result.status,
        "error": _problem(result),
        "delivered_at": _text(result.at + dt.timedelta(milliseconds=result.ms)) if done else None,
        "ms": result.ms,
        "response": result.response,
    }


def _text(moment: dt.datetime) -> str:
    return str(moment.isoformat() if db.is_postgresql() else db.moment(moment))


def _problem(result: Result) -> str:
    if result.verdict is Verdict.DELIVERED or result.error:
        return result.error[:MAX_ERROR]
    return f"It answered with status {result.status}."


def _outcome(result: Result) -> tuple[str, dt.datetime]:
    if result.verdict is not Verdict.RETRY:
        return ("delivered" if result.verdict is Verdict.DELIVERED else "failed"), result.at
    again = retries.next_attempt(
        failed=result.claimed.attempts + 1,
        now=result.at,
        chance=_chance.randint(0, retries.CHANCES),
        wish=result.wish,
    )
    return ("failed", result.at) if again is None else ("pending", again)


@dataclass
class _State:
    business_id: int
    failures: int
    closed_until: dt.datetime | None
    last_success_at: dt.datetime | None
    last_failure_at: dt.datetime | None


_STATE = (
    "SELECT id, business_id, failures, closed_until, last_success_at, last_failure_at "
    "FROM outbox_webhookendpoint"
)


def _lock_endpoints(ids: list[int]) -> dict[int, _State]:
    lock = " FOR NO KEY UPDATE" if db.is_postgresql() else ""
    found = db.run(f"{_STATE} WHERE {db.any_of('id')} ORDER BY id{lock}", (db.numbers(ids),))
    return {
        number: _State(
            business_id, failures, *(value if value is None else db.to_moment(value) for value in moments)
        )
        for number, business_id, failures, *moments in found
    }


def _update_endpoint(endpoint_id: int, state: _State, results: Iterable[Result]) -> None:
    was_down = state.failures >= retries.CIRCUIT_OPENS_AFTER
    succeeded, why_disabled, latest = False, "", None
    for result in results:
        latest = result.at
        if result.verdict is Verdict.DELIVERED:
            state.failures, state.closed_until, state.last_success_at = 0, None, result.at
            succeeded = True
            continue
        state.last_failure_at = result.at
        if result.verdict is Verdict.GONE:
            why_disabled = GONE
        elif _outcome(result)[0] == "failed" and not _accepted_since(state, result):
            why_disabled = f"It has accepted nothing for days. At last: {_problem(result)}"
        _count_failure(state, result)
    if latest is None:
        return
    db.run(
        "UPDATE outbox_webhookendpoint SET failures = %s, closed_until = %s, last_success_at = %s, "
        "last_failure_at = %s WHERE id = %s",
        (
            state.failures,
            *(value and db.moment(value) for value in (state.closed_until, state.last_success_at)),
            state.last_failure_at and db.moment(state.last_failure_at),
            endpoint_id,
        ),
    )
    _tell(endpoint_id, state, was_down=was_down)
    if why_disabled:
        claims.disable(endpoint_id=endpoint_id, reason=why_disabled, now=latest)
    elif was_down and succeeded:
        hurry.all_of_endpoint(endpoint_id, now=latest)
    elif succeeded:
        hurry.of_endpoint(endpoint_id, now=latest)


def _tell(endpoint_id: int, state: _State, *, was_down: bool) -> None:
    """One line in the log when an endpoint begins to fail for good, and one when it is back."""
    is_down = state.failures >= retries.CIRCUIT_OPENS_AFTER
    if is_down and not was_down:
        log.warning("webhook_endpoint_failing", endpoint=endpoint_id, business=state.business_id)
    elif was_down and not is_down:
        log.info("webhook_endpoint_back", endpoint=endpoint_id, business=state.business_id)


def _count_failure(state: _State, result: Result) -> None:
    """Of several that were under way when the endpoint went down, the first ones are enough to tell so."""
    probing = result.claimed.endpoint.probing
    if state.failures >= retries.CIRCUIT_OPENS_AFTER and not probing:
        return
    state.failures += 1
    pause = retries.probe_pause(state.failures)
    state.closed_until = None if pause is None else result.at + pause


def _accepted_since(state: _State, result: Result) -> bool:
    """Whether the endpoint accepted anything while this delivery was failing."""
    table = sum(retries.PAUSES, dt.timedelta())
    tried_for = table - table // retries.JITTER
    return state.last_success_at is not None and state.last_success_at > result.at - tried_for
