"""What was sent to an endpoint: every delivery with its attempts, and sending one again."""

from __future__ import annotations

import json

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from regulars.outbox import catalogue, queries, resending, webhooks
from regulars.outbox.models import Delivery
from regulars.rules.errors import Conflict
from regulars.web.office.api import words
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice
from regulars.web.office.forms import told
from regulars.web.office.lists import Action, Column, Empty, Listing


def deliveries(desk: Desk, endpoint_id: int) -> HttpResponseBase:
    """All deliveries of an endpoint, the newest first."""
    endpoint = queries.endpoint(business_id=desk.business.pk, endpoint_id=endpoint_id)
    types = [(name, name) for name in (*catalogue.TYPES, webhooks.TEST)]
    return Listing(
        desk,
        title=_("Deliveries"),
        here="settings",
        rows=Delivery.objects.filter(endpoint=endpoint).select_related("event"),
        columns=(
            Column(
                "event",
                _("Event"),
                lambda row: row.event.type,
                link=lambda row: desk.url("webhook-delivery", delivery_id=row.pk),
            ),
            Column("state", _("State"), words.delivery_badge, kind="badge"),
            Column("answer", _("Answer"), lambda row: row.last_status or row.last_error),
            Column("attempts", _("Attempts"), lambda row: row.attempts, kind="number"),
            Column("made", _("When"), lambda row: row.created_at, kind="moment"),
            Column(
                "next",
                _("Next attempt"),
                lambda row: row.next_at if row.status == Delivery.Status.PENDING else None,
                kind="moment",
                narrow=False,
            ),
        ),
        filters=(
            Choice(
                "status",
                _("State"),
                words.choices(words.STATES),
                lambda rows, value: rows.filter(status=value),
            ),
            Choice("type", _("Event"), types, lambda rows, value: rows.filter(event__type=value)),
        ),
        order=("-pk",),
        empty=Empty(
            _("Nothing was sent here yet. A test shows whether it works."),
            _("To the webhook"),
            desk.url("webhook", endpoint_id=endpoint.pk),
        ),
        actions=(
            Action(
                _("Send events again"), desk.url("webhook-resend", endpoint_id=endpoint.pk), primary=False
            ),
        ),
        context={
            "back": {"url": desk.url("webhook", endpoint_id=endpoint.pk), "label": endpoint.url},
        },
    ).answer()


def delivery(desk: Desk, delivery_id: int) -> HttpResponse:
    """One event on its way to one endpoint: what is sent, and every attempt with its answer."""
    row = queries.delivery(business_id=desk.business.pk, delivery_id=delivery_id)
    event = row.event
    body = webhooks.body(
        uid=event.uid, kind=event.type, version=event.version, at=event.created_at, payload=event.payload
    )
    attempts = list(reversed(queries.attempts(row)))
    kind = catalogue.TYPES.get(event.type)
    context = {
        "title": event.type,
        "here": "settings",
        "delivery": row,
        "event": event,
        "badge": words.delivery_badge(row),
        "meaning": kind.plain_meaning.replace("`", "")
        if kind
        else _("A test. No program of yours needs to act on it."),
        "member_url": _member_url(desk, row.member_id),
        "waits": row.status == Delivery.Status.PENDING,
        "body": json.dumps(json.loads(body), indent=2, ensure_ascii=False),
        "attempts": [(one, words.milliseconds(one.duration_ms)) for one in attempts],
        "back": {
            "url": desk.url("webhook", endpoint_id=row.endpoint_id),
            "label": row.endpoint.url,
        },
        "actions": [
            Action(
                _("Send it again"),
                desk.url("webhook-delivery-resend", delivery_id=row.pk),
                post=True,
            )
        ]
        if row.endpoint.is_active
        else [],
    }
    return desk.page("api/delivery", context)


def _member_url(desk: Desk, member_id: int | None) -> str:
    """The page of the member whom an event is about, for those who may open it."""
    if member_id is None or not desk.may("members.view"):
        return ""
    return desk.url("member", member_id=member_id)


def resend(desk: Desk, delivery_id: int) -> HttpResponse:
    """Send one event again."""
    row = queries.delivery(business_id=desk.business.pk, delivery_id=delivery_id)
    try:
        with desk.changing("webhook-delivery.resend", row, member_id=row.member_id):
            resending.resend(business_id=desk.business.pk, delivery_id=row.pk)
    except Conflict as refusal:
        return desk.sorry(told(refusal), "webhook-delivery", delivery_id=row.pk)
    return desk.done(_("It is on its way again."), "webhook-delivery", delivery_id=row.pk)
