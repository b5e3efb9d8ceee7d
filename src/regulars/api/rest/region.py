"""`/api/business/region`: where a business is, what its days and its money are."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, answered
from regulars.api.rest.envelope import data
from regulars.api.rest.schemas import Data, Incoming
from regulars.api.rest.writes import answers
from regulars.tenants import queries
from regulars.tenants.models import Business
from regulars.tenants.region import update_region

router = Router(tags=["Business"])


class RegionOut(BaseModel):
    """Where a business is."""

    country: str
    timezone: str
    currency: str


class RegionPatch(Incoming):
    """What to change."""

    country: Annotated[str | None, Field(examples=["GB"])] = None
    timezone: Annotated[str | None, Field(examples=["Europe/London"])] = None
    currency: Annotated[str | None, Field(examples=["GBP"])] = None


def _region(business: Business) -> dict[str, str]:
    return {"country": business.country, "timezone": business.timezone, "currency": business.currency}


@router.get("/business/region", response=answered(Data[RegionOut]), summary="Get country, zone, currency")
@answers()
def get_region(request: HttpRequest) -> dict[str, Any]:
    """Where the business is: what decides about phone numbers, days and money."""
    return data(_region(queries.business_by_id(identity_of(request).business_id)))


@router.patch(
    "/business/region",
    response=answered(Data[RegionOut], also=(409, 422)),
    summary="Change country, zone, currency",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def change_region(request: HttpRequest, body: RegionPatch) -> dict[str, Any]:
    """Change any of them. They count from now on; what was stored before stays as it is."""
    changes = body.model_dump(exclude_unset=True)
    return data(_region(update_region(business_id=identity_of(request).business_id, **changes)))
