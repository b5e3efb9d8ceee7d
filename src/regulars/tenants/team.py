"""Writes about the people who work for a business. `tenants.actions` passes them on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone as clock
from django_scopes import scope

from regulars import db
from regulars.rules import codes
from regulars.rules.errors import Conflict, InvalidInput, LastOwner, NotFound
from regulars.rules.text import clean_line
from regulars.tenants import checks, mail, sessions
from regulars.tenants.models import Branch, Business, Staff, User
from regulars.tenants.plans import check_feature, plan_of
from regulars.tenants.queries import free_code, next_number, own

TEMP_PASSWORD_LASTS = dt.timedelta(days=7)
# What keeps an account: a place on a team, or something that stands under its name in the operators' log.
_HELD = """
SELECT 1 FROM tenants_staff WHERE user_id = %s
UNION ALL SELECT 1 FROM django_admin_log WHERE user_id = %s
LIMIT 1"""
_FIELDS = frozenset({"name", "email", "branch_id", "disable_backoffice_access", "role"})


_NOTHING_TO_SIGN_IN_WITH: dict[str, Any] = {
    "pin": "", "pin_failures": 0, "pin_closed_until": None,
    "temp_password": "", "temp_password_expires_at": None,
}  # fmt: skip
# How a place begins, also one that somebody comes back to.
_AT_FIRST = _NOTHING_TO_SIGN_IN_WITH | {
    "left_at": None, "left_email": "", "is_active": True, "branch": None, "disable_backoffice_access": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewStaff:
    """Somebody just added to a team. The temporary password is shown here and never again."""

    staff: Staff
    temp_password: str | None


def add_staff(
    *,
    business: Business,
    name: str,
    email: str,
    role: str = Staff.Role.STAFF,
    password: str | None = None,
    code: str = "",
    branch_id: int | None = None,
    disable_backoffice_access: bool = False,
) -> NewStaff:
    """Add somebody to the team, by default with a temporary password that lasts seven days.

    The password belongs to this membership: somebody who signs in elsewhere with the same e-mail keeps
    their own password and is not told to us (docs/decisions/0004). Without a `code` one is numbered; without
    a branch they work at every one. Nothing is mailed: see `mail.invite`. Whoever was on the team before,
    with the same address and name, has their old place again, with its history and nothing else of it
    (docs/decisions/0030).

    Raises:
        InvalidInput: a value is unusable, or an owner is to have a branch; the message names it.
        PlanRequired: the plan has no team.
        NotFound: the business has no such branch.
        Conflict: the e-mail already belongs to this team, or the code to somebody in it.
    """
    check_feature(plan_of(business), "team")
    name = clean_line(name, field="name", max_length=200, required=True)
    email = checks.check_email(email, field="email")
    role = _check_role(role)
    _check_limit(role, branch_id)
    with transaction.atomic(), scope(business=business):
        return put_on_team(
            business,
            name=name,
            email=email,
            role=role,
            password=password,
            code=code,
            branch=own(Branch, branch_id, "branch_id", hold=True),
            disable_backoffice_access=disable_backoffice_access,
        )


def put_on_team(
    business: Business, *, name: str, email: str, role: str, password: str | None, code: str = "", **more: Any
) -> NewStaff:
    """Like `add_staff`, for values that were checked, whatever the plan. Within transaction and scope."""
    db.serialise("user", email)
    number = next_number(business.pk, "staff")
    user = _account(email, name, password)
    code = free_code(business.pk, Staff, "staff", code=code, letter="U", number=number)
    staff = _former(email, name) or Staff(business=business)
    for field, value in {"user": user, "name": name, "role": role, "code": code, **_AT_FIRST, **more}.items():
        setattr(staff, field, value)
    temp_password = _invite(staff) if password is None else None
    staff.save()
    return NewStaff(staff, temp_password)


def _former(email: str, name: str) -> Staff | None:
    """The place of whoever left with this address and name; the latest of several, with no session left.

    An address alone is not enough: `till@shop.example` is somebody else's next year, and what the one before
    gave is not to stand under the new one's name.
    """
    rows = Staff.history.exclude(left_at=None).filter(left_email=email, name__iexact=name)
    staff = rows.select_for_update().order_by("-left_at", "-pk").first()
    if staff is not None:
        sessions.end_place(business_id=staff.business_id, staff_id=staff.pk)
    return staff


def _account(email: str, name: str, password: str | None) -> User:
    """The account with this e-mail, made when there is none."""
    user = User.objects.filter(email=email).first()
    known = Staff.objects.filter(user=user).first() if user else None
    if known is not None:
        raise Conflict(f"{email} already belongs to this team.", fields={"email": "is known"}, id=known.pk)
    return user or User.objects.create_user(email, password, name=name)


def _invite(staff: Staff) -> str:
    temp_password = codes.temp_password()
    staff.temp_password = make_password(temp_password)
    staff.temp_password_expires_at = clock.now() + TEMP_PASSWORD_LASTS
    return temp_password


def invite_again(*, business_id: int, staff_id: int) -> NewStaff:
    """Make a new temporary password for somebody who has not come in yet; the one before is void.

    Raises:
        NotFound: the team has no such member.
        Conflict: they have come in and use a password of their own, which nobody here can replace.
    """
    with transaction.atomic(), scope(business=business_id):
        staff = _staff(staff_id)
        if not staff.must_change_password:
            raise Conflict(f"{staff.name} has signed in already, with a password of their own.")
        temp_password = _invite(staff)
        staff.save(update_fields=["temp_password", "temp_password_expires_at", "modified_at"])
    return NewStaff(staff, temp_password)


def edit_staff(*, business_id: int, pk: int, **changes: Any) -> Staff:
    """Change somebody on the team: name, email, branch_id, disable_backoffice_access, role.

    What is not named stays. A new e-mail is another account, of which we know no more than of anybody whom
    we add: the membership moves to it with a new temporary password, which is mailed there, and the old
    account keeps nothing of it. It goes as with `remove_staff`.

    Raises:
        InvalidInput: a value is unusable, or an owner would have a branch; the message names it.
        NotFound: the team has no such member, or the business no such branch.
        Conflict: the e-mail belongs to somebody else in this team.
        LastOwner: nobody would be left who owns the business and may enter the back office.
    """
    unknown = changes.keys() - _FIELDS
    if unknown:
        raise InvalidInput.at(min(unknown), "is not a field of staff")
    left: User | None = None
    with transaction.atomic(), scope(business=business_id):
        db.serialise("team", business_id)
        staff = _staff(pk)
        if "name" in changes:
            staff.name = clean_line(changes["name"] or "", field="name", max_length=200, required=True)
        if "role" in changes:
            staff.role = _check_role(changes["role"])
        if "branch_id" in changes:
            staff.branch = own(Branch, changes["branch_id"], "branch_id", hold=True)
        _check_limit(staff.role, staff.branch_id)
        if "disable_backoffice_access" in changes:
            staff.disable_backoffice_access = bool(changes["disable_backoffice_access"])
        if staff.role != Staff.Role.OWNER or staff.disable_backoffice_access:
            _keep_an_owner(pk)
        if "email" in changes:
            left = _move(staff, checks.check_email(changes["email"] or "", field="email"))
        staff.save()
    if left is not None:
        _remove_if_nowhere(left)
    return staff


def _move(staff: Staff, email: str) -> User | None:
    """Let a membership belong to the account of another e-mail; the account that it leaves, if it does."""
    if staff.user.email == email:
        return None
    db.serialise("user", email)
    left, staff.user = staff.user, _account(email, staff.name, None)
    mail.invite(staff, _invite(staff))
    return left


def _check_role(value: str) -> str:
    if value not in Staff.Role.values:
        raise InvalidInput.at("role", f"must be one of {', '.join(Staff.Role.values)}, not {value!r}")
    return value


def _check_limit(role: str, branch_id: int | None) -> None:
    """Refuse to limit an owner to a branch: what is about the whole business would be open to nobody."""
    if role == Staff.Role.OWNER and branch_id is not None:
        raise InvalidInput.at("branch_id", "must be empty for an owner, who works at every branch")


def _staff(pk: int) -> Staff:
    rows = Staff.objects.select_related("user", "branch", "business").select_for_update(of=("self",))
    staff = rows.filter(pk=pk).first()
    if staff is None:
        raise NotFound(f"There is no team member {pk}.")
    return staff


def _keep_an_owner(pk: int) -> None:
    """Refuse to go on when this person is the only owner who may enter the back office."""
    owners = Staff.objects.filter(role=Staff.Role.OWNER, is_active=True, disable_backoffice_access=False)
    # Whoever was none before is not missed.
    if owners.filter(pk=pk).exists() and not owners.exclude(pk=pk).exists():
        raise LastOwner(
            "The last owner stays, with access to the back office. Make somebody else an owner first."
        )


def remove_staff(*, business_id: int, staff_id: int) -> None:
    """Take somebody off the team; their account goes when it belongs to no other team.

    It stays when they operate the installation, or once did something as operator: the log says who. What
    they did here keeps their name: their place stays as one that was left, with no account, PIN, temporary
    password or session (docs/decisions/0030).

    Raises:
        NotFound: the team has no such member.
        LastOwner: it is the only owner left.
    """
    with transaction.atomic(), scope(business=business_id):
        db.serialise("team", business_id)
        staff = _staff(staff_id)
        _keep_an_owner(staff_id)
        user = staff.user
        left = {"user": None, "is_active": False, "left_at": clock.now(), "left_email": user.email}
        for field, value in (_NOTHING_TO_SIGN_IN_WITH | left).items():
            setattr(staff, field, value)
        staff.save()
        sessions.end_place(business_id=business_id, staff_id=staff_id)
    _remove_if_nowhere(user)


def forget_name(*, business_id: int, staff_id: int) -> Staff:
    """Take name, address and code of somebody who left out of the business's records; nothing restores them.

    What they did stays, as that of somebody who left. Should they come back, they are somebody new.

    Raises:
        NotFound: nobody who left has this number.
    """
    with transaction.atomic(), scope(business=business_id):
        rows = Staff.history.exclude(left_at=None).select_for_update()
        staff = rows.filter(pk=staff_id).first()
        if staff is None:
            raise NotFound(f"There is no former team member {staff_id}.")
        staff.name = staff.left_email = staff.code = ""
        staff.save(update_fields=["name", "left_email", "code", "modified_at"])
    return staff


def _remove_if_nowhere(user: User) -> None:
    try:
        with transaction.atomic():
            db.serialise("user", user.email)
            if not user.is_staff and not db.run(_HELD, (user.pk, user.pk)):
                User.objects.filter(pk=user.pk).delete()
    except IntegrityError:  # somebody else added them at this moment
        return
