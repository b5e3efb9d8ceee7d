"""Signing in at the counter: with the password of the back office, or at a paired device with a PIN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import authenticate
from django.db import transaction
from django_scopes import scope, scopes_disabled

from regulars.counter import pins
from regulars.counter.devices import device_of
from regulars.counter.models import Device, OperatorSession
from regulars.counter.operators import begin, check_place, check_works, fixed_branch
from regulars.counter.refusals import (
    ChooseBusiness,
    CodeNeeded,
    InvitationOpen,
    NotAllowed,
    NotSignedIn,
    PasswordMustChange,
    WrongCode,
    WrongLogin,
    WrongPin,
)
from regulars.rules.errors import NotFound, TooManyRequests
from regulars.tenants import invitations, second_step
from regulars.tenants.models import Branch, Staff, User


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has begun: its token is told here and never again."""

    token: str
    staff: Staff


def sign_in_with_pin(*, device_token: str, staff_id: int, pin: str) -> SignedIn:
    """Sign an operator in at a paired device.

    Raises:
        NotSignedIn: the device is not paired any more.
        WrongPin, PinClosed: as `pins.prove` says.
        NotAllowed: they work at another branch, or the plan has no team.
    """
    device = device_of(device_token)
    pins.prove(business_id=device.business_id, staff_id=staff_id, pin=pin)
    with transaction.atomic(), scope(business=device.business_id):
        staff = Staff.objects.select_related("user", "branch").filter(pk=staff_id).first()
        if staff is None:  # only just
            raise WrongPin("This is not the PIN.", fields={"pin": "is wrong"})
        check_works(staff, device.business)
        check_place(staff, device)
        return SignedIn(begin(staff, device=device), staff)


def sign_in_with_password(
    *,
    email: str,
    password: str,
    business_id: int | None = None,
    branch_id: int | None = None,
    new_password: str = "",
    temp_password: str = "",
    code: str = "",
    device_token: str = "",
) -> SignedIn:
    """Sign somebody in with the password of their account.

    With a temporary password they choose `new_password`, and have accepted the invitation. Whoever has a
    password of their own accepts with `temp_password` beside it. `business_id` says which of several they
    work for now. On a paired device of the same business they are signed in at the device. Whoever has a
    second step gives its `code`, too: the counter is no way around it (docs/decisions/0024).

    Raises:
        WrongLogin: the address or the password is wrong.
        CodeNeeded: they have a second step, and no `code` came.
        WrongCode, TooManyRequests: the `code` is wrong, or there were too many.
        PasswordMustChange: the password is a temporary one, and there is no new one beside it.
        InvitationOpen: the only business that they could work for has invited them, and they did not accept.
        ChooseBusiness: they work for several.
        InvalidInput: the new password is unusable.
        NotFound: there is no such active branch, or the temporary password is wrong.
        NotAllowed: they are on no team, work at another branch, or the plan has no team.
    """
    user: Any = authenticate(username=email, password=password)
    if user is None:
        raise WrongLogin("E-mail address or password is wrong.")
    asks = second_step.asks(user)
    if asks:
        _check_code(user, code)
    _accept(user, password, new_password, temp_password)
    staff = _place_on_team(user, business_id)
    device = _device_here(device_token, staff.business_id)
    check_place(staff, device)
    if asks and not second_step.use(user, code):
        raise _wrong_code()
    with transaction.atomic(), scope(business=staff.business_id):
        branch = _branch(staff, device, branch_id)
        return SignedIn(begin(staff, device=device, branch=branch), staff)


def _check_code(user: User, code: str) -> None:
    """Refuse a code that is wrong. It is used up later, when it is clear for which business they come in."""
    if not code.strip():
        raise _code_needed(user)
    allowance = second_step.may_try(user)
    if not allowance.allowed:
        raise TooManyRequests("There were too many codes.", retry_after=allowance.retry_after)
    if not second_step.is_right(user, code):
        raise _wrong_code()


def _code_needed(user: User) -> CodeNeeded:
    kind, text = "none", "Your passkey cannot be asked for at a counter. Use a paired device and a PIN."
    if second_step.has_app(user):
        kind, text = "app", "Enter the code from your app, or a recovery code."
    elif second_step.takes_codes(user):
        kind, text = "recovery", "Enter a recovery code. Your passkey works in the back office."
    return CodeNeeded(text, fields={"code": "is needed"}, codes=kind)


def _wrong_code() -> WrongCode:
    return WrongCode("This code is wrong, was used, or is too old.", fields={"code": "is wrong"})


def _accept(user: User, password: str, new_password: str, temp_password: str) -> None:
    if not user.has_usable_password():
        if not new_password:
            raise PasswordMustChange(
                "This password is a temporary one. Choose your own.",
                fields={"new_password": "is needed"},
            )
        invitations.accept(user=user, temp_password=password, new_password=new_password)
    elif temp_password:
        invitations.accept(user=user, temp_password=temp_password)


def _place_on_team(user: User, business_id: int | None) -> Staff:
    """The membership of somebody, the one of `business_id` if that is said."""
    with scopes_disabled():
        rows = Staff.objects.select_related("user", "branch", "business").filter(user=user, is_active=True)
        found = list(rows.order_by("business__name", "pk"))
    accepted = [staff for staff in found if not staff.must_change_password]
    if business_id is not None:
        accepted = [staff for staff in accepted if staff.business_id == business_id]
    if not accepted:
        if any(staff.must_change_password for staff in found):
            raise InvitationOpen(
                "Accept the invitation first, with the temporary password.",
                fields={"temp_password": "is needed"},
            )
        raise NotAllowed("You are on no team here. Ask the owner to add you.")
    if len(accepted) > 1:
        known = [{"id": staff.business_id, "name": staff.business.name} for staff in accepted]
        raise ChooseBusiness("Choose for which business you work now.", businesses=known)
    check_works(accepted[0], accepted[0].business)
    return accepted[0]


def _device_here(device_token: str, business_id: int) -> Device | None:
    """The paired device at which somebody signs in; another business's is not theirs to work at."""
    try:
        device = device_of(device_token)
    except NotSignedIn:
        return None
    return device if device.business_id == business_id else None


def _branch(staff: Staff, device: Device | None, branch_id: int | None) -> Branch | None:
    if branch_id is None or fixed_branch(staff, device) is not None:
        return None
    branch = Branch.objects.filter(pk=branch_id, is_active=True).first()
    if branch is None:
        raise NotFound(
            f"There is no active branch {branch_id}.", fields={"branch_id": "is not an active branch"}
        )
    return branch


def end_sessions_of(*, user_id: int, pins: bool = False) -> int:
    """End the sessions that somebody began with their password, at every business; how many there were.

    Sessions at paired devices were begun with a PIN, or stand where others see who works: they end with
    `pins`.
    """
    with scopes_disabled():  # the password is the person's, whoever they work for
        rows = OperatorSession.objects.filter(staff__user_id=user_id)
        gone, _ = (rows if pins else rows.filter(device=None)).delete()
    return gone


def end_sessions_of_place(*, business_id: int, staff_id: int) -> int:
    """End the sessions of somebody for one business, also those at paired devices; how many there were."""
    with scope(business=business_id):
        gone, _ = OperatorSession.objects.filter(staff_id=staff_id).delete()
    return gone
