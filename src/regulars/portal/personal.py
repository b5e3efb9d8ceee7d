"""Erasing what this room holds about a member."""

from __future__ import annotations

from django_scopes import scope

from regulars.messages.models import Message
from regulars.portal.models import Account, OneTimeLink, Session


def erase_member(*, business_id: int, member_id: int) -> None:
    """Delete a member's account, sessions and links, and messages to addresses that are not theirs."""
    with scope(business=business_id):
        for kind in ("confirm_email", "email_changed"):
            Message.objects.filter(kind=kind, member=None, key__startswith=f"{kind}:{member_id}:").delete()
        for model in (OneTimeLink, Session, Account):
            model.objects.filter(member_id=member_id).delete()
