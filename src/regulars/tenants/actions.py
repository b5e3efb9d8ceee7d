"""Writes about businesses, their programme, branches, staff and keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone as clock
from django_scopes import scope

from regulars.rules import codes
from regulars.rules.errors import Conflict, Gathered, HasHistory, NotFound
from regulars.rules.text import clean_line, clean_text
from regulars.tenants import api_keys, checks, team
from regulars.tenants.models import Branch, Business, Program, Staff
from regulars.tenants.plans import check_room
from regulars.tenants.queries import free_code, next_number

# So many people are told by name who are in the way of something.
_NAMED: Final = 3
TEMP_PASSWORD_LASTS = team.TEMP_PASSWORD_LASTS
NewStaff = team.NewStaff
add_staff, edit_staff, remove_staff = team.add_staff, team.edit_staff, team.remove_staff
invite_again, forget_name = team.invite_again, team.forget_name
create_api_key, revoke_api_key = api_keys.create_api_key, api_keys.revoke_api_key

# What a new business may be told beside its name.
PROFILE_TEXTS = {field: most for field, most in checks.BUSINESS_TEXTS.items() if field != "business_name"}


@dataclass(frozen=True, slots=True)
class NewBusiness:
    """A business just made. The key and the password are shown here and never again.

    The key is empty where none was wanted.
    """

    business: Business
    owner: Staff
    api_key: str
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
    first_key: bool = True,
    opened_at: dt.datetime | None = None,
    **profile: str,
) -> NewBusiness:
    """Make a business with its programme, its owner and a first API key, if one is wanted.

    `profile` takes the text fields of `PATCH /api/business`. With `owner_password` the owner signs in with
    it; without, a temporary password is made. `opened_at` is for a history that is loaded afterwards.

    Raises:
        InvalidInput: a value is unusable; the message names it.
    """
    gathered = Gathered()
    values = _checked(
        gathered,
        name=lambda: clean_line(name, field="name", max_length=200, required=True),
        plan=lambda: checks.check_plan(plan),
        country=lambda: checks.check_country(country),
        timezone=lambda: checks.check_timezone(timezone),
        currency=lambda: checks.check_currency(currency),
        texts=lambda: checks.clean_texts(profile, PROFILE_TEXTS),
    )
    title = program_name or f"{name.strip()[:190]} Stamps"
    rules = _checked(
        gathered,
        program_name=lambda: clean_line(title, field="program_name", max_length=200),
        stamps_required=lambda: checks.check_goal(stamps_required),
        reward_description=lambda: _check_reward(reward_description),
        birthday_bonus_stamps=lambda: checks.check_birthday_bonus(birthday_bonus_stamps, least=0),
        email=lambda: checks.check_email(owner_email, field="owner_email"),
    )
    gathered.refuse()
    texts, email = values.pop("texts"), rules.pop("email")
    business = Business(join_code=codes.new_join_code(), **values, **_since(opened_at), **texts)
    program = Program(**rules)
    with transaction.atomic():
        _save_with_free_slug(business)
        program.business = business
        with scope(business=business):
            program.save()
            owner = team.put_on_team(
                business, name=owner_name or name, email=email, role=Staff.Role.OWNER, password=owner_password
            )
            key = create_api_key(business=business, name="First key")[1] if first_key else ""
    return NewBusiness(business, owner.staff, key, owner.temp_password)


def _checked(gathered: Gathered, **by_field: Callable[[], Any]) -> dict[str, Any]:
    """What each check gives; what is refused is gathered, and missing."""
    values: dict[str, Any] = {}
    for field, check in by_field.items():
        with gathered:
            values[field] = check()
    return values


def _check_reward(text: str) -> str:
    return clean_text(text, field="reward_description", max_length=300, required=True)


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

    `birthday_bonus_stamps` is None for no bonus; without `is_active` customers see no stamps.

    Raises:
        InvalidInput: a value is unusable; the message names it.
    """
    values: dict[str, Any] = checks.clean_texts(changes, checks.PROGRAM_TEXTS)
    if "stamps_required" in changes:
        values["stamps_required"] = checks.check_goal(changes["stamps_required"])
    if "birthday_bonus_stamps" in changes:
        bonus = changes["birthday_bonus_stamps"]
        values["birthday_bonus_stamps"] = 0 if bonus is None else checks.check_birthday_bonus(bonus)
    if "is_active" in changes:
        values["is_active"] = bool(changes["is_active"])
    with scope(business=business_id):
        if values:
            Program.objects.update(**values)
        return Program.objects.get()


def update_points_programme(*, business_id: int, **changes: Any) -> Business:
    """Change how points work: what is not named stays.

    `points_expire_months` (1 to 1200) and `points_per_sale_cap` (1 to 1,000,000,000) are None for never and
    no limit, `point_value` is what one point is worth in `currency`. Nothing that was already earned changes:
    a lot of points keeps its day of expiry.

    Raises:
        InvalidInput: a value is unusable; the message names it.
    """
    values = {field: check(changes[field]) for field, check in checks.POINTS.items() if field in changes}
    if values:
        Business.objects.filter(pk=business_id).update(**values)
    return Business.objects.get(pk=business_id)


def update_look(*, business_id: int, **changes: str) -> Business:
    """Change how a business looks and answers: `accent_color` (#rrggbb), `reply_to` (an e-mail address, or
    empty for none). What is not named stays.

    Raises:
        InvalidInput: a value is unusable; the message names it.
    """
    values = {field: check(changes[field]) for field, check in checks.LOOK.items() if field in changes}
    if values:
        Business.objects.filter(pk=business_id).update(**values)
    return Business.objects.get(pk=business_id)


def create_branch(
    *,
    business: Business,
    code: str = "",
    name_required: bool = True,
    latitude: float | None = None,
    longitude: float | None = None,
    opened_at: dt.datetime | None = None,
    **texts: str,
) -> Branch:
    """Open a branch; `texts` are name, address, city, state and phone.

    Without a `code` one is numbered. Unless `name_required` (REST seed), a branch without a name is named
    like its code (RPC seed). `opened_at` is for a history that is loaded afterwards.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        Conflict: the business has a branch with this code.
        PlanLimit: the plan allows no more branches.
    """
    texts = {"name": "", **texts}
    unnamed = not name_required and not texts["name"].strip()
    if unnamed:
        del texts["name"]
    clean = checks.clean_branch({**texts, "latitude": latitude, "longitude": longitude})
    with transaction.atomic(), scope(business=business):
        # Other openings wait here, so that two at once cannot both take the last free place or one code.
        number = next_number(business.pk, "branch")
        check_room(business, "max_branches", Branch.objects.count)
        code = free_code(business.pk, Branch, "branch", code=code, letter="B", number=number)
        if unnamed:
            clean["name"] = code
        return Branch.objects.create(business=business, code=code, **clean, **_since(opened_at))


def update_branch(*, business_id: int, branch_id: int, **changes: Any) -> Branch:
    """Change a branch; what is not named stays, None clears a coordinate.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        NotFound: the business has no such branch.
    """
    values = checks.clean_branch(changes)
    if "is_active" in changes:
        values["is_active"] = bool(changes["is_active"])
    with scope(business=business_id):
        if values:
            Branch.objects.filter(pk=branch_id).update(**values, modified_at=clock.now())
        branch = Branch.objects.filter(pk=branch_id).first()
    if branch is None:
        raise NotFound(f"There is no branch {branch_id}.")
    return branch


def delete_branch(*, business_id: int, branch_id: int) -> None:
    """Delete a branch at which nothing ever happened. Members who belonged to it belong to none.

    Raises:
        NotFound: the business has no such branch.
        HasHistory: something was recorded at the branch, or a promotion or a voucher is for it.
        Conflict: people of the team, or whom it invited, are limited to it. Without it they would have the
            whole business.
    """
    try:
        with transaction.atomic(), scope(business=business_id):
            # Whoever is limited to it at this moment waits for us when they are written, or we see them.
            branch = Branch.objects.select_for_update().filter(pk=branch_id).first()
            if branch is None:
                raise NotFound(f"There is no branch {branch_id}.")
            _check_nobody_limited(branch)
            branch.delete()
    except (ProtectedError, IntegrityError) as error:
        raise HasHistory(
            f"Branch {branch_id} is named by recorded transactions, promotions or vouchers and cannot be "
            "deleted. Set is_active to false instead.",
            fields={"code": "belongs to a branch that other records name"},
        ) from error


def _check_nobody_limited(branch: Branch) -> None:
    """Refuse to delete a branch to which people are limited. Those who left are not: they come in nowhere."""
    limited = Staff.objects.filter(branch=branch)
    number = limited.count()
    if not number:
        return
    named = ", ".join(limited.order_by("name", "pk").values_list("name", flat=True)[:_NAMED])
    others = f" and {number - _NAMED} more" if number > _NAMED else ""
    raise Conflict(
        f"{named}{others} of the team can only work at {branch.name}, so branch {branch.pk} cannot be "
        "deleted. Choose another branch for them first, or take them off the team."
    )
