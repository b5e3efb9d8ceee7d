"""Writes about events and webhooks, other than telling events and delivering them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from regulars import db, seal
from regulars.outbox import catalogue, emit, hurry, queries, webhooks
from regulars.outbox.models import Event, WebhookEndpoint
from regulars.outbox.resending import check_active
from regulars.rules import addresses
from regulars.rules.errors import Conflict, InvalidInput
from regulars.rules.text import clean_text

MAX_ENDPOINTS = 20  # of a business
OVERLAP_HOURS = 24  # during which the former secret signs too
MAX_OVERLAP_HOURS = 7 * 24
SWITCHED_OFF = "Switched off."  # why an endpoint is, when somebody of the business did it


def create_endpoint(
    *, business_id: int, url: str, event_types: Sequence[str] = ("*",), description: str = ""
) -> tuple[WebhookEndpoint, str]:
    """Let an address receive events of these types from now on. Also returns its secret, never shown again.

    Raises:
        InvalidInput: the address, a type or the description is unusable.
        Conflict: the business has 20 endpoints already.
    """
    secret = webhooks.new_secret()
    values = _checked(url=url, event_types=event_types, description=description)
    with scope(business=business_id), transaction.atomic():
        db.serialise("webhook endpoints", business_id)
        if WebhookEndpoint.objects.filter(business_id=business_id).count() >= MAX_ENDPOINTS:
            raise Conflict(f"There are {MAX_ENDPOINTS} endpoints already, and there can be no more.")
        made = WebhookEndpoint.objects.create(business_id=business_id, secret=seal.seal(secret), **values)
    return made, secret


def edit_endpoint(*, business_id: int, endpoint_id: int, **changes: Any) -> WebhookEndpoint:
    """Change `url`, `event_types`, `description` or `is_active`; what is not named stays.

    An endpoint that is enabled again gets what is pending for it, at once.

    Raises:
        InvalidInput: a value is unusable.
        NotFound: the business has no such endpoint.
    """
    active = changes.pop("is_active", None)
    values = _checked(**changes)
    now = timezone.now()
    if active is True:
        values |= {
            "is_active": True,
            "disabled_at": None,
            "disabled_reason": "",
            "failures": 0,
            "closed_until": None,
        }
    elif active is False:
        values |= {"is_active": False, "disabled_at": now, "disabled_reason": SWITCHED_OFF}
    with scope(business=business_id), transaction.atomic():
        queries.endpoint(business_id=business_id, endpoint_id=endpoint_id)
        if "url" in values:  # another place: what failed there says nothing about it
            values |= {"failures": 0, "closed_until": None}
        WebhookEndpoint.objects.filter(business_id=business_id, pk=endpoint_id).update(
            **values, modified_at=now
        )
        if active is True or "url" in values:
            hurry.all_of_endpoint(endpoint_id, now=now)
        return queries.endpoint(business_id=business_id, endpoint_id=endpoint_id)


def delete_endpoint(*, business_id: int, endpoint_id: int) -> None:
    """Delete an endpoint with the log of its deliveries.

    Raises:
        NotFound: the business has no such endpoint.
    """
    with scope(business=business_id), transaction.atomic():
        # Deliveries that are just being written down come first, and are then deleted too.
        queries.endpoint(business_id=business_id, endpoint_id=endpoint_id, lock=True)
        if db.is_postgresql():
            db.run(
                "SELECT 1 FROM outbox_delivery WHERE endpoint_id = %s ORDER BY id FOR UPDATE", (endpoint_id,)
            )
        db.run(
            "DELETE FROM outbox_deliveryattempt WHERE delivery_id IN "
            "(SELECT id FROM outbox_delivery WHERE endpoint_id = %s)",
            (endpoint_id,),
        )
        db.run("DELETE FROM outbox_delivery WHERE endpoint_id = %s", (endpoint_id,))
        WebhookEndpoint.objects.filter(business_id=business_id, pk=endpoint_id).delete()


def rotate_secret(
    *, business_id: int, endpoint_id: int, overlap_hours: int = OVERLAP_HOURS
) -> tuple[WebhookEndpoint, str]:
    """Give an endpoint a new secret, shown once. For some hours the former one signs beside it.

    Raises:
        InvalidInput: the hours are not between 0 and 168.
        NotFound: the business has no such endpoint.
    """
    if not 0 <= overlap_hours <= MAX_OVERLAP_HOURS:
        raise InvalidInput.at("overlap_hours", f"must be between 0 and {MAX_OVERLAP_HOURS}")
    secret = webhooks.new_secret()
    now = timezone.now()
    with scope(business=business_id), transaction.atomic():
        found = queries.endpoint(business_id=business_id, endpoint_id=endpoint_id, lock=True)
        found.previous_secret = found.secret if overlap_hours and _can_open(found.secret) else ""
        found.previous_secret_until = (
            now + dt.timedelta(hours=overlap_hours) if found.previous_secret else None
        )
        found.secret = seal.seal(secret)
        found.save(update_fields=["secret", "previous_secret", "previous_secret_until", "modified_at"])
    return found, secret


def send_test(*, business_id: int, endpoint_id: int) -> str:
    """Tell an event of the type webhook.test to this endpoint only, whatever types it wants; the event's uid.

    Raises:
        NotFound: the business has no such endpoint.
        Conflict: it is disabled.
    """
    with scope(business=business_id), transaction.atomic():
        found = queries.endpoint(business_id=business_id, endpoint_id=endpoint_id)
        check_active(found)
        data = {"endpoint_id": endpoint_id, "message": "This is a test."}
        event = emit.NewEvent(webhooks.TEST, None, data)
        emit.emit(business_id=business_id, events=[event])
        stored = Event.objects.filter(business_id=business_id, type=webhooks.TEST)
        return stored.order_by("-id").values_list("uid", flat=True)[0]


def forget_member(*, business_id: int, member_id: int) -> None:
    """Delete the events that tell about a member, and their deliveries. Within the caller's transaction."""
    whose = (business_id, member_id)
    _wait_for_those_who_pass_on(whose)
    db.run(
        "DELETE FROM outbox_deliveryattempt WHERE delivery_id IN "
        f"(SELECT id FROM outbox_delivery WHERE event_id IN ({_EVENTS}))",
        whose,
    )
    db.run(f"DELETE FROM outbox_delivery WHERE event_id IN ({_EVENTS})", whose)
    db.run(f"DELETE FROM outbox_event WHERE id IN ({_EVENTS})", whose)


def move_member(*, business_id: int, member_id: int, into_id: int) -> None:
    """Let the events that tell about a member be another one's. Within the caller's transaction.

    What they told stays as it was told.
    """
    whose = (business_id, member_id)
    _wait_for_those_who_pass_on(whose)
    db.run(f"UPDATE outbox_delivery SET member_id = %s WHERE event_id IN ({_EVENTS})", (into_id, *whose))
    db.run(
        "UPDATE outbox_event SET member_id = %s WHERE business_id = %s AND member_id = %s", (into_id, *whose)
    )


def _wait_for_those_who_pass_on(whose: tuple[int, int]) -> None:
    """Whoever is passing on a member's events, or writing down how they were delivered, comes first."""
    if db.is_postgresql():
        db.run(
            "SELECT 1 FROM outbox_event WHERE business_id = %s AND member_id = %s ORDER BY id FOR UPDATE",
            whose,
        )
        db.run(f"SELECT 1 FROM outbox_delivery WHERE event_id IN ({_EVENTS}) ORDER BY id FOR UPDATE", whose)


_EVENTS = "SELECT id FROM outbox_event WHERE business_id = %s AND member_id = %s"


def _can_open(sealed: str) -> bool:
    try:
        seal.unseal(sealed)
    except seal.Unsealable:
        return False
    return True


def _checked(**values: Any) -> dict[str, Any]:
    """Values that can be stored.

    Raises:
        InvalidInput: one is unusable, or is no field.
    """
    found: dict[str, Any] = {}
    for field, value in values.items():
        match field:
            case "url":
                found[field] = _checked_url(value)
            case "event_types":
                found[field] = _checked_types(value)
            case "description":
                found[field] = clean_text(value, field=field, max_length=200)
            case _:
                raise InvalidInput.at(field, "is not a field of an endpoint")
    return found


def _checked_url(url: str) -> str:
    url = url.strip()
    problem = addresses.url_problem(url) or addresses.forbidden(url, settings.REGULARS_WEBHOOK_NETWORKS)
    if problem:
        raise InvalidInput.at("url", problem)
    return url


def _checked_types(types: Iterable[str]) -> list[str]:
    found = list(dict.fromkeys(types))
    if not found:
        raise InvalidInput.at("event_types", 'must name at least one type; "*" stands for all')
    known = {webhooks.EVERYTHING, *catalogue.TYPES, *(f"{group}.*" for group in catalogue.GROUPS)}
    for one in found:
        if one not in known:
            raise InvalidInput.at("event_types", f'has "{one[:60]}", which is no type of event')
    return found
