"""What whoever runs the installation does: who else may, what a business may use, what is closed for a while.

`web.operator` writes down who did it. Nothing here is open to a business.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from regulars import db
from regulars.rules.errors import Conflict, NotFound
from regulars.rules.text import clean_line
from regulars.tenants import addresses, checks, identity, invitations, second_step, sessions
from regulars.tenants.models import Business, User
from regulars.tenants.plans import check_limits


@dataclass(frozen=True, slots=True)
class NewOperator:
    """Somebody who runs the installation from now on. The password is shown here and never again.

    There is none where they sign in with one of their own already, at an address that they confirmed.
    `opened` are the businesses made for them which the password opens, too: their temporary ones are void.
    """

    user: User
    password: str | None
    opened: tuple[str, ...] = ()


def operators() -> list[User]:
    """Everybody who may open the operator's admin, oldest first."""
    return list(User.objects.filter(is_staff=True).order_by("id"))


def add_operator(*, email: str, name: str = "") -> NewOperator:
    """Let somebody open the operator's admin. Who has no account or no password gets a new one.

    So does who never confirmed the address: anybody may have registered with it. What they signed in with
    before, and where, ends. Where a business was made with them as its owner, who has not come in yet, that
    invitation is accepted: one password opens both (docs/decisions/0024).

    Raises:
        InvalidInput: the e-mail address or the name is unusable.
        Conflict: they are an operator already.
    """
    email = checks.check_email(email, field="email")
    name = clean_line(name, field="name", max_length=200)
    with transaction.atomic():
        db.serialise("user", email)
        user = User.objects.filter(email=email).first() or User(email=email)
        if user.is_staff:
            raise Conflict(f"{email} is an operator already.", fields={"email": "is an operator already"})
        user.is_staff, user.is_active = True, True
        user.name = name or user.name
        password = None
        is_theirs = user.pk and user.has_usable_password() and addresses.is_confirmed(user)
        if not is_theirs:
            if user.pk:
                second_step.take_unproven(user)
                sessions.end_everywhere(user=user, pins=True)
            password = secrets.token_urlsafe(15)
            user.set_password(password)
        user.save()
        places = invitations.accept_first(user=user) if password else []
    return NewOperator(user, password, tuple(place.business.name for place in places))


def remove_operator(*, email: str) -> User:
    """Take the operator's admin from somebody. Their account and their places on teams stay.

    Raises:
        NotFound: no operator has this address.
        Conflict: nobody else would be left.
    """
    with transaction.atomic():
        db.serialise("operators", 0)
        user = User.objects.filter(email=email.strip().lower(), is_staff=True).first()
        if user is None:
            raise NotFound(f"There is no operator {email}.", fields={"email": "is no operator"})
        if not User.objects.filter(is_staff=True, is_active=True).exclude(pk=user.pk).exists():
            raise Conflict("The last operator stays. Add another one first.")
        User.objects.filter(pk=user.pk).update(is_staff=False)
    user.is_staff = False
    return user


def set_limits(*, business_id: int, plan: str, limits: Mapping[str, Any]) -> Business:
    """Put a business on a plan, with what it alone may use beyond or below it (`plans.check_limits`).

    What it has already stays. Keys notice within five seconds.

    Raises:
        InvalidInput: there is no such plan or limit, or its value is unusable.
        NotFound: there is no such business.
    """
    values = {"plan": checks.check_plan(plan), "plan_limits": check_limits(limits)}
    return _change(business_id, **values)


def close_business(*, business_id: int) -> Business:
    """Keep a business closed: its keys, counters, back office and customers' pages refuse. Nothing is lost.

    Closing it again changes nothing, and is no error.

    Raises:
        NotFound: there is no such business.
    """
    Business.objects.filter(pk=business_id, suspended_at=None).update(suspended_at=timezone.now())
    return _change(business_id)


def open_business(*, business_id: int) -> Business:
    """Let a business go on where it was. Again is no error.

    Raises:
        NotFound: there is no such business.
    """
    return _change(business_id, suspended_at=None)


def _change(business_id: int, **values: Any) -> Business:
    rows = Business.objects.filter(pk=business_id)
    if values:
        rows.update(**values)
    business = rows.select_related("program").first()
    if business is None:
        raise NotFound(f"There is no business {business_id}.")
    identity.forget()
    return business


def close_account(*, user_id: int) -> User:
    """Let somebody sign in nowhere any more: neither in the back office nor at a counter. Their data stay.

    What they are signed in to ends, and does not live again when the account is opened.

    Raises:
        NotFound: there is no such person.
        Conflict: they are an operator.
    """
    with transaction.atomic():
        user = _person(user_id)
        if user.is_staff:
            raise Conflict(f"{user.email} is an operator. Take the operator's admin from them first.")
        user.is_active = False
        user.save(update_fields=["is_active"])
        sessions.end_everywhere(user=user, pins=True)
    return user


def open_account(*, user_id: int) -> User:
    """Let somebody sign in again.

    Raises:
        NotFound: there is no such person.
    """
    with transaction.atomic():
        user = _person(user_id)
        user.is_active = True
        user.save(update_fields=["is_active"])
    return user


def _person(user_id: int) -> User:
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise NotFound(f"There is no person {user_id}.")
    return user
