"""The link under every message to a member: signed, without end, and good for saying no (and yes again)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.utils import timezone as clock
from django_scopes import scope

from regulars.members import actions as members
from regulars.members import consents
from regulars.members.models import Member
from regulars.messages.models import Message
from regulars.rules.errors import NotFound
from regulars.tenants.models import Business

# The channel of a link, and the member's field that says no to it.
OPT_OUTS = {"email": "optout_email", "sms": "optout_text", "post": "optout_post"}
_CHANNELS = {"e": "email", "s": "sms", "p": "post"}
_LETTERS = {channel: letter for letter, channel in _CHANNELS.items()}
# What a member says no to, as consents call it.
_PURPOSES = {"email": "email", "sms": "text", "post": "post"}
_MOST = 200


@dataclass(frozen=True, slots=True)
class Subscription:
    """Whom a link is for: a member's messages by one channel. `out` says that they want none now.

    `language` is the member's own, empty when none is known.
    """

    business: Business
    member_id: int
    message_id: int
    channel: str
    out: bool
    language: str


@lru_cache(maxsize=4)
def _signer(_secret_key: str) -> Signer:
    return Signer(salt="regulars.messages.unsubscribe", sep=".")


def token(*, business_id: int, member_id: int, message_id: int, channel: str = "email") -> str:
    """What the link of one message ends with. It holds numbers only, and a signature."""
    value = f"{business_id}-{member_id}-{message_id}-{_LETTERS[channel]}"
    return _signer(settings.SECRET_KEY).sign(value)


def url(*, business_id: int, member_id: int, message_id: int, channel: str = "email") -> str:
    """The whole link of one message."""
    signed = token(business_id=business_id, member_id=member_id, message_id=message_id, channel=channel)
    return f"{settings.REGULARS_PUBLIC_URL}/u/{signed}"


def read(signed: str) -> Subscription:
    """Whom a link is for.

    Raises:
        NotFound: it was not made here, or the member is no more.
    """
    missing = NotFound("This link is not valid any more.")
    if len(signed) > _MOST:
        raise missing
    try:
        value = _signer(settings.SECRET_KEY).unsign(signed)
    except BadSignature:
        raise missing from None
    business_id, member_id, message_id, letter = value.split("-")
    channel = _CHANNELS[letter]
    with scope(business=int(business_id)):
        member = Member.objects.select_related("business").filter(pk=int(member_id)).first()
    if member is None:
        raise missing
    return Subscription(
        business=member.business,
        member_id=member.pk,
        message_id=int(message_id),
        channel=channel,
        out=bool(getattr(member, OPT_OUTS[channel])),
        language=member.language,
    )


def opt_out(*, signed: str) -> Subscription:
    """Say no to a channel; the message that made the member say so remembers when. Again is no error.

    Raises:
        NotFound: the link was not made here, or the member is no more.
    """
    return _choose(signed, out=True)


def opt_in(*, signed: str) -> Subscription:
    """Take a no back.

    Raises:
        NotFound: the link was not made here, or the member is no more.
    """
    return _choose(signed, out=False)


def _choose(signed: str, *, out: bool) -> Subscription:
    found = read(signed)
    business_id = found.business.pk
    with transaction.atomic():
        if found.out is not out:
            members.edit_member(business_id=business_id, pk=found.member_id, **{OPT_OUTS[found.channel]: out})
            consents.record(
                business_id=business_id,
                member_id=found.member_id,
                purpose=_PURPOSES[found.channel],
                given=not out,
                text="",
                source="unsubscribe",
            )
        with scope(business=business_id):
            rows = Message.objects.filter(pk=found.message_id, member_id=found.member_id)
            if out:
                rows.filter(unsubscribed_at=None).update(unsubscribed_at=clock.now())
            else:
                rows.update(unsubscribed_at=None)
    return replace(found, out=out)
