"""What this room holds about a member: how it is given out, and how it is erased."""

from __future__ import annotations

from typing import Final

from django.db.models import Q
from django_scopes import scope

from regulars.members.personal_data import Part, named
from regulars.messages.models import Message
from regulars.messages.personal import messages_part
from regulars.portal.models import Account, OneTimeLink, Session


def _to_other_addresses(member_id: int) -> Q:
    """Messages about a member to an address that is not theirs yet, or not any more."""
    kinds = ("confirm_email", "email_changed")
    return Q(*(Q(kind=kind, key__startswith=f"{kind}:{member_id}:") for kind in kinds), _connector=Q.OR) & Q(
        member=None
    )


PARTS: Final = (
    Part(
        "account",
        "When you first and last signed in.",
        Account,
        "member_id",
        named("first_login_at", "last_login_at"),
        withheld={"password": "secret, and kept only as a hash"},
        one=True,
    ),
    Part(
        "sessions",
        "Where you are signed in.",
        Session,
        "member_id",
        named("how", "device", "created_at", "last_seen_at", "expires_at"),
        withheld={"token_hash": "secret", "credential": "which key of ours signed for it"},
    ),
    Part(
        "links",
        "Links that were sent to you, to sign in or to confirm something.",
        OneTimeLink,
        "member_id",
        named("purpose", "address", "created_at", "expires_at", "used_at", card_code="alias"),
        withheld={"token_hash": "secret", "session_id": "a number of ours"},
    ),
    messages_part(
        "messages_to_other_addresses",
        "What was written about you to an address that was to become yours, or was yours before.",
        lambda member: _to_other_addresses(member.pk),
    ),
)


def erase_member(*, business_id: int, member_id: int) -> None:
    """Delete a member's account, sessions and links, and messages to addresses that are not theirs."""
    with scope(business=business_id):
        Message.objects.filter(_to_other_addresses(member_id)).delete()
        for model in (OneTimeLink, Session, Account):
            model.objects.filter(member_id=member_id).delete()


def move_member(*, business_id: int, member_id: int, into_id: int) -> None:
    """What a member wrote about themselves elsewhere is another one's. Within the caller's transaction.

    Nobody stays signed in as the record that is gone, nor signs in with its password; with the kept one's
    they do.
    """
    with scope(business=business_id):
        for message in Message.objects.filter(_to_other_addresses(member_id)):
            kind, _, rest = message.key.split(":", 2)
            # Both may have asked for the same address.
            message.key = f"{kind}:{into_id}:{rest}:{member_id}"
            message.save(update_fields=["key"])
        for model in (OneTimeLink, Session, Account):
            model.objects.filter(member_id=member_id).delete()
