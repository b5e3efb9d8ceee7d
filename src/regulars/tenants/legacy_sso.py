"""Single sign-on as the RPC seed describes it needs the API key itself, which is otherwise never stored.

So it is off for every key until its owner presents the key once more: then it is kept, sealed, as long as the
switch is on and the key is in use (docs/decisions/0017).
"""

from __future__ import annotations

import hashlib
from typing import Final

import structlog
from django_scopes import scope

from regulars.rules import codes
from regulars.rules.errors import InvalidInput, NotFound
from regulars.seal import Unsealable, seal, unseal
from regulars.tenants.models import ApiKey, Business

_MARK_LENGTH: Final = 12

log = structlog.get_logger(__name__)


def switch_on(*, business: Business, key: str, only: int | None = None) -> ApiKey:
    """Let a key sign members in. Only whoever has the key can. With `only` it must be the key of this id.

    Raises:
        InvalidInput: the business has no such key that is still in use, or it is another one.
    """
    with scope(business=business):
        row = ApiKey.objects.filter(key_hash=codes.key_hash(key), revoked_at=None).first()
        if row is None:
            raise InvalidInput.at("api_key", "is not a key in use of this business")
        if only not in {None, row.pk}:
            raise InvalidInput.at("api_key", "is another key of this business")
        if not row.sso_key_sealed:
            row.sso_key_sealed = seal(key)
            row.save(update_fields=["sso_key_sealed"])
    return row


def switch_off(*, business: Business, prefix: str) -> ApiKey:
    """Let a key sign nobody in any more, at once. The key is named by its beginning.

    Raises:
        NotFound: the business has no such key that is still in use.
    """
    with scope(business=business):
        row = ApiKey.objects.filter(prefix=prefix, revoked_at=None).first()
        if row is None:
            raise NotFound(f"There is no key in use that begins with {prefix!r}.")
        row.sso_key_sealed = ""
        row.save(update_fields=["sso_key_sealed"])
    return row


def is_on(*, business_id: int, key_id: int) -> bool:
    """Whether a key signs members in."""
    with scope(business=business_id):
        return ApiKey.objects.filter(pk=key_id, revoked_at=None).exclude(sso_key_sealed="").exists()


def switching(*, business_id: int, key_id: int) -> str:
    """A mark of when a key was switched on, another one after every switch; empty while it is off."""
    with scope(business=business_id):
        rows = ApiKey.objects.filter(pk=key_id, revoked_at=None).exclude(sso_key_sealed="")
        sealed = rows.values_list("sso_key_sealed", flat=True).first()
    return hashlib.sha256(sealed.encode()).hexdigest()[:_MARK_LENGTH] if sealed else ""


def keys(business_id: int) -> list[tuple[int, str]]:
    """The keys in use that sign members in, with their ids, oldest first."""
    with scope(business=business_id):
        rows = ApiKey.objects.filter(revoked_at=None).exclude(sso_key_sealed="").order_by("id")
        sealed = list(rows.values_list("pk", "prefix", "sso_key_sealed"))
    found = []
    for pk, prefix, text in sealed:
        try:
            found.append((pk, unseal(text)))
        except Unsealable as problem:
            log.warning("single sign-on with a key is out of order", prefix=prefix, problem=str(problem))
    return found
