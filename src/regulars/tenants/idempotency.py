"""Retries: a write that carries a key takes effect once and always gets the same answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django_scopes import scopes_disabled

from regulars import db, seal
from regulars.rules.errors import Conflict, InvalidInput, Refusal
from regulars.tenants.models import IdempotencyRecord

# A till that was offline over a weekend's night still gets its answer.
KEEP = timedelta(hours=72)
MAX_KEY_LENGTH = 255


class KeyReused(Refusal):
    """The same idempotency key came with a different request."""

    code = "idempotency_key_reused"


class StillRunning(Conflict):
    """The first request with this idempotency key has not finished yet."""

    code = "idempotency_still_running"


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What the first request was answered."""

    status: int
    body: str


def request_hash(*parts: bytes) -> str:
    """One hash over the parts that make two requests the same, such as method, path and body."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def check_key(key: str) -> str:
    """The key, if it can be one.

    Raises:
        InvalidInput: empty, longer than 255 characters, or not printable ASCII.
    """
    if not key or len(key) > MAX_KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise InvalidInput.at("Idempotency-Key", f"must be 1 to {MAX_KEY_LENGTH} printable ASCII characters")
    return key


def prepare(key: str) -> None:
    """Check a key, and load what sealing the answer takes: before the transaction, while nobody waits for it.

    Raises:
        InvalidInput: as `check_key` says.
    """
    check_key(key)
    seal.make_ready()


def claim(*, business_id: int, key: str, hashed: str) -> StoredAnswer | None:
    """Take the key for the current transaction; the stored answer if the request was answered before.

    Raises:
        KeyReused: the key belongs to a different request.
        StillRunning: another transaction holds the key right now.
        Conflict: the answer was sealed under another REGULARS_SECRET_KEY.
    """
    if not db.try_serialise("idempotency", business_id, key):
        raise StillRunning("The first request with this Idempotency-Key is still running. Try again shortly.")
    rows = db.run(
        "SELECT request_hash, status, answer FROM tenants_idempotencyrecord "
        "WHERE business_id = %s AND key = %s",
        (business_id, key),
    )
    if not rows:
        return None
    if rows[0][0] != hashed:
        raise KeyReused(
            "This Idempotency-Key was used for a different request. Use a new key for each request.",
            fields={"Idempotency-Key": "was used for a different request"},
        )
    return StoredAnswer(status=rows[0][1], body=_opened(rows[0][2]))


def _opened(answer: str) -> str:
    try:
        # What was kept before answers were sealed is JSON as it was sent; some of those were sealed twice.
        while not answer.startswith("{"):
            answer = seal.unseal(answer)
    except seal.Unsealable:
        raise Conflict(
            "The request with this Idempotency-Key took effect; its answer can be read no more, because "
            "REGULARS_SECRET_KEY is another one since."
        ) from None
    return answer


def keep(*, business_id: int, key: str, hashed: str, status: int, body: str) -> None:
    """Store the answer, sealed, in the transaction that holds the key and the effect.

    Some answers show a secret or a password this once, and nobody may read those in the database.
    """
    db.run(
        "INSERT INTO tenants_idempotencyrecord (business_id, key, request_hash, status, answer) "
        "VALUES (%s, %s, %s, %s, %s)",
        (business_id, key, hashed, status, seal.seal(body)),
    )


def forget_old() -> int:
    """Delete the records past their keeping time; how many there were."""
    with scopes_disabled():
        deleted, _ = IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - KEEP).delete()
        return deleted
