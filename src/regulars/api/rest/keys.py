"""`/api/keys`: API keys, which can give no more than they have."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, answered, known_id, printed
from regulars.api.rest.envelope import data
from regulars.api.rest.key_schemas import KeyIn, KeyMade, KeyOut, KeyPatch
from regulars.api.rest.schemas import Data
from regulars.api.rest.writes import answers
from regulars.rules.errors import InvalidInput
from regulars.tenants import api_keys, queries
from regulars.tenants.models import ApiKey, Business
from regulars.tenants.queries import business_by_id
from regulars.tenants.scopes import require_to_hand_on

router = Router(tags=["API keys"])

_KEY = "API key"


def _key(row: ApiKey, business: Business) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "rpc_format": row.rpc_format,
        "legacy_sso": bool(row.sso_key_sealed),
        "created_at": printed(row.created_at, business),
        "last_used_at": printed(row.last_used_at, business),
        "revoked_at": printed(row.revoked_at, business),
    }


@router.get("/keys", response=answered(Data[list[KeyOut]]), summary="List API keys")
@answers()
def list_keys(request: HttpRequest) -> dict[str, Any]:
    """All keys, revoked ones too, oldest first, each by its beginning."""
    business = business_by_id(identity_of(request).business_id)
    return data([_key(row, business) for row in queries.api_keys(business)])


@router.post(
    "/keys",
    response=answered(Data[KeyMade], status=201, also=(409, 422)),
    summary="Create API key",
    openapi_extra=IDEMPOTENT,
)
@answers(201, write=True)
def create_key(request: HttpRequest, body: KeyIn) -> dict[str, Any]:
    """Make a key. The answer holds it, this once. A key gives another one no scope that it lacks itself."""
    identity = identity_of(request)
    require_to_hand_on(identity, body.scopes)
    business = business_by_id(identity.business_id)
    row, key = api_keys.create_api_key(
        business=business, name=body.name, rpc_format=body.rpc_format, sso=body.legacy_sso, may=body.scopes
    )
    return data(_key(row, business) | {"key": key})


@router.patch(
    "/keys/{int:key_id}",
    response=answered(Data[KeyOut], also=(404, 409, 422)),
    summary="Update API key",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def update_key(request: HttpRequest, key_id: int, body: KeyPatch) -> dict[str, Any]:
    """Change a key in use: what it is called, what it may be used for, how RPC answers it."""
    identity = identity_of(request)
    business = business_by_id(identity.business_id)
    changes = body.model_dump(exclude_unset=True)
    for field, value in changes.items():
        if value is None:
            raise InvalidInput.at(field, "must not be null")
    if "scopes" in changes:
        require_to_hand_on(identity, changes["scopes"])
    if changes.get("legacy_sso"):
        raise InvalidInput.at("legacy_sso", "is switched on by PATCH /api/sso, called with the key itself")
    row = api_keys.edit_api_key(business_id=business.pk, pk=known_id(key_id, _KEY), **changes)
    return data(_key(row, business))


@router.delete(
    "/keys/{int:key_id}",
    response=answered(Data[KeyOut], also=(404, 409, 422)),
    summary="Revoke API key",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def revoke_key(request: HttpRequest, key_id: int) -> dict[str, Any]:
    """End a key for good. It stops working within five seconds."""
    business = business_by_id(identity_of(request).business_id)
    row = api_keys.revoke_api_key(business=business, pk=known_id(key_id, _KEY))
    return data(_key(row, business))
