"""Somebody who joins by the page, and what they find afterwards."""

from __future__ import annotations

import json
from typing import Any

from django_scopes import scope

from regulars import seal
from regulars.ledger.models import Card
from regulars.members import consents
from regulars.members.models import CardAlias, Member
from regulars.messages.models import Message
from regulars.portal import joining
from regulars.portal.joining import Joined
from regulars.promotions import actions as promotions
from tests.factories import Shop

WORDS = {"programme": "I join."}
OFFERS = WORDS | {"email": "Send me offers.", "text": "Send me offers."}


def join(shop: Shop, name: str = "Nora Whitfield", **fields: Any) -> Joined:
    fields.setdefault("consents", WORDS)
    if "phone" not in fields:
        fields.setdefault("email", "nora@mail.example")
    return joining.join(business=shop.business, name=name, **fields)


def count(shop: Shop) -> tuple[int, int]:
    """Members and aliases."""
    with scope(business=shop.business):
        return Member.objects.count(), CardAlias.objects.count()


def member_of(shop: Shop, joined: Joined) -> Member:
    with scope(business=shop.business):
        return Card.objects.select_related("member").get(qr_code=joined.qr_code).member


def messages(shop: Shop) -> list[Message]:
    with scope(business=shop.business):
        return list(Message.objects.order_by("id"))


def gift(shop: Shop) -> None:
    """Whoever signs up gets points."""
    promotions.add_event_promotion(business_id=shop.id, points_to_award=50, auto_allocate_on_event="signup")


def said(shop: Shop, member: Member) -> list[tuple[str, bool, str, str]]:
    return [
        (row.purpose, row.given, row.text, row.source)
        for row in consents.history(business_id=shop.id, member_id=member.pk)
    ]


def token_of(shop: Shop) -> str:
    """The token of the link in the last message."""
    return link_of(messages(shop)[-1]).rpartition("/")[2]


def link_of(message: Message) -> str:
    (url,) = json.loads(seal.unseal(message.sealed)).values()
    return str(url)
