"""`/api/branches`."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, answered, known_id, printed
from regulars.api.rest.envelope import data
from regulars.api.rest.schemas import BranchIn, BranchOut, BranchPatch, Data, Deleted, NearestOut
from regulars.api.rest.writes import answers
from regulars.rules.errors import InvalidInput
from regulars.tenants import actions, queries
from regulars.tenants.models import Branch, Business

router = Router(tags=["Branches"])


def _branch(branch: Branch, business: Business) -> dict[str, Any]:
    return {
        "id": branch.pk,
        "name": branch.name,
        "address": branch.address,
        "city": branch.city,
        "state": branch.state,
        "phone": branch.phone,
        "latitude": branch.latitude,
        "longitude": branch.longitude,
        "is_active": int(branch.is_active),
        "created_at": printed(branch.created_at, business),
    }


@router.get("/branches", response=answered(Data[list[BranchOut]]), summary="List branches")
@answers()
def list_branches(request: HttpRequest) -> dict[str, Any]:
    """All branches with their coordinates."""
    business = queries.business_by_id(identity_of(request).business_id)
    return data([_branch(branch, business) for branch in queries.branches(business.pk)])


@router.get(
    "/branches/nearest", response=answered(Data[NearestOut], also=(404,)), summary="Find nearest branch"
)
@answers()
def nearest(
    request: HttpRequest,
    lat: Annotated[float, Query(ge=-90, le=90, description="Device latitude")],
    lng: Annotated[float, Query(ge=-180, le=180, description="Device longitude")],
) -> dict[str, Any]:
    """The closest active branch that has coordinates, by the haversine formula."""
    found = queries.nearest_branch(business_id=identity_of(request).business_id, latitude=lat, longitude=lng)
    branch = found.branch
    return data(
        {
            "branch_id": branch.pk,
            "name": branch.name,
            "address": branch.address,
            "city": branch.city,
            "latitude": branch.latitude,
            "longitude": branch.longitude,
            "distance_km": round(found.distance_km, 3),
            "distance_m": round(found.distance_km * 1000),
        }
    )


@router.post(
    "/branches",
    response=answered(Data[BranchOut], status=201, also=(409, 422)),
    summary="Create branch",
    openapi_extra=IDEMPOTENT,
)
@answers(201, write=True)
def create_branch(request: HttpRequest, body: BranchIn) -> dict[str, Any]:
    """Open a branch. The plan may limit how many there are."""
    business = queries.business_by_id(identity_of(request).business_id)
    branch = actions.create_branch(business=business, **body.model_dump(exclude_unset=True))
    branch.refresh_from_db()
    return data(_branch(branch, business))


@router.patch(
    "/branches/{int:branch_id}",
    response=answered(Data[BranchOut], also=(404, 409, 422)),
    summary="Update branch",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def update_branch(request: HttpRequest, branch_id: int, body: BranchPatch) -> dict[str, Any]:
    """Change a branch; null clears a coordinate; `is_active` false closes it."""
    business = queries.business_by_id(identity_of(request).business_id)
    changes = body.model_dump(exclude_unset=True)
    if changes.get("is_active", True) is None:
        raise InvalidInput.at("is_active", "must be true or false")
    branch = actions.update_branch(
        business_id=business.pk, branch_id=known_id(branch_id, "branch"), **changes
    )
    return data(_branch(branch, business))


@router.delete(
    "/branches/{int:branch_id}",
    response=answered(Data[Deleted], also=(404, 409, 422)),
    summary="Delete branch",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def delete_branch(request: HttpRequest, branch_id: int) -> dict[str, Any]:
    """Delete a branch at which nothing was ever recorded."""
    actions.delete_branch(
        business_id=identity_of(request).business_id, branch_id=known_id(branch_id, "branch")
    )
    return data({"deleted": True, "id": branch_id})
