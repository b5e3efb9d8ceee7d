"""What a webhook looks like: which events an endpoint gets, the body, the headers and the signature."""

from __future__ import annotations

import base64
import datetime as dt
import secrets
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import orjson
from standardwebhooks import Webhook

from regulars import __version__, db, seal
from regulars.outbox import hurry, rows
from regulars.outbox.consumers import Pending

TEST = "webhook.test"
EVERYTHING = "*"
SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with
_SECRET_BYTES = 32

_ENDPOINTS = (
    "SELECT id, business_id, event_types, failures FROM outbox_webhookendpoint "
    "WHERE is_active AND {businesses} ORDER BY id"
)
_COLUMNS = {"business_id": "bigint", "endpoint_id": "bigint", "event_id": "bigint", "member_id": "bigint"}
_INSERT = """
INSERT INTO outbox_delivery (business_id, endpoint_id, event_id, member_id, status, attempts, next_at, lease,
                             last_error)
SELECT v.business_id, v.endpoint_id, v.event_id, v.member_id, 'pending', 0, %s, '', '' FROM {table} WHERE true
ON CONFLICT (endpoint_id, event_id) DO NOTHING"""


def new_secret() -> str:
    """A secret as the specification wants it: 32 random bytes, named and in Base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def matches(wanted: Iterable[str], kind: str) -> bool:
    """Whether an endpoint that wants these types ("*", "stamp.*", "stamp.added") gets this one."""
    group = kind.partition(".")[0]
    return any(one in {EVERYTHING, kind, f"{group}.*"} for one in wanted)


def body(*, uid: str, kind: str, version: int, at: dt.datetime, payload: Any) -> bytes:
    """The body of a webhook, the same at every attempt."""
    moment = at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return orjson.dumps(
        {"id": uid, "type": kind, "version": version, "timestamp": moment, "data": payload},
    )


def headers(*, uid: str, content: bytes, secrets_: Iterable[str], at: dt.datetime) -> dict[str, str]:
    """The headers of one attempt, signed with each of the secrets."""
    text = content.decode()
    signatures = [_signer(secret).sign(uid, at, text) for secret in secrets_]
    return {
        "content-type": "application/json",
        "user-agent": f"Regulars/{__version__}",
        "webhook-id": uid,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


@lru_cache(maxsize=512)
def opened(sealed: str) -> str:
    """A secret that was sealed; opening it takes a while, so it is remembered.

    Raises:
        Unsealable: it was sealed under another key.
    """
    return seal.unseal(sealed)


@lru_cache(maxsize=512)
def _signer(secret: str) -> Webhook:
    return Webhook(secret)


def enlist(*, events: list[Pending]) -> None:
    """Write down a delivery for each endpoint that wants an event. Called when events are passed on."""
    businesses = sorted({event.business_id for event in events})
    # Nobody deletes the endpoint before its deliveries are there to be deleted with it.
    lock = " FOR KEY SHARE" if db.is_postgresql() else ""
    found = db.run(_ENDPOINTS.format(businesses=db.any_of("business_id")) + lock, (db.numbers(businesses),))
    if not found:
        return
    endpoints: dict[int, list[tuple[int, list[str]]]] = {}
    failing: set[int] = set()
    for endpoint_id, business_id, types, failures in found:
        wanted = orjson.loads(types) if isinstance(types, str) else types
        if failures:
            failing.add(endpoint_id)
        endpoints.setdefault(business_id, []).append((endpoint_id, wanted))
    deliveries = [
        {
            "business_id": event.business_id,
            "endpoint_id": endpoint_id,
            "event_id": event.id,
            "member_id": event.member_id,
        }
        for event in events
        for endpoint_id, wanted in endpoints.get(event.business_id, ())
        if _is_for(event, endpoint_id, wanted)
    ]
    if deliveries:
        now = dt.datetime.now(dt.UTC)
        db.run(_INSERT.format(table=rows.table(_COLUMNS)), (db.moment(now), rows.parameter(deliveries)))
        behind = [
            (one["endpoint_id"], one["member_id"])
            for one in deliveries
            if one["endpoint_id"] in failing and one["member_id"] is not None
        ]
        hurry.of_members(behind, now=now)


def _is_for(event: Pending, endpoint_id: int, wanted: list[str]) -> bool:
    if event.type == TEST:
        return event.payload.get("endpoint_id") == endpoint_id
    return matches(wanted, event.type)
