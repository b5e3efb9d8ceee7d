"""Taking an address from a member when whoever reads its mail says that it is not theirs.

Who joins may type any address. As long as nobody confirmed it, its reader has the last word.
"""

from __future__ import annotations

from django.db import transaction
from django_scopes import scope

from regulars.members import actions as members
from regulars.members import consents
from regulars.members.models import Member
from regulars.messages import unsubscribe
from regulars.messages.models import Message
from regulars.messages.unsubscribe import Subscription
from regulars.portal import links
from regulars.portal.links import Purpose
from regulars.portal.models import OneTimeLink


def can_disown(link: OneTimeLink) -> bool:
    """Whether the page of a link, read with its member, offers to say that the address is not theirs."""
    if link.purpose == Purpose.CHANGE_EMAIL:
        return True
    return not link.alias and link.address == link.member.email and link.member.email_confirmed_at is None


def by_link(*, token: str, purpose: str) -> OneTimeLink:
    """Use a link up by saying that its address is not the member's, who loses it unless it is confirmed.

    Raises:
        NotFound: the link was used, is too old, or is none of these.
    """
    with transaction.atomic():
        link = links.use_link(token=token, purpose=purpose)
        if not link.alias:
            _remove(link.business_id, link.member_id, link.address)
    return link


def of_message(found: Subscription) -> str:
    """The address to which the mail went that somebody has before them; empty unless it is the member's and
    nobody confirmed it.
    """
    with scope(business=found.business):
        sent = Message.objects.filter(pk=found.message_id, member_id=found.member_id, channel="email")
        to = sent.values_list("to", flat=True).first() or ""
        doubtful = Member.objects.filter(pk=found.member_id, email=to.lower(), email_confirmed_at=None)
        return to.lower() if to and doubtful.exists() else ""


def by_message(*, signed: str) -> Subscription:
    """Take the address from the member to whom a mail went there, unless it is confirmed.

    Raises:
        NotFound: the mail's link was not made here, or the member is no more.
    """
    with transaction.atomic():
        found = unsubscribe.read(signed)
        if address := of_message(found):
            _remove(found.business.pk, found.member_id, address)
    return found


def _remove(business_id: int, member_id: int, address: str) -> None:
    with scope(business=business_id):
        if not Member.objects.filter(pk=member_id, email=address, email_confirmed_at=None).exists():
            return
    members.edit_member(business_id=business_id, pk=member_id, email="", optout_email=True)
    consents.record(
        business_id=business_id,
        member_id=member_id,
        purpose="email",
        given=False,
        text="",
        source="unsubscribe",
    )
