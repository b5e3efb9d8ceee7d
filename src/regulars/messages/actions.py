"""Writes about messages: what a business makes of their words, and what is to be sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from django_scopes import scope

from regulars import db, seal
from regulars.messages.models import Message

MAX_BODY: Final = 20_000
MAX_SUBJECT: Final = 200
MAX_NAME: Final = 100
# How many further texts one kind may have in a business.
MAX_VARIANTS: Final = 100
TEST_PREFIX: Final = "test:"


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be queued: see `Message`. `sealed_context` is kept unreadable, and gone once sent."""

    business_id: int
    kind: str
    key: str
    member_id: int | None = None
    to: str = ""
    channel: str = "email"
    context: Mapping[str, str] = field(default_factory=dict)
    sealed_context: Mapping[str, str] = field(default_factory=dict)


_INSERT = (
    'INSERT INTO messages_message (business_id, member_id, kind, channel, key, "to", context, sealed, status, '
    "reason, attempts, lease, provider_id) VALUES {rows} ON CONFLICT (business_id, key) DO NOTHING RETURNING id"
)
_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, 'queued', '', 0, '', '')"
_POSTGRESQL_ROW = "(%s::bigint, %s::bigint, %s, %s, %s, %s, %s::jsonb, %s, 'queued', '', 0, '', '')"


def queue_messages(*, messages: Iterable[NewMessage]) -> list[int]:
    """Queue several messages; the ids of those whose key was not there yet. In the caller's transaction."""
    params: list[Any] = []
    number = 0
    for message in messages:
        secret = message.sealed_context
        number += 1
        params += [
            message.business_id,
            message.member_id,
            message.kind,
            message.channel,
            message.key,
            message.to,
            orjson.dumps(dict(message.context)).decode(),
            seal.seal(json.dumps(dict(secret))) if secret else "",
        ]
    if not number:
        return []
    row = _POSTGRESQL_ROW if db.is_postgresql() else _ROW
    return [found[0] for found in db.run(_INSERT.format(rows=", ".join([row] * number)), params)]


def queue_message(
    *,
    business_id: int,
    kind: str,
    key: str,
    member_id: int | None = None,
    to: str = "",
    context: Mapping[str, str] | None = None,
    sealed_context: Mapping[str, str] | None = None,
    channel: str = "email",
) -> Message | None:
    """Queue one message, to a member or to an address; None when its key was there.

    In the caller's transaction: it is sent when that is committed. `context` are further values of its
    text; those that nobody may read in the database come in `sealed_context`.
    """
    ids = queue_messages(
        messages=[
            NewMessage(business_id, kind, key, member_id, to, channel, context or {}, sealed_context or {})
        ]
    )
    if not ids:
        return None
    with scope(business=business_id):
        return Message.objects.get(pk=ids[0])
