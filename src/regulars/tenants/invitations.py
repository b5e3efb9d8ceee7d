"""Accepting an invitation to a team, with the temporary password (docs/decisions/0004)."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django_scopes import scopes_disabled

from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants.models import Staff, User
from regulars.tenants.passwords import check_new_password


def accept(*, user: User, temp_password: str, new_password: str = "") -> Staff:
    """Let somebody into the team whose temporary password they know; it is used up.

    Whoever has no password of their own yet chooses `new_password` in accepting. Others, who have signed in
    with theirs before this is called, keep it.

    Raises:
        NotFound: the temporary password is wrong, was used, or is older than seven days.
        InvalidInput: the new password is the temporary one, too short, too common, or too much like their
            name; `new_password` is named.
    """
    with transaction.atomic(), scopes_disabled():
        locked = User.objects.select_for_update().get(pk=user.pk)
        staff = _invitation(locked, temp_password)
        if not locked.has_usable_password():
            _check_own(new_password, locked, staff)
            locked.set_password(new_password)
            locked.save(update_fields=["password"])
        staff.temp_password, staff.temp_password_expires_at = "", None
        staff.save(update_fields=["temp_password", "temp_password_expires_at", "modified_at"])
    return staff


def proof_of(staff: Staff) -> str:
    """That somebody has shown the temporary password of a membership: a session remembers this instead."""
    return salted_hmac("regulars.tenants.invitations", f"{staff.pk}:{staff.temp_password}").hexdigest()


def accept_shown(*, staff_id: int, proof: str, new_password: str) -> Staff:
    """Let somebody into the team who has shown the temporary password just before, with one of their own.

    Raises:
        NotFound: it was used meanwhile, is older than seven days, or they have left the team.
        InvalidInput: the new password is the temporary one, too short, too common, or too much like their
            name; `new_password` is named.
    """
    with transaction.atomic(), scopes_disabled():
        rows = Staff.objects.select_related("user").select_for_update(of=("self",))
        open_now = rows.filter(is_active=True, temp_password_expires_at__gt=timezone.now())
        staff = open_now.filter(pk=staff_id).exclude(temp_password="").first()
        user = User.objects.select_for_update().get(pk=staff.user.pk) if staff is not None else None
        if (
            staff is None
            or user is None
            or user.has_usable_password()
            or not constant_time_compare(proof, proof_of(staff))
        ):
            raise NotFound("This temporary password was used already, or is older than seven days.")
        _check_own(new_password, user, staff)
        user.set_password(new_password)
        user.save(update_fields=["password"])
        staff.temp_password, staff.temp_password_expires_at = "", None
        staff.save(update_fields=["temp_password", "temp_password_expires_at", "modified_at"])
        staff.user = user
    return staff


def accept_first(*, user: User) -> list[Staff]:
    """Let somebody into the businesses that were made for them, without the temporary password; it is void.

    That is for whoever has the server's shell, or is an operator: they made the business with its first
    owner, and know who that is. Of all other invitations only the temporary password tells
    (docs/decisions/0004). An owner may also give their own first place to another address: then a business
    that nobody asked for opens to an operator, who is told its name, and nothing of the operator's to it.
    Gives the places, oldest first. Within a transaction.
    """
    with scopes_disabled():
        rows = Staff.objects.select_related("business").select_for_update(of=("self",))
        invited = rows.filter(user=user, is_active=True, role=Staff.Role.OWNER).exclude(temp_password="")
        taken = []
        for staff in invited.order_by("pk"):
            if Staff.history.filter(business_id=staff.business_id, pk__lt=staff.pk).exists():
                continue
            staff.temp_password, staff.temp_password_expires_at = "", None
            staff.save(update_fields=["temp_password", "temp_password_expires_at", "modified_at"])
            taken.append(staff)
    return taken


def _check_own(new_password: str, user: User, staff: Staff) -> None:
    """Refuse the temporary password as one's own: whoever invited them knows it."""
    check_new_password(new_password, user, field="new_password")
    if check_password(new_password.strip(), staff.temp_password):
        told = "Choose another one than the temporary password."
        raise InvalidInput(told, fields={"new_password": told})


def _invitation(user: User, temp_password: str) -> Staff:
    rows = Staff.objects.filter(user=user, is_active=True, temp_password_expires_at__gt=timezone.now())
    for staff in rows.exclude(temp_password="").order_by("pk"):
        if check_password(temp_password, staff.temp_password):
            return staff
    raise NotFound(
        "This temporary password is wrong, or older than seven days.", fields={"temp_password": "is wrong"}
    )
