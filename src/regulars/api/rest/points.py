"""`/api/points/program`: how points work. The seed of this dialect has no points."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, BeforeValidator, Field

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, answered, parse_amount, printed_amount
from regulars.api.rest.envelope import data
from regulars.api.rest.schemas import Data, Incoming, whole
from regulars.api.rest.writes import answers
from regulars.rules.errors import InvalidInput
from regulars.tenants import actions, checks, queries
from regulars.tenants.models import Business

router = Router(tags=["Points"])

Months = Annotated[int, Field(ge=1, le=checks.MAX_EXPIRE_MONTHS), BeforeValidator(whole)]
SaleCap = Annotated[int, Field(ge=1, le=checks.MAX_SALE_CAP), BeforeValidator(whole)]
RefundPolicy = Literal["to_zero", "allow_negative", "keep"]
# Money is text, in both directions: a number of JSON is a float to most that read it.
Amount = Annotated[str, Field(examples=["0.01"], description="Exact, such as 0.01")]


class PointsProgramOut(BaseModel):
    """How points work."""

    points_expire_months: int | None
    refund_policy: RefundPolicy
    points_per_sale_cap: int | None
    point_value: Amount
    currency: str


class PointsProgramPatch(Incoming):
    """Settings to change; null lets points never expire, or lifts the cap. Points earned keep their day."""

    points_expire_months: Months | None = None
    refund_policy: RefundPolicy | None = None
    points_per_sale_cap: SaleCap | None = None
    point_value: Amount | None = None
    currency: Annotated[str | None, Field(examples=["INR"], description="ISO 4217")] = None


def _points(business: Business) -> dict[str, Any]:
    return {
        "points_expire_months": business.points_expire_months,
        "refund_policy": business.refund_policy,
        "points_per_sale_cap": business.points_per_sale_cap,
        "point_value": printed_amount(business.point_value),
        "currency": business.currency,
    }


@router.get("/points/program", response=answered(Data[PointsProgramOut]), summary="Get points programme")
@answers()
def get_points_program(request: HttpRequest) -> dict[str, Any]:
    """When points expire, what they are worth, and what becomes of them when a sale is undone."""
    return data(_points(queries.business_by_id(identity_of(request).business_id)))


@router.patch(
    "/points/program",
    response=answered(Data[PointsProgramOut], also=(409, 422)),
    summary="Update points programme",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def update_points_program(request: HttpRequest, body: PointsProgramPatch) -> dict[str, Any]:
    """Change how points work. Points that customers have keep the day on which they expire."""
    changes = body.model_dump(exclude_unset=True)
    for field in ("refund_policy", "point_value", "currency"):
        if field in changes and changes[field] is None:
            raise InvalidInput.at(field, "must not be null")
    if "point_value" in changes:
        changes["point_value"] = parse_amount(changes["point_value"], "point_value")
    business_id = identity_of(request).business_id
    return data(_points(actions.update_points_programme(business_id=business_id, **changes)))
