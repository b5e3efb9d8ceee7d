"""`/api/team`."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from ninja import Router

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, answered, known_id
from regulars.api.rest.envelope import data
from regulars.api.rest.schemas import AddTeam, Data, Deleted, TeamAdded, TeamRow
from regulars.api.rest.writes import answers
from regulars.tenants import actions, mail, queries
from regulars.tenants.plans import check_feature

router = Router(tags=["Team"])


def _allowed(request: HttpRequest) -> int:
    identity = identity_of(request)
    check_feature(identity.plan, "team", "Team")
    return identity.business_id


@router.get("/team", response=answered(Data[list[TeamRow]]), summary="List team members")
@answers()
def list_team(request: HttpRequest) -> dict[str, Any]:
    """Everybody on the team, owners too."""
    return data(
        [
            {
                "id": staff.pk,
                "name": staff.name,
                "email": staff.user.email,
                "role": staff.role,
                "is_active": int(staff.is_active),
            }
            for staff in queries.team(_allowed(request))
        ]
    )


@router.post(
    "/team",
    response=answered(Data[TeamAdded], status=201, also=(409, 422)),
    summary="Add staff member",
    openapi_extra=IDEMPOTENT,
)
@answers(201, write=True)
def add_staff(request: HttpRequest, body: AddTeam) -> dict[str, Any]:
    """Add somebody, with a temporary password that is shown here once, mailed, and ends after seven days."""
    business = queries.business_by_id(_allowed(request))
    with transaction.atomic():  # on the team and invited, or neither
        added = actions.add_staff(business=business, name=body.name, email=body.email)
        password = added.temp_password or ""
        mail.invite(added.staff, password)
    return data(
        {
            "id": added.staff.pk,
            "name": added.staff.name,
            "email": added.staff.user.email,
            "role": added.staff.role,
            "temp_password": password,
        }
    )


@router.delete(
    "/team/{int:staff_id}",
    response=answered(Data[Deleted], also=(404, 409, 422)),
    summary="Remove staff member",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def remove_staff(request: HttpRequest, staff_id: int) -> dict[str, Any]:
    """Take somebody off the team for good. The last owner stays."""
    actions.remove_staff(business_id=_allowed(request), staff_id=known_id(staff_id, "team member"))
    return data({"deleted": True, "id": staff_id})
