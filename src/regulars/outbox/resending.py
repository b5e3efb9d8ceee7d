"""Sending again what was sent, or what an endpoint never got."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.outbox import queries
from regulars.outbox.models import Delivery, WebhookEndpoint
from regulars.rules.errors import Conflict, InvalidInput

MAX_RESENT = 100_000  # events that one call sends again
BATCH = 1000  # of them in a transaction
# What `since` may be. Nothing is older; and databases do not all take what is far outside.
_EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)

# Locks are taken in the order of all others: events, the endpoint, deliveries, each by number.
_EVENTS = "SELECT id FROM outbox_event WHERE {ids} ORDER BY id"
_ENDPOINT = "SELECT 1 FROM outbox_webhookendpoint WHERE id = %s AND is_active"
_DELIVERIES = "SELECT 1 FROM outbox_delivery WHERE endpoint_id = %s AND {ids} ORDER BY id FOR UPDATE"
_RESEND = """
INSERT INTO outbox_delivery (business_id, endpoint_id, event_id, member_id, status, attempts, next_at, lease,
                             last_error)
SELECT business_id, %s, id, member_id, 'pending', 0, %s, '', '' FROM outbox_event
WHERE {ids} ORDER BY id
ON CONFLICT (endpoint_id, event_id) DO UPDATE
    SET status = 'pending', attempts = 0, next_at = excluded.next_at, delivered_at = NULL"""


def resend(*, business_id: int, delivery_id: int) -> Delivery:
    """Send an event to an endpoint again, at once and with all its attempts. It keeps its `webhook-id`.

    Raises:
        NotFound: the business has no such delivery.
        Conflict: the endpoint is disabled.
    """
    with scope(business=business_id), transaction.atomic():
        found = queries.delivery(business_id=business_id, delivery_id=delivery_id)
        check_active(found.endpoint)
        Delivery.objects.filter(business_id=business_id, pk=delivery_id).update(
            status=Delivery.Status.PENDING, attempts=0, next_at=timezone.now(), delivered_at=None
        )
        return queries.delivery(business_id=business_id, delivery_id=delivery_id)


def resend_since(*, business_id: int, endpoint_id: int, since: dt.datetime) -> int:
    """Send an endpoint everything again that happened since then and that it wants; how many events.

    Also what happened before the endpoint was there, as long as the events are kept (90 days). What was not
    yet passed on is left out: it arrives anyway. Written in several transactions, so that nobody waits for
    long; whoever calls again after it broke off sends some events once more.

    Raises:
        NotFound: the business has no such endpoint.
        Conflict: it is disabled.
        InvalidInput: these would be more than 100,000 events, or `since` is not within 1970 to 2099.
    """
    if not _EARLIEST <= since < _LATEST:
        raise InvalidInput.at("since", "must be a time between 1970 and 2099")
    with scope(business=business_id):
        found = queries.endpoint(business_id=business_id, endpoint_id=endpoint_id)
        check_active(found)
        events = queries.events_for(found, since=since).filter(pending=False)
        ids = list(events.values_list("id", flat=True)[: MAX_RESENT + 1])
    if len(ids) > MAX_RESENT:
        raise InvalidInput.at("since", f"covers more than {MAX_RESENT:,} events; choose a later moment")
    return sum(_resend(endpoint_id, ids[start : start + BATCH]) for start in range(0, len(ids), BATCH))


def _resend(endpoint_id: int, ids: Sequence[int]) -> int:
    """Send these events again, as far as they and the endpoint are still there; how many those are."""
    with transaction.atomic():
        # Nobody erases a member between the look at their events and the new deliveries. Passing on, which
        # only marks events, goes on meanwhile.
        on_postgresql = db.is_postgresql()
        share, change = (" FOR KEY SHARE", " FOR NO KEY UPDATE") if on_postgresql else ("", "")
        there = [
            number for (number,) in db.run(_EVENTS.format(ids=db.any_of("id")) + share, (db.numbers(ids),))
        ]
        if not there or not db.run(_ENDPOINT + change, (endpoint_id,)):
            return 0
        if on_postgresql:
            db.run(_DELIVERIES.format(ids=db.any_of("event_id")), (endpoint_id, db.numbers(there)))
        now = db.moment(timezone.now())
        db.run(_RESEND.format(ids=db.any_of("id")), (endpoint_id, now, db.numbers(there)))
        return len(there)


def check_active(endpoint: WebhookEndpoint) -> None:
    """See that an endpoint is called at all.

    Raises:
        Conflict: it is disabled.
    """
    if not endpoint.is_active:
        raise Conflict(f"The endpoint {endpoint.pk} is disabled. Enable it first.")
