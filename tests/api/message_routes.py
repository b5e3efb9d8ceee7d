"""The operations about messages, with requests that they accept and requests for others' records."""

from __future__ import annotations

from django_scopes import scope

from regulars.members.models import Member
from regulars.messages import actions
from regulars.messages.models import Suppression
from tests.api.things import Call, Things
from tests.factories import Shop

_SUPPRESSION = "suppressions suppression_id"
_FORGET = "DELETE /api/messages/suppressions/{suppression_id}"

NOBODY = {_SUPPRESSION: 8_888_030}


def furnish(shop: Shop, word: str) -> dict[str, int]:
    """A text of the shop's own, a message to its customer, and an address that takes none."""
    actions.set_text(business_id=shop.id, kind="welcome", subject=f"Welcome to {word}")
    with scope(business=shop.business):
        member = Member.objects.order_by("pk")[0]
        address = f"{word.lower()}@bounced.example"
        suppressed = Suppression.objects.create(
            business=shop.business, channel="email", address=address, why="bounce"
        )
    actions.queue_message(business_id=shop.id, kind="birthday", key=f"birthday:{word}", member_id=member.pk)
    return {_SUPPRESSION: suppressed.pk}


def own(mine: Things) -> dict[str, Call]:
    """What each operation accepts."""
    named = {"kind": "welcome"}
    return {
        "GET /api/messages": Call(
            query={"kind": "birthday", "status": "queued", "customer_id": mine.customer_id}
        ),
        "GET /api/messages/kinds": Call(),
        "PATCH /api/messages/kinds/{kind}": Call(path=named, body={"subject": "Hello {first_name|there}"}),
        "DELETE /api/messages/kinds/{kind}": Call(path=named),
        "POST /api/messages/kinds/{kind}/preview": Call(path=named, body={"body": "Nice to meet you."}),
        "POST /api/messages/kinds/{kind}/test": Call(path=named, body={"to": "maeve@harbour.example"}),
        "GET /api/messages/look": Call(),
        "PATCH /api/messages/look": Call(body={"accent_color": "#7c2d12"}),
        "GET /api/messages/suppressions": Call(),
        _FORGET: Call(path={"suppression_id": mine.ids[_SUPPRESSION]}),
    }


def foreign(mine: Things, theirs: Things) -> dict[str, list[Call]]:
    """Each way to name another shop's customer or address."""
    return {
        "GET /api/messages": [Call(query={"customer_id": theirs.customer_id})],
        _FORGET: [Call(404, path={"suppression_id": theirs.ids[_SUPPRESSION]})],
    }
