"""Writes about businesses, their programme, branches, staff and keys."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone as clock
from django_scopes import scope

from regulars import db
from regulars.rules import codes
from regulars.rules.errors import Conflict, HasHistory, LastOwner, NotFound, PlanLimit
from regulars.rules.text import clean_text
from regulars.tenants import checks, identity
from regulars.tenants.models import ApiKey, Branch, Business, Program, Staff, User
from regulars.tenants.plans import PLANS, check_feature
from regulars.tenants.queries import next_number

TEMP_PASSWORD_LASTS = dt.timedelta(days=7)

# What a new business may be told beside its name.
PROFILE_TEXTS = {field: most for field, most in checks.BUSINESS_TEXTS.items() if field != "business_name"}


@dataclass(frozen=True, slots=True)
class NewBusiness:
    """A business just made. The key and the password are shown here and never again."""

    business: Business
    owner: Staff
    api_key: str
    temp_password: str | None


@dataclass(frozen=True, slots=True)
class NewStaff:
    """Somebody just added to a team. The temporary password is shown here and never again."""

    staff: Staff
    temp_password: str | None


def create_business(
    *,
    name: str,
    owner_email: str,
    owner_name: str = "",
    owner_password: str | None = None,
    plan: str = "self_hosted",
    country: str = "US",
    timezone: str = "UTC",
    currency: str = "USD",
    program_name: str = "",
    stamps_required: int = 8,
    reward_description: str = "Free coffee",
    birthday_bonus_stamps: int = 0,
    opened_at: dt.datetime | None = None,
    **profile: str,
) -> NewBusiness:
    """Make a business with its programme, its owner and a first API key.

    `profile` takes the text fields of `PATCH /api/business`. With `owner_password` the owner signs in with
    it; without, a temporary password is made. `opened_at` is for a history that is loaded afterwards.

    Raises:
        InvalidInput: a value is unusable; the message names it.
    """
    name = clean_text(name, field="name", max_length=200, required=True)
    texts = checks.clean_texts(profile, PROFILE_TEXTS)
    business = Business(
        name=name,
        plan=checks.check_plan(plan),
        country=checks.check_country(country),
        timezone=checks.check_timezone(timezone),
        currency=checks.check_currency(currency),
        join_code=codes.new_join_code(),
        **_since(opened_at),
        **texts,
    )
    program = Program(
        program_name=clean_text(program_name or f"{name[:190]} Stamps", field="program_name", max_length=200),
        stamps_required=checks.check_goal(stamps_required),
        reward_description=clean_text(
            reward_description, field="reward_description", max_length=300, required=True
        ),
        birthday_bonus_stamps=checks.check_birthday_bonus(birthday_bonus_stamps, least=0),
    )
    email = checks.check_email(owner_email, field="owner_email")
    with transaction.atomic():
        _save_with_free_slug(business)
        program.business = business
        with scope(business=business):
            program.save()
            owner = _add_staff(business, owner_name or name, email, Staff.Role.OWNER, owner_password)
            _, key = create_api_key(business=business, name="First key")
    return NewBusiness(business, owner.staff, key, owner.temp_password)


def _since(opened_at: dt.datetime | None) -> dict[str, dt.datetime]:
    return {} if opened_at is None else {"created_at": opened_at}


def _save_with_free_slug(business: Business) -> None:
    wanted = codes.slugify_name(business.name)
    business.slug = wanted
    number = 1
    while True:
        try:
            with transaction.atomic():
                business.save()
                return
        except IntegrityError:
            if not Business.objects.filter(slug=business.slug).exists():
                raise
            number += 1
            business.slug = f"{wanted}-{number}"


def update_business(*, business_id: int, **changes: Any) -> Business:
    """Change profile fields of a business; what is not named stays.

    Raises:
        InvalidInput: a value is unusable; the message names it.
    """
    texts = checks.clean_texts(changes, checks.BUSINESS_TEXTS)
    if "business_name" in texts:
        texts["name"] = texts.pop("business_name")
    if texts:
        Business.objects.filter(pk=business_id).update(**texts)
    return Business.objects.select_related("program").get(pk=business_id)


def update_program(*, business_id: int, **changes: Any) -> Program:
    """Change the stamp programme. Nothing that is already on a card changes.

    Raises:
        InvalidInput: a value is unusable; the message names it.
    """
    values: dict[str, Any] = checks.clean_texts(changes, checks.PROGRAM_TEXTS)
    if "stamps_required" in changes:
        values["stamps_required"] = checks.check_goal(changes["stamps_required"])
    if "birthday_bonus_stamps" in changes:
        values["birthday_bonus_stamps"] = checks.check_birthday_bonus(changes["birthday_bonus_stamps"])
    with scope(business=business_id):
        if values:
            Program.objects.update(**values)
        return Program.objects.get()


def create_branch(
    *,
    business: Business,
    latitude: float | None = None,
    longitude: float | None = None,
    opened_at: dt.datetime | None = None,
    **texts: str,
) -> Branch:
    """Open a branch; `texts` are name (required), address, city, state and phone.

    `opened_at` is for a history that is loaded afterwards.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        PlanLimit: the plan allows no more branches.
    """
    clean = checks.clean_texts({"name": "", **texts}, checks.BRANCH_TEXTS)
    place = checks.clean_place({"latitude": latitude, "longitude": longitude})
    most = PLANS[business.plan].max_branches
    with transaction.atomic(), scope(business=business):
        # Other openings wait here, so that two at once cannot both take the last free place.
        code = codes.numbered_code("B", next_number(business.pk, "branch"))
        if most is not None and Branch.objects.count() >= most:
            raise PlanLimit(f"The {business.plan} plan allows {most} branches, and there are as many.")
        return Branch.objects.create(business=business, code=code, **clean, **place, **_since(opened_at))


def update_branch(*, business_id: int, branch_id: int, **changes: Any) -> Branch:
    """Change a branch; what is not named stays, None clears a coordinate.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        NotFound: the business has no such branch.
    """
    values: dict[str, Any] = checks.clean_texts(changes, checks.BRANCH_TEXTS) | checks.clean_place(changes)
    if "is_active" in changes:
        values["is_active"] = bool(changes["is_active"])
    with scope(business=business_id):
        if values:
            Branch.objects.filter(pk=branch_id).update(**values)
        branch = Branch.objects.filter(pk=branch_id).first()
    if branch is None:
        raise NotFound(f"There is no branch {branch_id}.")
    return branch


def delete_branch(*, business_id: int, branch_id: int) -> None:
    """Delete a branch at which nothing ever happened.

    Raises:
        NotFound: the business has no such branch.
        HasHistory: something was recorded at the branch.
    """
    try:
        with transaction.atomic(), scope(business=business_id):
            branch = Branch.objects.filter(pk=branch_id).first()
            if branch is None:
                raise NotFound(f"There is no branch {branch_id}.")
            branch.delete()
    except (ProtectedError, IntegrityError) as error:
        raise HasHistory(
            f"Branch {branch_id} has recorded transactions and cannot be deleted. "
            "Set is_active to false instead."
        ) from error


def add_staff(
    *,
    business: Business,
    name: str,
    email: str,
    role: str = Staff.Role.STAFF,
    password: str | None = None,
) -> NewStaff:
    """Add somebody to the team, by default with a temporary password that lasts seven days.

    The password belongs to this membership: somebody who signs in elsewhere with the same e-mail keeps
    their own password and is not told to us (docs/decisions/0004).

    Raises:
        InvalidInput: a value is unusable; the message names it.
        PlanRequired: the plan has no team.
        Conflict: the e-mail already belongs to this team.
    """
    check_feature(business.plan, "team", "Team")
    name = clean_text(name, field="name", max_length=200, required=True)
    email = checks.check_email(email, field="email")
    with transaction.atomic(), scope(business=business):
        return _add_staff(business, name, email, role, password)


def _add_staff(business: Business, name: str, email: str, role: str, password: str | None) -> NewStaff:
    db.serialise("user", email)
    code = codes.numbered_code("U", next_number(business.pk, "staff"))
    user = User.objects.filter(email=email).first()
    known = Staff.objects.filter(user=user).first() if user else None
    if known is not None:
        raise Conflict(f"{email} already belongs to this team.", fields={"email": "is known"}, id=known.pk)
    if user is None:
        user = User.objects.create_user(email, password, name=name)
    staff = Staff(business=business, user=user, name=name, role=role, code=code)
    temp_password = None
    if password is None:
        temp_password = codes.temp_password()
        staff.temp_password = make_password(temp_password)
        staff.temp_password_expires_at = clock.now() + TEMP_PASSWORD_LASTS
    staff.save()
    return NewStaff(staff, temp_password)


def remove_staff(*, business_id: int, staff_id: int) -> None:
    """Take somebody off the team for good; their account goes too when it belongs to no other team.

    Raises:
        NotFound: the team has no such member.
        LastOwner: it is the only owner left.
    """
    with transaction.atomic(), scope(business=business_id):
        db.serialise("team", business_id)
        staff = Staff.objects.select_related("user").filter(pk=staff_id).first()
        if staff is None:
            raise NotFound(f"There is no team member {staff_id}.")
        owners = Staff.objects.filter(role=Staff.Role.OWNER, is_active=True).exclude(pk=staff_id)
        if staff.role == Staff.Role.OWNER and not owners.exists():
            raise LastOwner("The last owner cannot be removed. Make somebody else an owner first.")
        user = staff.user
        staff.delete()
    _remove_if_nowhere(user)


def _remove_if_nowhere(user: User) -> None:
    try:
        with transaction.atomic():
            db.serialise("user", user.email)
            if not user.is_staff and not db.run(
                "SELECT 1 FROM tenants_staff WHERE user_id = %s LIMIT 1", (user.pk,)
            ):
                User.objects.filter(pk=user.pk).delete()
    except IntegrityError:  # somebody else added them at this moment
        return


def create_api_key(*, business: Business, name: str) -> tuple[ApiKey, str]:
    """Make a key. The key itself is the second value, shown once: only its hash is stored.

    Raises:
        InvalidInput: the name is empty or too long.
    """
    name = clean_text(name, field="name", max_length=100, required=True)
    key = codes.new_api_key()
    with scope(business=business):
        row = ApiKey.objects.create(
            business=business, name=name, prefix=codes.key_prefix(key), key_hash=codes.key_hash(key)
        )
    return row, key


def revoke_api_key(*, business: Business, prefix: str) -> ApiKey:
    """End a key, named by its beginning. Processes that know it notice within five seconds.

    Raises:
        NotFound: the business has no such key that is still in use.
    """
    with scope(business=business):
        row = ApiKey.objects.filter(prefix=prefix, revoked_at=None).first()
        if row is None:
            raise NotFound(f"There is no key in use that begins with {prefix!r}.")
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at"])
    identity.forget()
    return row
