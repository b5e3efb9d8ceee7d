"""Erasing what this room holds about a member."""

from __future__ import annotations

from django_scopes import scope

from regulars.members.models import Member
from regulars.messages.models import Message, Suppression


def erase_member(*, business_id: int, member_id: int) -> None:
    """Delete a member's messages and what was reported about their address. In the caller's transaction.

    What is being sent at this moment is waited for.
    """
    with scope(business=business_id):
        address = Member.objects.filter(pk=member_id).values_list("email", flat=True).first()
        Message.objects.filter(member_id=member_id).delete()
        shared = Member.objects.filter(email=address).exclude(pk=member_id).exists()
        if address and not shared:
            Suppression.objects.filter(channel=Message.Channel.EMAIL, address=address.lower()).delete()
