"""`/api/sso`: with what a shop's website signs members in at the micro-site, and shows their balance."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from regulars.api.rest.auth import identity_of, key_of
from regulars.api.rest.common import IDEMPOTENT, answered, known_id, printed
from regulars.api.rest.envelope import data
from regulars.api.rest.schemas import Data, Exact, Incoming, Moment
from regulars.api.rest.writes import answers
from regulars.portal import sites, sso_secrets
from regulars.portal.models import SsoSecret
from regulars.rules import codes
from regulars.tenants import legacy_sso
from regulars.tenants.models import Business
from regulars.tenants.queries import business_by_id

router = Router(tags=["Single sign-on"])


class SsoOut(BaseModel):
    """How single sign-on stands."""

    microsite_url: str
    embed_url: str
    legacy_enabled: bool = Field(description="Whether the key of this request signs members in by MD5")
    secrets: int = Field(description="Secrets in use")


class SsoPatch(Incoming):
    """Switches single sign-on by MD5 for the key of the request."""

    legacy_enabled: Exact


class SecretOut(BaseModel):
    """A secret, by its beginning."""

    id: int
    prefix: str
    created_at: Moment
    revoked_at: Moment | None


class SecretMade(SecretOut):
    """A new secret, shown this once."""

    secret: str


def _secret(row: SsoSecret, business: Business) -> dict[str, Any]:
    return {
        "id": row.pk,
        "prefix": row.prefix,
        "created_at": printed(row.created_at, business),
        "revoked_at": printed(row.revoked_at, business),
    }


def _state(request: HttpRequest, business: Business) -> dict[str, Any]:
    identity = identity_of(request)
    return data(
        {
            "microsite_url": sites.address(business),
            "embed_url": f"{settings.REGULARS_PUBLIC_URL}/embed.js",
            "legacy_enabled": legacy_sso.is_on(business_id=business.pk, key_id=identity.key_id),
            "secrets": len(sso_secrets.in_use(business.pk)),
        }
    )


@router.get("/sso", response=answered(Data[SsoOut]), summary="Get single sign-on")
@answers()
def get_sso(request: HttpRequest) -> dict[str, Any]:
    """Where the micro-site is, and what signs members in."""
    return _state(request, business_by_id(identity_of(request).business_id))


@router.patch(
    "/sso",
    response=answered(Data[SsoOut], also=(409, 422)),
    summary="Switch legacy sign-on",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def update_sso(request: HttpRequest, body: SsoPatch) -> dict[str, Any]:
    """Let the key of this request sign members in by the MD5 formula, or not any more."""
    business = business_by_id(identity_of(request).business_id)
    key = key_of(request)
    if body.legacy_enabled:
        legacy_sso.switch_on(business=business, key=key)
    else:
        legacy_sso.switch_off(business=business, prefix=codes.key_prefix(key))
    return _state(request, business)


@router.get("/sso/secrets", response=answered(Data[list[SecretOut]]), summary="List sign-on secrets")
@answers()
def list_secrets(request: HttpRequest) -> dict[str, Any]:
    """All secrets, revoked ones too, oldest first, each by its beginning."""
    business = business_by_id(identity_of(request).business_id)
    return data([_secret(row, business) for row in sso_secrets.all_secrets(business_id=business.pk)])


@router.post(
    "/sso/secrets",
    response=answered(Data[SecretMade], status=201, also=(409, 422)),
    summary="Create sign-on secret",
    openapi_extra=IDEMPOTENT,
)
@answers(201, write=True)
def create_secret(request: HttpRequest) -> dict[str, Any]:
    """Make a secret for `token2` and for balances in frames. The answer holds it, this once."""
    business = business_by_id(identity_of(request).business_id)
    row, secret = sso_secrets.create_secret(business=business)
    return data(_secret(row, business) | {"secret": secret})


@router.delete(
    "/sso/secrets/{int:secret_id}",
    response=answered(Data[SecretOut], also=(404, 409, 422)),
    summary="Revoke sign-on secret",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def revoke_secret(request: HttpRequest, secret_id: int) -> dict[str, Any]:
    """End a secret at once and for good, and the sessions that it began."""
    business = business_by_id(identity_of(request).business_id)
    row = sso_secrets.revoke_secret(business_id=business.pk, pk=known_id(secret_id, "secret"))
    return data(_secret(row, business))
