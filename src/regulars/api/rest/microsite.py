"""`/api/microsite`: what customers' pages say and ask."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, answered
from regulars.api.rest.envelope import data
from regulars.api.rest.schemas import Data, Exact, Incoming
from regulars.api.rest.writes import answers
from regulars.portal import sites
from regulars.rules.errors import InvalidInput
from regulars.tenants import microsites
from regulars.tenants.queries import business_by_id, join_url

router = Router(tags=["Customers' pages"])

Contact = Literal["either", "phone", "email"]


class MicrositeOut(BaseModel):
    """What customers' pages say and ask, and where they are."""

    microsite_url: str
    join_url: str
    about: str
    website: str
    privacy_url: str
    consent_text: str = Field(description="Empty: the product's own words")
    join_open: bool
    join_contact: Contact
    join_asks_birthday: bool
    double_opt_in: bool
    embed_origins: list[str]
    language: str
    points_active: bool


class MicrositePatch(Incoming):
    """What to change."""

    about: str | None = None
    website: Annotated[str | None, Field(examples=["https://shop.example"])] = None
    privacy_url: Annotated[str | None, Field(examples=["https://shop.example/privacy"])] = None
    consent_text: str | None = None
    join_open: Exact | None = None
    join_contact: Contact | None = None
    join_asks_birthday: Exact | None = None
    double_opt_in: Exact | None = None
    embed_origins: Annotated[list[str] | None, Field(examples=[["https://shop.example"]])] = None
    language: Annotated[str | None, Field(examples=["de"])] = None
    points_active: Exact | None = None


# Texts and lists may be cleared by null; the others always have a value.
_CAN_BE_CLEARED = frozenset({"about", "website", "privacy_url", "consent_text", "embed_origins"})


def _microsite(business_id: int) -> dict[str, Any]:
    business = business_by_id(business_id)
    site = microsites.microsite(business_id)
    return {
        "microsite_url": sites.address(business),
        "join_url": join_url(business),
        "about": site.about,
        "website": site.website,
        "privacy_url": site.privacy_url,
        "consent_text": site.consent_text,
        "join_open": site.join_open,
        "join_contact": site.join_contact,
        "join_asks_birthday": site.join_asks_birthday,
        "double_opt_in": site.double_opt_in,
        "embed_origins": site.embed_origins,
        "language": business.language,
        "points_active": business.points_active,
    }


@router.get("/microsite", response=answered(Data[MicrositeOut]), summary="Get customers' pages")
@answers()
def get_microsite(request: HttpRequest) -> dict[str, Any]:
    """What the joining page, the card and the micro-site say and ask."""
    return data(_microsite(identity_of(request).business_id))


@router.patch(
    "/microsite",
    response=answered(Data[MicrositeOut], also=(409, 422)),
    summary="Change customers' pages",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def change_microsite(request: HttpRequest, body: MicrositePatch) -> dict[str, Any]:
    """Change any of the fields. Answers all of them."""
    changes = body.model_dump(exclude_unset=True)
    for field, value in changes.items():
        if value is None and field not in _CAN_BE_CLEARED:
            raise InvalidInput.at(field, "must have a value")
    business_id = identity_of(request).business_id
    microsites.update_microsite(business_id=business_id, **changes)
    return data(_microsite(business_id))
