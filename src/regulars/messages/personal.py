"""What this room holds about a member: how it is given out, and how it is erased."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db.models import Q
from django_scopes import scope

from regulars.members.models import Member
from regulars.members.personal_data import Part, named, without_keys
from regulars.members.queries import has
from regulars.messages.models import Message, Suppression


def messages_part(key: str, about: str, of: str | Callable[[Member], Q]) -> Part:
    """Messages as they are given out."""
    return Part(
        key,
        about,
        Message,
        of,
        named(
            *("id", "kind", "channel", "campaign_id", "to", "status", "reason", "created_at", "sent_at"),
            told="context",
            unsubscribed_at="unsubscribed_at",
        ),
        shown={"told": lambda row: without_keys(row["told"])},
        withheld={
            "key": "by which it is written once",
            "sealed": "what nobody may read in the database, such as a link to sign in",
            "provider_id": "by which the mail server knows it",
            **dict.fromkeys(("attempts", "next_at", "lease", "leased_until"), "how sending is done"),
        },
    )


def _suppressed(member: Member) -> Q:
    # Nobody has the empty address.
    return Q(channel=Message.Channel.EMAIL, address=member.email.lower())


PARTS: Final[tuple[Part, ...]] = (
    messages_part("messages", "What was written to you, and what each text told.", "member_id"),
    Part(
        "suppressions",
        "That nothing more is written to your address, because it was reported as bad or complained.",
        Suppression,
        _suppressed,
        named("channel", "address", "why", "detail", "created_at"),
    ),
)


def erase_member(*, business_id: int, member_id: int) -> None:
    """Delete a member's messages and what was reported about their address. In the caller's transaction.

    What is being sent at this moment is waited for.
    """
    with scope(business=business_id):
        address = Member.objects.filter(pk=member_id).values_list("email", flat=True).first()
        Message.objects.filter(member_id=member_id).delete()
        shared = Member.objects.filter(has(email=address or "")).exclude(pk=member_id).exists()
        if address and not shared:
            Suppression.objects.filter(channel=Message.Channel.EMAIL, address=address.lower()).delete()
