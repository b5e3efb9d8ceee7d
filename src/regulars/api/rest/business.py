"""`/api/business` and `/api/program`."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, answered
from regulars.api.rest.envelope import data
from regulars.api.rest.schemas import BusinessOut, BusinessPatch, Data, ProgramOut, ProgramPatch
from regulars.api.rest.writes import answers
from regulars.rules.errors import InvalidInput
from regulars.tenants import actions, queries
from regulars.tenants.models import Business, Program

router = Router(tags=["Business"])


def _business(business: Business) -> dict[str, Any]:
    program = business.program
    return {
        "id": business.pk,
        "business_name": business.name,
        "business_type": business.business_type,
        "phone": business.phone,
        "address": business.address,
        "city": business.city,
        "state": business.state,
        "pincode": business.pincode,
        "gstin": business.gstin,
        "plan": business.plan,
        "join_url": queries.join_url(business),
        "program": {
            "program_name": program.program_name,
            "stamps_required": program.stamps_required,
            "reward_description": program.reward_description,
            "birthday_bonus_stamps": program.birthday_bonus_stamps,
        },
    }


def _program(program: Program) -> dict[str, Any]:
    return {
        "id": program.pk,
        "program_name": program.program_name,
        "stamps_required": program.stamps_required,
        "reward_description": program.reward_description,
        "birthday_bonus_stamps": program.birthday_bonus_stamps,
        "terms_conditions": program.terms_conditions,
        "is_active": program.is_active,
    }


@router.get("/business", response=answered(Data[BusinessOut]), summary="Get business profile")
@answers()
def get_business(request: HttpRequest) -> dict[str, Any]:
    """The business's profile, address, plan, and its programme."""
    return data(_business(queries.business_by_id(identity_of(request).business_id)))


@router.patch(
    "/business",
    response=answered(Data[BusinessOut], also=(409, 422)),
    summary="Update business profile",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def update_business(request: HttpRequest, body: BusinessPatch) -> dict[str, Any]:
    """Change any of the profile's fields. Answers the whole profile."""
    changes = body.model_dump(exclude_unset=True)
    return data(_business(actions.update_business(business_id=identity_of(request).business_id, **changes)))


@router.get("/program", response=answered(Data[ProgramOut]), summary="Get loyalty program")
@answers()
def get_program(request: HttpRequest) -> dict[str, Any]:
    """The settings of the stamp programme."""
    return data(_program(queries.business_by_id(identity_of(request).business_id).program))


@router.patch(
    "/program",
    response=answered(Data[ProgramOut], also=(409, 422)),
    summary="Update loyalty program",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def update_program(request: HttpRequest, body: ProgramPatch) -> dict[str, Any]:
    """Change the programme. Stamps and rewards that customers have stay as they are."""
    changes = body.model_dump(exclude_unset=True)
    for field in ("stamps_required", "birthday_bonus_stamps"):
        if field in changes and changes[field] is None:
            raise InvalidInput.at(field, "must be a whole number")
    if changes.pop("birthday_bonus", None) is False:
        if "birthday_bonus_stamps" in changes:
            raise InvalidInput.at("birthday_bonus", "must not be false beside birthday_bonus_stamps")
        changes["birthday_bonus_stamps"] = None
    if "is_active" in changes and changes["is_active"] is None:
        raise InvalidInput.at("is_active", "must not be null")
    return data(_program(actions.update_program(business_id=identity_of(request).business_id, **changes)))
