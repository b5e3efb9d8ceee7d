"""The operations about scratch cards, with requests that they accept and requests for others' records."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django_scopes import scopes_disabled

from regulars.members.models import Member
from regulars.scratchcards import actions, cards
from regulars.scratchcards.actions import NewPrize
from regulars.scratchcards.models import ScratchBatch, ScratchCard
from tests.api.group_routes import GROUP, SEGMENT
from tests.api.things import Call, Things
from tests.factories import Shop

_USED, _UNUSED, _CARD = "scratch-cards campaign_id", "scratch-cards unused", "scratch-cards card"
_ONE = "/api/scratch-cards/{campaign_id}"
_SIMPLE: dict[str, Any] = {
    f"GET {_ONE}": None,
    f"PATCH {_ONE}": {"name": "Changed"},
    f"GET {_ONE}/batches": None,
    f"GET {_ONE}/simulation": None,
    f"POST {_ONE}/batches": {"expires_days": 3},
    f"POST {_ONE}/toggle": None,
}

NOBODY = {_USED: 8_888_020, _UNUSED: 8_888_021, _CARD: 8_888_022}


def _token(number: int) -> str:
    """A token made from the card's id: the tables of requests are also made without a database."""
    return f"{number:032x}"


def furnish(shop: Shop, word: str) -> dict[str, int]:
    """A campaign with a scratched card of the shop's first customer, and one without cards."""
    used, unused = (
        actions.create_campaign(
            business_id=shop.id, name=f"{word} Spin", prizes=[NewPrize(f"{word} cake", Decimal(1))]
        ).pk
        for _ in range(2)
    )
    with scopes_disabled():
        member = Member.objects.filter(business=shop.business).order_by("pk")[0]
    card = cards.issue_card(business_id=shop.id, campaign_id=used, member_id=member.pk)
    with scopes_disabled():
        ScratchCard.objects.filter(pk=card.pk).update(token=_token(card.pk))
    cards.reveal(token=_token(card.pk))
    with scopes_disabled():
        done = {"state": "done", "total": 1, "issued": 1, "expires_days": 30}
        ScratchBatch.objects.create(
            business=shop.business, campaign_id=used, audience=f"{word} friends", **done
        )
    return {_USED: used, _UNUSED: unused, _CARD: card.pk}


def own(mine: Things) -> dict[str, Call]:
    """What each operation accepts."""
    used = {"campaign_id": mine.ids[_USED]}
    redeemed = {"token": _token(mine.ids[_CARD]), "branch_id": mine.branch_id}
    return {
        "GET /api/scratch-cards": Call(),
        "POST /api/scratch-cards": Call(
            201, body={"name": "Summer Spin", "prizes": [{"label": "Free Coffee", "probability": 10}]}
        ),
        "POST /api/scratch-cards/redeem": Call(body=redeemed),
        **{name: Call(path=used, body=body) for name, body in _SIMPLE.items()},
        f"POST {_ONE}/batches": Call(201, path=used, body={"segment_id": mine.ids[SEGMENT]}),
        f"POST {_ONE}/issue": Call(201, path=used, body={"customer_id": mine.customer_id}),
        f"GET {_ONE}/cards": Call(path=used, query={"status": "revealed"}),
        f"DELETE {_ONE}": Call(path={"campaign_id": mine.ids[_UNUSED]}),
    }


def foreign(mine: Things, theirs: Things) -> dict[str, list[Call]]:
    """Each way to name another shop's campaign, card, customer or branch."""
    my_own, used = {"campaign_id": mine.ids[_USED]}, {"campaign_id": theirs.ids[_USED]}
    my_token, token = _token(mine.ids[_CARD]), _token(theirs.ids[_CARD])
    return {
        **{name: [Call(404, path=used, body=body)] for name, body in _SIMPLE.items()},
        f"DELETE {_ONE}": [Call(404, path={"campaign_id": theirs.ids[_UNUSED]})],
        f"POST {_ONE}/batches": [
            Call(404, path=used, body={}),
            Call(404, path=my_own, body={"segment_id": theirs.ids[SEGMENT]}),
            Call(404, path=my_own, body={"group_id": theirs.ids[GROUP]}),
        ],
        f"POST {_ONE}/issue": [
            Call(404, path=used),
            Call(404, path=used, body={"customer_id": mine.customer_id}),
            Call(404, path=my_own, body={"customer_id": theirs.customer_id}),
        ],
        f"GET {_ONE}/cards": [
            Call(404, path=used),
            Call(404, path=used, query={"customer_id": theirs.customer_id}),
            Call(path=my_own, query={"customer_id": theirs.customer_id}),
        ],
        "POST /api/scratch-cards/redeem": [
            Call(404, body={"token": token}),
            Call(404, body={"token": token, "branch_id": mine.branch_id}),
            Call(404, body={"token": my_token, "branch_id": theirs.branch_id}),
        ],
    }
