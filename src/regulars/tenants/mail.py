"""E-mails to the team. The room that sends lies above this one and says here how it takes them."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex
from typing import Protocol

from django.conf import settings

from regulars.tenants.models import Staff


class Queue(Protocol):
    """Takes an e-mail within the caller's transaction: it leaves when that is committed.

    `context` is what its text tells; of that, `sealed_context` is kept unreadable and erased once it is sent.
    """

    def __call__(
        self,
        *,
        business_id: int,
        kind: str,
        key: str,
        to: str,
        context: Mapping[str, str],
        sealed_context: Mapping[str, str],
    ) -> object:
        """Take it."""


_queues: list[Queue] = []


def register(queue: Queue) -> None:
    """Enter the room that sends, once, when the application starts."""
    _queues[:] = [queue]


def invite(staff: Staff, temp_password: str) -> None:
    """Mail somebody their temporary password. In the transaction that puts them on the team.

    No mail server is waited for, and none that fails can undo anything: it is a message like all others.
    """
    told = {
        "name": staff.name,
        "email": staff.user.email,
        "business_name": staff.business.name,
        "sign_in_url": settings.REGULARS_PUBLIC_URL,
    }
    _queue("staff_invitation", staff, told, {"temp_password": temp_password})


def send_reset(staff: Staff, reset_url: str) -> None:
    """Mail somebody the link with which they choose a new password, in the name of a business of theirs."""
    told = {
        "name": staff.name,
        "email": staff.user.email,
        "business_name": staff.business.name,
    }
    _queue("password_reset", staff, told, {"reset_url": reset_url})


def confirm_address(staff: Staff, address: str, confirm_url: str) -> None:
    """Ask whoever reads the mail of an address whether it is this person's: they want to sign in with it."""
    told = {"name": staff.name, "email": address, "business_name": staff.business.name}
    _queue("confirm_sign_in", staff, told, {"confirm_url": confirm_url}, to=address)


def tell_change(staff: Staff, address: str, change: str, security_url: str) -> None:
    """Tell somebody what was changed about how they sign in: a sentence, in case it was not them."""
    told = {
        "name": staff.name,
        "email": staff.user.email,
        "business_name": staff.business.name,
        "change": change,
        "security_url": security_url,
    }
    _queue("sign_in_changed", staff, told, {}, to=address)


def _queue(
    kind: str, staff: Staff, context: dict[str, str], sealed_context: dict[str, str], *, to: str = ""
) -> None:
    for queue in _queues:
        queue(
            business_id=staff.business_id,
            kind=kind,
            key=f"{kind}:{staff.pk}:{token_hex(8)}",
            to=to or staff.user.email,
            context=context,
            sealed_context=sealed_context,
        )
