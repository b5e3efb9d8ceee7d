"""Writes about API keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone as clock
from django_scopes import scope

from regulars.rules import codes
from regulars.rules.errors import InvalidInput, NotFound
from regulars.rules.text import clean_line
from regulars.seal import seal
from regulars.tenants import identity, scopes
from regulars.tenants.models import ApiKey, Business

_BIGGEST_ID = 2**63 - 1


def create_api_key(
    *,
    business: Business,
    name: str,
    rpc_format: str = ApiKey.RpcFormat.XML.value,
    sso: bool = False,
    may: Sequence[str] = (),
) -> tuple[ApiKey, str]:
    """Make a key. The key itself is the second value, shown once: only its hash is stored.

    `rpc_format` is how the RPC dialect answers calls with this key that do not say (`ApiKey.RpcFormat`).
    With `sso` it also signs members in by the RPC seed's formula, and is kept sealed for that. `may` names
    the scopes (`scopes.SCOPES`) that it may be used for; none: everything.

    Raises:
        InvalidInput: the name is empty or too long, or there is no such format or scope.
    """
    values = _checked({"name": name, "rpc_format": rpc_format, "scopes": may})
    key = codes.new_api_key()
    with scope(business=business):
        row = ApiKey.objects.create(
            business=business,
            prefix=codes.key_prefix(key),
            key_hash=codes.key_hash(key),
            sso_key_sealed=seal(key) if sso else "",
            **values,
        )
    return row, key


def edit_api_key(*, business_id: int, pk: int, **changes: Any) -> ApiKey:
    """Change the `name`, the `rpc_format` or the `scopes` of a key in use; what is not named stays.

    With `legacy_sso` False it signs no members in any more; to switch that on takes the key itself
    (`legacy_sso.switch_on`). Other processes go by the former scopes for five seconds at most.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        NotFound: the business has no such key that is still in use.
    """
    values = _checked(changes)
    with transaction.atomic(), scope(business=business_id):
        row = _in_use(pk)
        if values:
            ApiKey.objects.filter(pk=row.pk).update(**values)
            row.refresh_from_db()
    identity.forget()
    return row


def revoke_api_key(*, business: Business, prefix: str = "", pk: int | None = None) -> ApiKey:
    """End a key, named by its beginning or its id. Processes that know it notice within five seconds.

    Raises:
        NotFound: the business has no such key that is still in use.
    """
    with transaction.atomic(), scope(business=business):
        row = _in_use(pk) if pk is not None else _beginning_with(prefix)
        row.revoked_at = clock.now()
        row.sso_key_sealed = ""
        row.save(update_fields=["revoked_at", "sso_key_sealed"])
    identity.forget()
    return row


def _in_use(pk: int) -> ApiKey:
    row = ApiKey.objects.filter(pk=pk, revoked_at=None).first() if 0 < pk <= _BIGGEST_ID else None
    if row is None:
        raise NotFound(f"There is no API key {pk} in use.")
    return row


def _beginning_with(prefix: str) -> ApiKey:
    row = ApiKey.objects.filter(prefix=prefix, revoked_at=None).first()
    if row is None:
        raise NotFound(f"There is no key in use that begins with {prefix!r}.")
    return row


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    if "name" in values:
        checked["name"] = clean_line(values["name"], field="name", max_length=100, required=True)
    if "rpc_format" in values:
        if values["rpc_format"] not in ApiKey.RpcFormat.values:
            raise InvalidInput.at("rpc_format", f"must be one of {', '.join(ApiKey.RpcFormat.values)}")
        checked["rpc_format"] = values["rpc_format"]
    if "scopes" in values:
        checked["scopes"] = scopes.check(values["scopes"])
    if values.get("legacy_sso") is False:
        checked["sso_key_sealed"] = ""
    return checked
