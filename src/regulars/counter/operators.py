"""Who is at work at the counter, and where: looked up anew at every request."""

from __future__ import annotations

import datetime as dt
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from django.db import Error
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from regulars.counter.models import CounterSettings, Device, OperatorSession
from regulars.counter.refusals import BranchClosed, BranchFixed, NotAllowed, NotSignedIn
from regulars.counter.settings import counter_settings
from regulars.rules import codes
from regulars.rules.errors import Closed, NotFound
from regulars.tenants.models import Branch, Business, Staff
from regulars.tenants.plans import plan_of, plans_with
from regulars.tenants.queries import nearest_branch

# A session ends when nobody has used it for so long, and in any case after so long.
IDLE: Final = dt.timedelta(hours=12)
LONGEST: Final = dt.timedelta(days=7)
# How often it is noted that a session is in use.
_NOTED: Final = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody of the team at work. `branch` is where; `branch_closed` when that was closed meanwhile."""

    business: Business
    staff: Staff
    settings: CounterSettings
    session_id: int
    device: Device | None = None
    branch: Branch | None = None
    branch_closed: bool = False
    branch_fixed: bool = False

    @property
    def business_id(self) -> int:
        """The business that they work for."""
        return self.business.pk

    @property
    def is_owner(self) -> bool:
        """Whether they own it."""
        return self.staff.role == Staff.Role.OWNER

    @property
    def branch_id(self) -> int | None:
        """Where they work, None for no branch in particular."""
        return self.branch.pk if self.branch else None

    def check_branch(self) -> None:
        """Refuse to work at a branch that was closed meanwhile, with BranchClosed."""
        if self.branch_closed:
            raise BranchClosed("This branch was closed. Choose another one.")


def check_works(staff: Staff, business: Business) -> None:
    """Refuse somebody who is not on the team any more, or for whom the plan has no place.

    Raises:
        NotSignedIn: they may not sign in at all.
        Closed: the operator of the installation keeps the business closed.
        NotAllowed: the plan has no team, and they are not its owner.
    """
    if business.suspended_at is not None:
        raise Closed(business=business.name)
    if not staff.is_active or not staff.user.is_active:
        raise NotSignedIn("Sign in again.")
    if staff.role != Staff.Role.OWNER and not plan_of(business).team:
        raise NotAllowed(
            f"The {business.plan} plan has no team, so only owners work at the counter. Plans that have one: "
            f"{', '.join(plans_with('team'))}."
        )


def begin(staff: Staff, *, device: Device | None, branch: Branch | None = None) -> str:
    """Sign somebody in; the token of the session. Within the business's scope."""
    now, token = timezone.now(), secrets.token_urlsafe(32)
    OperatorSession.objects.create(
        business_id=staff.business_id,
        staff=staff,
        device=device,
        branch=branch,
        token_hash=codes.key_hash(token),
        created_at=now,
        last_seen_at=now,
        expires_at=now + IDLE,
    )
    return token


def operator_of(*, token: str, device_token: str = "") -> Operator:
    """Who a session's token belongs to. A session at a device needs that device's token, too.

    Raises:
        NotSignedIn: the session has ended, the device was revoked, or they have left the team.
        Closed, NotAllowed: as `check_works` says.
    """
    now = timezone.now()
    with scopes_disabled():
        rows = OperatorSession.objects.select_related(
            "business__program", "staff__user", "staff__branch", "device__branch", "branch"
        )
        live = rows.filter(token_hash=codes.key_hash(token), expires_at__gt=now)
        session = live.first() if token else None
    if session is None:
        raise NotSignedIn("Sign in again.")
    device = session.device
    if device is not None and (
        device.revoked_at is not None
        or not secrets.compare_digest(device.token_hash, codes.key_hash(device_token))
    ):
        raise NotSignedIn("This device is not paired any more.")
    if device is None and session.staff.must_change_password:  # the membership went to another account
        raise NotSignedIn("Sign in again.")
    check_works(session.staff, session.business)
    _note(session, now)
    return _operator(session)


def _operator(session: OperatorSession) -> Operator:
    fixed = fixed_branch(session.staff, session.device)
    branch = fixed or session.branch
    closed = branch is not None and not branch.is_active
    return Operator(
        business=session.business,
        staff=session.staff,
        settings=counter_settings(session.business_id, points_active=session.business.points_active),
        session_id=session.pk,
        device=session.device,
        branch=None if closed else branch,
        branch_closed=closed,
        branch_fixed=fixed is not None,
    )


def _note(session: OperatorSession, now: dt.datetime) -> None:
    """A session in use goes on; noted once a minute, so that most requests write nothing."""
    if now - session.last_seen_at < _NOTED:
        return
    until = min(now + IDLE, session.created_at + LONGEST)
    with suppress(Error), scope(business=session.business_id):  # no reason to refuse the request
        OperatorSession.objects.filter(pk=session.pk).update(last_seen_at=now, expires_at=until)
        if session.device_id is not None:
            Device.objects.filter(pk=session.device_id).update(last_seen_at=now)


def fixed_branch(staff: Staff, device: Device | None) -> Branch | None:
    """The one branch of an operator or, for those who work at every one, of the device. None: any."""
    return staff.branch or (device.branch if device is not None else None)


def check_place(staff: Staff, device: Device | None) -> None:
    """Refuse an operator of one branch at the device of another, with NotAllowed."""
    if device is None or device.branch_id is None or staff.branch_id in {None, device.branch_id}:
        return
    raise NotAllowed("This device stands at another branch than the one that you work at.")


def branches(operator: Operator) -> list[Branch]:
    """The open branches at which an operator may work."""
    with scope(business=operator.business_id):
        rows = Branch.objects.filter(is_active=True).order_by("name", "pk")
        fixed = fixed_branch(operator.staff, operator.device)
        return list(rows if fixed is None else rows.filter(pk=fixed.pk))


def operators_at(device: Device) -> list[Staff]:
    """Who may sign in at a device by PIN, by name."""
    with scope(business=device.business_id):
        rows = Staff.objects.select_related("user").filter(is_active=True, user__is_active=True)
        found = rows.exclude(pin="").order_by("name", "pk")
        if not plan_of(device.business).team:
            found = found.filter(role=Staff.Role.OWNER)
        return [one for one in found if device.branch_id is None or one.branch_id in {None, device.branch_id}]


def choose_branch(operator: Operator, *, branch_id: int | None) -> None:
    """Say where an operator works from now on; None for no branch in particular.

    Raises:
        NotFound: the business has no such active branch.
        BranchFixed: the device or the operator belongs to another one.
    """
    with scope(business=operator.business_id):
        branch = Branch.objects.filter(pk=branch_id, is_active=True).first() if branch_id else None
        if branch_id is not None and branch is None:
            raise NotFound(
                f"There is no active branch {branch_id}.", fields={"branch_id": "is not an active branch"}
            )
        if operator.branch_fixed and branch_id != operator.branch_id:
            raise BranchFixed("This counter belongs to one branch.")
        OperatorSession.objects.filter(pk=operator.session_id).update(branch=branch)


def choose_nearest(operator: Operator, *, latitude: float, longitude: float) -> float:
    """Say that an operator works at the nearest branch from now on; how many km away it is.

    Raises:
        InvalidInput: the coordinates are not on earth.
        NotFound: no active branch has coordinates.
        BranchFixed: the device or the operator belongs to another one.
    """
    near = nearest_branch(business_id=operator.business_id, latitude=latitude, longitude=longitude)
    choose_branch(operator, branch_id=near.branch.pk)
    return near.distance_km


def sign_out(operator: Operator, *, device_too: bool = False) -> None:
    """End a session. With `device_too` the device is not a counter any more, which takes an owner.

    Raises:
        NotAllowed: they are not the owner.
    """
    if device_too and not operator.is_owner:
        raise NotAllowed("Only an owner ends the pairing of a device.")
    with scope(business=operator.business_id):
        OperatorSession.objects.filter(pk=operator.session_id).delete()
        if device_too and operator.device is not None:
            Device.objects.filter(pk=operator.device.pk, revoked_at=None).update(revoked_at=timezone.now())
            OperatorSession.objects.filter(device=operator.device).delete()
