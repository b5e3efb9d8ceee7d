"""`/api/team`."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from ninja import Router

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, answered, known_id
from regulars.api.rest.envelope import data
from regulars.api.rest.schemas import Data, Deleted
from regulars.api.rest.team_schemas import AddTeam, ChangeTeam, TeamAdded, TeamRow
from regulars.api.rest.writes import answers
from regulars.tenants import actions, mail, queries
from regulars.tenants.models import Staff
from regulars.tenants.plans import check_feature

router = Router(tags=["Team"])


def _allowed(request: HttpRequest) -> int:
    identity = identity_of(request)
    check_feature(identity.plan, "team")
    return identity.business_id


def _row(staff: Staff) -> dict[str, Any]:
    return {
        "id": staff.pk,
        "name": staff.name,
        "email": staff.user.email,
        "role": staff.role,
        "is_active": int(staff.is_active),
    }


def _added(added: actions.NewStaff) -> dict[str, Any]:
    return {
        "id": added.staff.pk,
        "name": added.staff.name,
        "email": added.staff.user.email,
        "role": added.staff.role,
        "temp_password": added.temp_password or "",
    }


@router.get("/team", response=answered(Data[list[TeamRow]]), summary="List team members")
@answers()
def list_team(request: HttpRequest) -> dict[str, Any]:
    """Everybody on the team, owners too."""
    return data([_row(staff) for staff in queries.team(_allowed(request))])


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
        added = actions.add_staff(business=business, **body.model_dump())
        mail.invite(added.staff, added.temp_password or "")
    return data(_added(added))


@router.patch(
    "/team/{int:staff_id}",
    response=answered(Data[TeamRow], also=(404, 409, 422)),
    summary="Change staff member",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def change_staff(request: HttpRequest, staff_id: int, body: ChangeTeam) -> dict[str, Any]:
    """Change what is named: the name, the role, the branch, the way into the back office.

    Another `email` is another account, of which nothing is known here: an invitation with a new temporary
    password is mailed there. The last owner with access to the back office stays one.
    """
    changes = body.model_dump(exclude_unset=True)
    staff = actions.edit_staff(business_id=_allowed(request), pk=known_id(staff_id, "team member"), **changes)
    return data(_row(staff))


@router.post(
    "/team/{int:staff_id}/invite",
    response=answered(Data[TeamAdded], also=(404, 409, 422)),
    summary="Invite staff member again",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def invite_staff(request: HttpRequest, staff_id: int) -> dict[str, Any]:
    """Make a new temporary password for somebody who has not signed in yet, and mail it; the old is void."""
    business_id = _allowed(request)
    with transaction.atomic():
        again = actions.invite_again(business_id=business_id, staff_id=known_id(staff_id, "team member"))
        mail.invite(again.staff, again.temp_password or "")
    return data(_added(again))


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
