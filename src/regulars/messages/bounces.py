"""Addresses that take no mail, and owners who complained: what servers and providers report."""

from __future__ import annotations

from typing import Final

from django_scopes import scope

from regulars.messages.models import Message, Suppression
from regulars.outbox import emit

BOUNCE: Final = "bounce"
COMPLAINT: Final = "complaint"


def suppress(message: Message, *, address: str, why: str, detail: str) -> bool:
    """Write to an address of a business no more, and tell so; whether that is new.

    Within the caller's transaction.
    """
    with scope(business=message.business_id):
        _, new = Suppression.objects.get_or_create(
            business_id=message.business_id,
            channel=message.channel,
            address=address.lower(),
            defaults={"why": why, "detail": detail[:300]},
        )
    if new:
        told = {
            "customer_id": message.member_id,
            "channel": message.channel,
            "kind": message.kind,
            "why": why,
            "detail": detail[:300],
        }
        event = emit.NewEvent("message.bounced", message.member_id, told)
        emit.emit(business_id=message.business_id, events=[event])
    return new
