"""Writes about members."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django_scopes import scope

from regulars.members import personal_data, phones
from regulars.members.models import Member
from regulars.outbox import emit
from regulars.rules import codes, names
from regulars.rules.errors import AlreadyEnrolled, Conflict, InvalidInput, NotFound, PlanLimit
from regulars.rules.text import clean_text
from regulars.tenants.checks import check_email
from regulars.tenants.models import Business
from regulars.tenants.plans import PLANS
from regulars.tenants.queries import next_number

# Text fields of a member that are stored as given, with the most characters that each may have.
PROFILE_TEXTS = {
    "secondary_code": 50,
    "company_name": 200,
    "telephone": 40,
    "street_address": 300,
    "street_address2": 300,
    "street_suburb": 100,
    "street_city": 100,
    "street_zipcode": 20,
    "street_state": 100,
    **{f"metadata{number:02d}": 500 for number in range(1, 10)},
}
_PROFILE_OTHER = {
    "optout_email",
    "optout_text",
    "optout_post",
    "group",
    "subscription_date_from",
    "subscription_date_to",
    "branch",
    "suspended",
}
OLDEST_BIRTHDAY = dt.date(1900, 1, 1)


def create_member(
    *,
    business: Business,
    name: str,
    phone: str = "",
    email: str = "",
    birthday: dt.date | None = None,
    code: str = "",
    joined_at: dt.datetime,
    unique_contact: bool = True,
    **profile: Any,
) -> Member:
    """Store a new member. Within the caller's transaction, which gives them a card.

    `phone` is read as a number of the business's country. With `unique_contact` the phone or e-mail of
    another member is refused; two requests at once cannot both pass.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        AlreadyEnrolled: a member of the business has this phone or e-mail.
        PlanLimit: the plan allows no more members.
    """
    name = names.tidy_name(clean_text(name, field="name", max_length=200, required=True))
    first, last = names.split_name(name)
    cell = phones.normalise(phone, country=business.country)
    email = clean_text(email, field="email", max_length=254)
    email = check_email(email, field="email") if email else ""
    if birthday is not None and not OLDEST_BIRTHDAY <= birthday <= joined_at.date() + dt.timedelta(days=1):
        raise InvalidInput.at("birthday", f"must be a date from {OLDEST_BIRTHDAY} to today")
    code = clean_text(code, field="code", max_length=50)
    texts = {
        field: clean_text(profile.pop(field), field=field, max_length=most)
        for field, most in PROFILE_TEXTS.items()
        if field in profile
    }
    unknown = profile.keys() - _PROFILE_OTHER
    if unknown:
        raise InvalidInput.at(min(unknown), "is not a field of a member")
    with scope(business=business):
        # Other enrolments of the business wait here, so that neither contacts nor places are taken twice.
        number = next_number(business.pk, "member")
        if unique_contact:
            _check_contact(cell, email)
        _check_places(business)
        code = _check_code(code) if code else _free_code(business, number)
        return Member.objects.create(
            business=business,
            code=code,
            name=name,
            first_name=first,
            last_name=last,
            cell=cell,
            email=email,
            date_of_birth=birthday,
            joined_at=joined_at,
            search_text=search_text(name, email, cell),
            **texts,
            **profile,
        )


def _check_code(code: str) -> str:
    if Member.objects.filter(code=code).exists():
        raise Conflict(f"There is a member with code {code}.", fields={"code": "belongs to another member"})
    return code


def _free_code(business: Business, number: int) -> str:
    # A code may have been given by hand that the counter reaches only now.
    while Member.objects.filter(code=(code := codes.member_code(number))).exists():
        number = next_number(business.pk, "member")
    return code


def search_text(name: str, email: str, cell: str) -> str:
    """What a search looks through: name, e-mail and phone in lower case."""
    return f"{name}\n{email}\n{cell}".lower()


def _check_contact(cell: str, email: str) -> None:
    for field, value, column in (("phone", cell, "cell"), ("email", email, "email")):
        if not value:
            continue
        known = Member.objects.filter(**{column: value}).order_by("id").values_list("pk", flat=True).first()
        if known is not None:
            raise AlreadyEnrolled(
                f"A customer with this {field} is already enrolled.",
                fields={field: "belongs to another customer"},
                customer_id=known,
            )


def _check_places(business: Business) -> None:
    most = PLANS[business.plan].max_members
    if most is not None and Member.objects.count() >= most:
        raise PlanLimit(f"The {business.plan} plan allows {most} members, and there are as many.")


def delete_member(*, business_id: int, member_id: int) -> None:
    """Erase a member for good: their profile, card, history and events. Daily totals stay, without a name.

    Raises:
        NotFound: the business has no such member.
    """
    with transaction.atomic(), scope(business=business_id):
        # Locked, so that of two who delete at once the second finds nobody.
        if Member.objects.select_for_update().filter(pk=member_id).only("pk").first() is None:
            raise NotFound(f"There is no customer {member_id}.")
        for holding in personal_data.holdings():
            holding.erase(business_id=business_id, member_id=member_id)
        gone = emit.NewEvent("member.deleted", None, {"customer_id": member_id})
        emit.emit(business_id=business_id, events=[gone])


def erase_profile(*, business_id: int, member_id: int) -> None:
    """Delete the member's row. Within the caller's transaction, after all that refers to it."""
    with scope(business=business_id):
        Member.objects.filter(pk=member_id).delete()
