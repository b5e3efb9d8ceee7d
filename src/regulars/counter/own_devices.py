"""The devices of a business, for an owner who is signed in at the counter."""

from __future__ import annotations

from regulars.counter import devices
from regulars.counter.models import Device, Pairing
from regulars.counter.operators import Operator
from regulars.counter.refusals import NotAllowed
from regulars.rules.errors import NotFound


def code_for_another(*, operator: Operator, branch_id: int | None = None) -> tuple[Pairing, str]:
    """A code that makes one more device a counter, as `devices.create_pairing` makes it.

    Raises:
        NotAllowed: they are not the owner.
        NotFound: the business has no such active branch.
        Conflict: twenty codes wait already.
    """
    _only_owners(operator)
    return devices.create_pairing(
        business_id=operator.business_id, branch_id=branch_id, made_by=operator.staff.pk
    )


def in_use(*, operator: Operator) -> list[Device]:
    """The devices that are counters now, oldest first.

    Raises:
        NotAllowed: they are not the owner.
    """
    _only_owners(operator)
    return [one for one in devices.devices(operator.business_id) if one.revoked_at is None]


def end(*, operator: Operator, device_id: int) -> None:
    """End a device, also the one at which the operator is signed in.

    Raises:
        NotAllowed: they are not the owner.
        NotFound: the business has no such device.
    """
    _only_owners(operator)
    try:
        devices.revoke_device(business_id=operator.business_id, device_id=device_id)
    except NotFound as missing:
        raise NotFound(missing.message, fields={"device_id": "is unknown"}) from None


def _only_owners(operator: Operator) -> None:
    if not operator.is_owner:
        raise NotAllowed("Only an owner says which devices are counters.")
