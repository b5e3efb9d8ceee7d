"""`/api/webhooks`."""

import datetime as dt
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
from django.http import HttpRequest
from ninja import Query, Router

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, PageNumber, PerPage, answered, clamp, known_id, printed
from regulars.api.rest.envelope import data, listed
from regulars.api.rest.schemas import Data, Deleted, Listed
from regulars.api.rest.webhook_schemas import (
    DeliveryOut,
    DeliveryRow,
    EndpointIn,
    EndpointMade,
    EndpointOut,
    EndpointPatch,
    EventTypeOut,
    ResendIn,
    ResentOut,
    RotateIn,
    Status,
    TestSent,
)
from regulars.api.rest.writes import answers
from regulars.ledger.queries import Page
from regulars.outbox import actions, catalogue, queries, resending, webhooks
from regulars.outbox.models import Delivery, DeliveryAttempt, WebhookEndpoint
from regulars.rules.errors import InvalidInput
from regulars.tenants.models import Business
from regulars.tenants.queries import business_by_id

router = Router(tags=["Webhooks"])

_ENDPOINT = "webhook endpoint"
_DELIVERY = "webhook delivery"


def _endpoint(row: WebhookEndpoint, business: Business, pending: int) -> dict[str, Any]:
    return {
        "id": row.pk,
        "url": row.url,
        "event_types": row.event_types,
        "description": row.description,
        "is_active": row.is_active,
        "disabled_at": printed(row.disabled_at, business),
        "disabled_reason": row.disabled_reason,
        "failures": row.failures,
        "pending": pending,
        "last_success_at": printed(row.last_success_at, business),
        "last_failure_at": printed(row.last_failure_at, business),
        "previous_secret_until": printed(row.previous_secret_until, business),
        "created_at": printed(row.created_at, business),
    }


def _one(row: WebhookEndpoint, business: Business, **more: Any) -> dict[str, Any]:
    pending = queries.pending_numbers(business_id=business.pk).get(row.pk, 0)
    return data(_endpoint(row, business, pending) | more)


def _delivery(row: Delivery, business: Business) -> dict[str, Any]:
    waits = row.status == Delivery.Status.PENDING
    return {
        "id": row.pk,
        "endpoint_id": row.endpoint_id,
        "event_id": row.event.uid,
        "event_type": row.event.type,
        "customer_id": row.member_id,
        "status": row.status,
        "attempts": row.attempts,
        "next_attempt_at": printed(row.next_at, business) if waits else None,
        "last_attempt_at": printed(row.last_attempt_at, business),
        "last_status": row.last_status,
        "last_error": row.last_error,
        "delivered_at": printed(row.delivered_at, business),
        "created_at": printed(row.created_at, business),
    }


def _attempt(row: DeliveryAttempt, business: Business) -> dict[str, Any]:
    return {
        "at": printed(row.at, business),
        "duration_ms": row.duration_ms,
        "status": row.status,
        "error": row.error,
        "response": row.response,
    }


def _parse_moment(value: str, business: Business) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(value.strip())
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(business.timezone))
    except (ValueError, OverflowError):
        raise InvalidInput.at("since", "must be a time such as 2026-06-01 15:44:00") from None


@router.get("/webhooks", response=answered(Data[list[EndpointOut]]), summary="List webhook endpoints")
@answers()
def list_endpoints(request: HttpRequest) -> dict[str, Any]:
    """All addresses that receive events, and how they do."""
    business = business_by_id(identity_of(request).business_id)
    pending = queries.pending_numbers(business_id=business.pk)
    found = queries.endpoints(business_id=business.pk)
    return data([_endpoint(row, business, pending.get(row.pk, 0)) for row in found])


@router.post(
    "/webhooks",
    response=answered(Data[EndpointMade], status=201, also=(409, 422)),
    summary="Create webhook endpoint",
    openapi_extra=IDEMPOTENT,
)
@answers(201, write=True)
def create_endpoint(request: HttpRequest, body: EndpointIn) -> dict[str, Any]:
    """Let an address receive events from now on. The answer holds the secret, which is shown this once."""
    business = business_by_id(identity_of(request).business_id)
    made, secret = actions.create_endpoint(business_id=business.pk, **body.model_dump())
    made.refresh_from_db()
    return _one(made, business, secret=secret)


@router.get("/webhooks/event-types", response=answered(Data[list[EventTypeOut]]), summary="List event types")
@answers()
def list_event_types(request: HttpRequest) -> dict[str, Any]:
    """Everything that an endpoint can receive, with the fields of each payload."""
    return data(
        [
            {
                "type": kind.name,
                "group": kind.group,
                "version": kind.version,
                "meaning": kind.plain_meaning,
                "fields": [
                    {"name": one.name, "type": one.type, "meaning": one.meaning, "example": one.example}
                    for one in kind.fields
                ],
            }
            for kind in catalogue.TYPES.values()
        ]
    )


@router.get(
    "/webhooks/deliveries/{int:delivery_id}",
    response=answered(Data[DeliveryOut], also=(404,)),
    summary="Get webhook delivery",
)
@answers()
def get_delivery(request: HttpRequest, delivery_id: int) -> dict[str, Any]:
    """One delivery: what is sent, every request that was made, and what came back."""
    business = business_by_id(identity_of(request).business_id)
    row = queries.delivery(business_id=business.pk, delivery_id=known_id(delivery_id, _DELIVERY))
    sent = webhooks.body(
        uid=row.event.uid,
        kind=row.event.type,
        version=row.event.version,
        at=row.event.created_at,
        payload=row.event.payload,
    )
    log = [_attempt(one, business) for one in queries.attempts(row)]
    return data(_delivery(row, business) | {"body": orjson.loads(sent), "log": log})


@router.post(
    "/webhooks/deliveries/{int:delivery_id}/resend",
    response=answered(Data[DeliveryRow], also=(404, 409, 422)),
    summary="Resend webhook delivery",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def resend_delivery(request: HttpRequest, delivery_id: int) -> dict[str, Any]:
    """Send one event to its endpoint again, whatever became of it before."""
    business = business_by_id(identity_of(request).business_id)
    row = resending.resend(business_id=business.pk, delivery_id=known_id(delivery_id, _DELIVERY))
    return data(_delivery(row, business))


@router.get(
    "/webhooks/{int:endpoint_id}",
    response=answered(Data[EndpointOut], also=(404,)),
    summary="Get webhook endpoint",
)
@answers()
def get_endpoint(request: HttpRequest, endpoint_id: int) -> dict[str, Any]:
    """One address that receives events, and how it does."""
    business = business_by_id(identity_of(request).business_id)
    row = queries.endpoint(business_id=business.pk, endpoint_id=known_id(endpoint_id, _ENDPOINT))
    return _one(row, business)


@router.patch(
    "/webhooks/{int:endpoint_id}",
    response=answered(Data[EndpointOut], also=(404, 409, 422)),
    summary="Update webhook endpoint",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def update_endpoint(request: HttpRequest, endpoint_id: int, body: EndpointPatch) -> dict[str, Any]:
    """Change an endpoint; `is_active` switches it off and on. What was pending then goes on."""
    business = business_by_id(identity_of(request).business_id)
    changes = body.model_dump(exclude_unset=True)
    for field, value in changes.items():
        if value is None:
            raise InvalidInput.at(field, "must not be null")
    row = actions.edit_endpoint(
        business_id=business.pk, endpoint_id=known_id(endpoint_id, _ENDPOINT), **changes
    )
    return _one(row, business)


@router.delete(
    "/webhooks/{int:endpoint_id}",
    response=answered(Data[Deleted], also=(404, 409, 422)),
    summary="Delete webhook endpoint",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def delete_endpoint(request: HttpRequest, endpoint_id: int) -> dict[str, Any]:
    """Delete an endpoint with the log of its deliveries. Nothing more is sent there."""
    business_id = identity_of(request).business_id
    actions.delete_endpoint(business_id=business_id, endpoint_id=known_id(endpoint_id, _ENDPOINT))
    return data({"deleted": True, "id": endpoint_id})


@router.post(
    "/webhooks/{int:endpoint_id}/rotate-secret",
    response=answered(Data[EndpointMade], also=(404, 409, 422)),
    summary="Rotate webhook secret",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def rotate_secret(request: HttpRequest, endpoint_id: int, body: RotateIn) -> dict[str, Any]:
    """Make a new secret, shown this once. The former one signs beside it for some hours."""
    business = business_by_id(identity_of(request).business_id)
    row, secret = actions.rotate_secret(
        business_id=business.pk,
        endpoint_id=known_id(endpoint_id, _ENDPOINT),
        overlap_hours=body.overlap_hours,
    )
    return _one(row, business, secret=secret)


@router.post(
    "/webhooks/{int:endpoint_id}/test",
    response=answered(Data[TestSent], also=(404, 409, 422)),
    summary="Send test event",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def send_test(request: HttpRequest, endpoint_id: int) -> dict[str, Any]:
    """Send an event of the type `webhook.test` to this endpoint only."""
    uid = actions.send_test(
        business_id=identity_of(request).business_id, endpoint_id=known_id(endpoint_id, _ENDPOINT)
    )
    return data({"sent": True, "event_id": uid})


@router.post(
    "/webhooks/{int:endpoint_id}/resend",
    response=answered(Data[ResentOut], also=(404, 409, 422)),
    summary="Resend events since a time",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def resend_since(request: HttpRequest, endpoint_id: int, body: ResendIn) -> dict[str, Any]:
    """Send everything again that happened since then, also what the endpoint never got."""
    business = business_by_id(identity_of(request).business_id)
    number = resending.resend_since(
        business_id=business.pk,
        endpoint_id=known_id(endpoint_id, _ENDPOINT),
        since=_parse_moment(body.since, business),
    )
    return data({"resent": number})


@router.get(
    "/webhooks/{int:endpoint_id}/deliveries",
    response=answered(Listed[DeliveryRow], also=(404,)),
    summary="List webhook deliveries",
)
@answers()
def list_deliveries(
    request: HttpRequest,
    endpoint_id: int,
    page: PageNumber = 1,
    per_page: PerPage = 20,
    status: Annotated[Status | None, Query(description="Only these")] = None,
) -> dict[str, Any]:
    """What was sent to an endpoint or waits to be, the newest first."""
    business = business_by_id(identity_of(request).business_id)
    per_page = clamp(per_page)
    rows, total = queries.deliveries(
        business_id=business.pk,
        endpoint_id=known_id(endpoint_id, _ENDPOINT),
        status=status,
        page=page,
        per_page=per_page,
    )
    found = Page(rows=rows, total=total, page=page, per_page=per_page)
    return listed(found, [_delivery(row, business) for row in rows])
