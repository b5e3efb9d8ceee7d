"""What the tests of webhooks have in common."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django_scopes import scopes_disabled

from regulars.outbox import actions, deliver, fanout
from regulars.outbox.emit import NewEvent, emit
from regulars.outbox.models import Delivery, DeliveryAttempt, WebhookEndpoint
from tests.factories import Shop

START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def settle() -> None:
    """What a worker's loops do until nothing is due."""
    fanout.pass_on_all()
    deliver.deliver_all()


def tell(
    shop: Shop, kind: str = "stamp.added", member_id: int | None = 1, number: int = 1, **data: Any
) -> None:
    """Let some events happen."""
    with transaction.atomic():
        emit(business_id=shop.id, events=[NewEvent(kind, member_id, data) for _ in range(number)])


def listen(shop: Shop, url: str, *event_types: str) -> tuple[WebhookEndpoint, str]:
    """An endpoint of a shop, and its secret."""
    return actions.create_endpoint(business_id=shop.id, url=url, event_types=event_types or ("*",))


def deliveries(endpoint: WebhookEndpoint | None = None) -> list[Delivery]:
    """All, in the order of their events."""
    with scopes_disabled():
        rows = Delivery.objects.select_related("event").order_by("event_id", "id")
        return list(rows if endpoint is None else rows.filter(endpoint=endpoint))


def statuses(endpoint: WebhookEndpoint | None = None) -> list[str]:
    return [one.status for one in deliveries(endpoint)]


def attempts() -> list[DeliveryAttempt]:
    with scopes_disabled():
        return list(DeliveryAttempt.objects.order_by("id"))


def fresh(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """The endpoint as it is now."""
    with scopes_disabled():
        return WebhookEndpoint.objects.get(pk=endpoint.pk)
