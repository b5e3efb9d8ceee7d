"""The operations about webhooks, with requests that they accept and requests for others' records."""

from __future__ import annotations

from django_scopes import scope

from regulars.outbox import actions, fanout
from regulars.outbox.models import Delivery
from tests.api.things import Call, Things
from tests.factories import Shop

_OF_AN_ENDPOINT = {
    "GET /api/webhooks/{endpoint_id}": None,
    "PATCH /api/webhooks/{endpoint_id}": {"description": "The other till", "event_types": ["stamp.*"]},
    "DELETE /api/webhooks/{endpoint_id}": None,
    "POST /api/webhooks/{endpoint_id}/rotate-secret": {"overlap_hours": 1},
    "POST /api/webhooks/{endpoint_id}/test": None,
    "POST /api/webhooks/{endpoint_id}/resend": {"since": "2026-01-01 00:00:00"},
    "GET /api/webhooks/{endpoint_id}/deliveries": None,
}
_OF_A_DELIVERY = (
    "GET /api/webhooks/deliveries/{delivery_id}",
    "POST /api/webhooks/deliveries/{delivery_id}/resend",
)
_ENDPOINT, _DELIVERY = "webhooks endpoint_id", "deliveries delivery_id"

NOBODY = {_ENDPOINT: 8_888_020, _DELIVERY: 8_888_021}


def furnish(shop: Shop, word: str) -> dict[str, int]:
    """An endpoint that hears of everything, with a delivery that waits."""
    endpoint, _ = actions.create_endpoint(
        business_id=shop.id, url=f"https://{word.lower()}.example/hooks", description=f"Till of {word}"
    )
    actions.send_test(business_id=shop.id, endpoint_id=endpoint.pk)
    fanout.pass_on_all()
    with scope(business=shop.business):
        delivery = Delivery.objects.filter(endpoint=endpoint).order_by("-pk")[0]
    return {_ENDPOINT: endpoint.pk, _DELIVERY: delivery.pk}


def own(mine: Things) -> dict[str, Call]:
    """What each operation accepts."""
    return {
        "GET /api/webhooks": Call(),
        "GET /api/webhooks/event-types": Call(),
        "POST /api/webhooks": Call(201, body={"url": "https://till.example/hooks", "event_types": ["*"]}),
        **_calls(mine, 200),
    }


def foreign(mine: Things, theirs: Things) -> dict[str, list[Call]]:
    """Each way to name another shop's endpoint or delivery."""
    return {name: [call] for name, call in _calls(theirs, 404).items()}


def _calls(things: Things, status: int) -> dict[str, Call]:
    endpoint, delivery = {"endpoint_id": things.ids[_ENDPOINT]}, {"delivery_id": things.ids[_DELIVERY]}
    return {
        **{name: Call(status, path=endpoint, body=body) for name, body in _OF_AN_ENDPOINT.items()},
        **{name: Call(status, path=delivery) for name in _OF_A_DELIVERY},
    }
