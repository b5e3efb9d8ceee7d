"""Reads about webhooks."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Q, QuerySet
from django_scopes import scope

from regulars.outbox.models import Delivery, DeliveryAttempt, Event, WebhookEndpoint
from regulars.outbox.webhooks import EVERYTHING, TEST
from regulars.rules.errors import InvalidInput, NotFound


def endpoints(*, business_id: int) -> list[WebhookEndpoint]:
    """All endpoints of a business, the oldest first."""
    with scope(business=business_id):
        return list(WebhookEndpoint.objects.filter(business_id=business_id).order_by("pk"))


def endpoint(*, business_id: int, endpoint_id: int, lock: bool = False) -> WebhookEndpoint:
    """One endpoint; with `lock`, nobody else changes it until the caller's transaction ends.

    Raises:
        NotFound: the business has no such endpoint.
    """
    with scope(business=business_id):
        rows = WebhookEndpoint.objects.filter(business_id=business_id, pk=endpoint_id)
        found = (rows.select_for_update() if lock else rows).first()
    if found is None:
        raise NotFound(f"There is no webhook endpoint {endpoint_id}.")
    return found


def deliveries(
    *, business_id: int, endpoint_id: int, status: str | None = None, page: int = 1, per_page: int = 20
) -> tuple[list[Delivery], int]:
    """A page of an endpoint's deliveries, the newest first, with their events; and how many there are.

    Raises:
        InvalidInput: there is no such status.
        NotFound: the business has no such endpoint.
    """
    if status is not None and status not in Delivery.Status.values:
        raise InvalidInput.at("status", f"must be one of {', '.join(Delivery.Status.values)}")
    endpoint(business_id=business_id, endpoint_id=endpoint_id)
    with scope(business=business_id):
        rows = Delivery.objects.filter(business_id=business_id, endpoint_id=endpoint_id)
        if status is not None:
            rows = rows.filter(status=status)
        total = rows.count()
        start = (page - 1) * per_page
        return list(rows.select_related("event").order_by("-pk")[start : start + per_page]), total


def delivery(*, business_id: int, delivery_id: int) -> Delivery:
    """One delivery with its event and endpoint.

    Raises:
        NotFound: the business has no such delivery.
    """
    with scope(business=business_id):
        rows = Delivery.objects.select_related("event", "endpoint").filter(business_id=business_id)
        found = rows.filter(pk=delivery_id).first()
    if found is None:
        raise NotFound(f"There is no webhook delivery {delivery_id}.")
    return found


def attempts(of: Delivery) -> list[DeliveryAttempt]:
    """All requests that were made for a delivery, the first one first."""
    with scope(business=of.business_id):
        return list(DeliveryAttempt.objects.filter(delivery=of).order_by("pk"))


def pending_numbers(*, business_id: int) -> dict[int, int]:
    """How many deliveries wait for each endpoint of a business; those without any are left out."""
    with scope(business=business_id):
        rows = Delivery.objects.filter(business_id=business_id, status=Delivery.Status.PENDING)
        counted = rows.values("endpoint_id").annotate(number=Count("pk")).order_by("endpoint_id")
        return dict(counted.values_list("endpoint_id", "number"))


def events_for(to: WebhookEndpoint, *, since: dt.datetime) -> QuerySet[Event]:
    """What happened since then and is of a type that the endpoint wants, the oldest first.

    Within the scope of its business.
    """
    rows = Event.objects.filter(business_id=to.business_id, created_at__gte=since).exclude(type=TEST)
    if EVERYTHING not in to.event_types:
        wanted = Q()
        for one in to.event_types:
            wanted |= Q(type__startswith=one[:-1]) if one.endswith(".*") else Q(type=one)
        rows = rows.filter(wanted)
    return rows.order_by("id")
