"""Addresses that take no mail, and owners who complained: what servers and providers report."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from regulars.members.actions import edit_member
from regulars.messages.message_ids import number_of
from regulars.messages.models import Message, Suppression
from regulars.messages.unsubscribe import OPT_OUTS
from regulars.outbox import emit
from regulars.rules.placeholders import one_line
from regulars.rules.text import is_blank, is_storable

BOUNCE: Final = "bounce"
COMPLAINT: Final = "complaint"
UNSUBSCRIBED: Final = "unsubscribed"
# A report that names no message is about one that was queued no longer ago.
LATELY: Final = dt.timedelta(days=30)


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


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody who handles our mail reports. At least one of the three that say about which message.

    `why` is BOUNCE (the address takes no mail), COMPLAINT (its owner called it spam), or UNSUBSCRIBED (told
    the provider to stop).
    """

    why: str
    detail: str = ""
    message_id: str = ""  # the header of the message
    provider_id: str = ""
    email: str = ""


def record(report: Report) -> int:
    """Take note of a report; how many messages it is about. Opens its own transactions.

    A report that names only an address is about the last message that each business sent there lately. What
    is known already changes nothing.
    """
    found = _messages(report)
    for message in found:
        with transaction.atomic(), scope(business=message.business_id):
            _record(message, report)
    return len(found)


def _messages(report: Report) -> list[Message]:
    with scopes_disabled():
        rows = Message.objects.filter(status__in=(Message.Status.SENT, Message.Status.BOUNCED))
        number = number_of(report.message_id)
        if number is not None:
            return list(rows.filter(pk=number))
        if report.provider_id and (known := list(rows.filter(provider_id=report.provider_id))):
            return known
        # Messages whose address is not known are nobody's.
        address = report.email.strip()
        if is_blank(address) or not is_storable(address):
            return []
        lately = rows.filter(created_at__gte=timezone.now() - LATELY, to__iexact=address)
        last: dict[int, Message] = {row.business_id: row for row in lately.order_by("pk")}
        return list(last.values())


def _record(message: Message, report: Report) -> None:
    detail = one_line(report.detail.encode("utf-8", "replace").decode())[:300]
    if report.why == BOUNCE:
        Message.objects.filter(pk=message.pk, status=Message.Status.SENT).update(
            status=Message.Status.BOUNCED.value, reason=detail or "The address takes no mail."
        )
    if message.member_id is None:  # staff are no customers: whoever invited them sees that it bounced
        return
    if report.why in {BOUNCE, COMPLAINT} and message.to:
        suppress(message, address=message.to, why=report.why, detail=detail)
    if report.why in {COMPLAINT, UNSUBSCRIBED}:
        Message.objects.filter(pk=message.pk, unsubscribed_at=None).update(unsubscribed_at=timezone.now())
        opt_out = OPT_OUTS[message.channel]
        edit_member(business_id=message.business_id, pk=message.member_id, **{opt_out: True})
