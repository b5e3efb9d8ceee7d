"""Webhooks: addresses that receive events, made with a secret that is shown once, tested, switched off."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, cast

from django import forms
from django.db.models import Q
from django.forms.boundfield import BoundWidget
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.outbox import actions, catalogue, queries, resending
from regulars.outbox.models import Event, WebhookEndpoint
from regulars.outbox.webhooks import EVERYTHING
from regulars.rules.errors import Conflict
from regulars.web.office import once, tags
from regulars.web.office.api import samples, words
from regulars.web.office.desk import Desk
from regulars.web.office.forms import MomentField, OfficeForm, WholeField, answer, told
from regulars.web.office.lists import Action, Column, Empty, Listing

_LATEST: Final = 10
_WHICH: Final = (
    ("all", gettext_lazy("All events, also kinds that come later")),
    ("own", gettext_lazy("Those that I choose")),
)


class EndpointForm(OfficeForm):
    """Where events go, and which."""

    sections = (
        (gettext_lazy("The address"), "", ("url", "description")),
        (gettext_lazy("Events"), "", ("which", "event_types")),
    )

    url = forms.CharField(
        max_length=500,
        label=gettext_lazy("Address"),
        widget=forms.URLInput(attrs={"placeholder": "https://till.example/hooks", "autocomplete": "off"}),
        help_text=gettext_lazy("A page of yours that takes events. It begins with https:// and is public."),
    )
    description = forms.CharField(max_length=200, required=False, label=gettext_lazy("What it is for"))
    which = forms.ChoiceField(choices=_WHICH, widget=forms.RadioSelect, label=gettext_lazy("It receives"))
    event_types = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label=gettext_lazy("Choose")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.MultipleChoiceField, self.fields["event_types"]).choices = [
            choice for group in catalogue.GROUPS for choice in _choices(group)
        ]

    def groups(self) -> list[tuple[str, list[BoundWidget]]]:
        """The boxes to tick, by what the events are about."""
        boxes = list(self["event_types"].subwidgets)
        return [
            (words.told_group(group), [one for one in boxes if one.data["value"].startswith(f"{group}.")])
            for group in catalogue.GROUPS
        ]

    def clean(self) -> dict[str, Any]:
        """The types by what was chosen."""
        values = super().clean() or {}
        if values.get("which") == "all":
            values["event_types"] = [EVERYTHING]
        elif not values.get("event_types") and "event_types" not in self.errors:
            self.add_error("event_types", _("Choose at least one."))
        return values


def _choices(group: str) -> list[tuple[str, Any]]:
    """The boxes of a group: all of them, and each."""
    of_group = [(name, kind) for name, kind in catalogue.TYPES.items() if kind.group == group]
    each = [
        (name, format_html('<code>{}</code><br><span class="quiet">{}</span>', name, _first(kind)))
        for name, kind in of_group
    ]
    every = (f"{group}.*", format_html("<b>{}</b>", _("All of these, also kinds that come later")))
    return [every, *each] if len(each) > 1 else each


def _first(kind: catalogue.EventType) -> str:
    """The first sentence of what an event means."""
    return kind.plain_meaning.partition(". ")[0].removesuffix(".").replace("`", "")


def webhooks(desk: Desk) -> HttpResponseBase:
    """All endpoints."""
    waiting = queries.pending_numbers(business_id=desk.business.pk)
    return Listing(
        desk,
        title=_("Webhooks"),
        here="settings",
        rows=WebhookEndpoint.objects.all(),
        columns=(
            Column(
                "url",
                _("Address"),
                lambda row: row.url,
                link=lambda row: desk.url("webhook", endpoint_id=row.pk),
            ),
            Column("state", _("State"), words.endpoint_badge, kind="badge"),
            Column("types", _("Receives"), lambda row: words.told_types(row.event_types), narrow=False),
            Column("waiting", _("Waiting"), lambda row: waiting.get(row.pk, 0), kind="number"),
            Column("success", _("Last delivered"), lambda row: row.last_success_at, kind="moment"),
            Column("description", _("What it is for"), lambda row: row.description, narrow=False),
        ),
        search=lambda rows, q: rows.filter(Q(url__icontains=q) | Q(description__icontains=q)),
        search_label=_("Address"),
        order=("pk",),
        empty=Empty(
            _("A webhook tells your own programs what happens here, as it happens: signed, and in order."),
            _("Add an address"),
            desk.url("webhook-new"),
        ),
        actions=(Action(_("Add an address"), desk.url("webhook-new")),),
    ).answer()


def _back(desk: Desk) -> dict[str, str]:
    return {"url": desk.url("webhooks"), "label": _("Webhooks")}


def _endpoint(desk: Desk, pk: int) -> WebhookEndpoint:
    return queries.endpoint(business_id=desk.business.pk, endpoint_id=pk)


def new(desk: Desk) -> HttpResponse:
    """Add an endpoint."""

    def save(values: dict[str, Any]) -> HttpResponse:
        with desk.changing("webhook.add") as change:
            row, secret = actions.create_endpoint(
                business_id=desk.business.pk,
                url=values["url"],
                event_types=values["event_types"],
                description=values["description"],
            )
            change.made(row)
        once.keep(desk, f"endpoint {row.pk}", secret)
        return desk.to("webhook", endpoint_id=row.pk)

    return answer(
        desk,
        EndpointForm,
        title=_("Add a webhook"),
        save=save,
        initial={"which": "all"},
        button=_("Add it"),
        template="api/webhook_form",
        here="settings",
        context={
            "back": _back(desk),
            "cancel": desk.url("webhooks"),
        },
    )


def webhook(desk: Desk, endpoint_id: int) -> HttpResponse:
    """One endpoint: how it does, what was sent there last."""
    row = _endpoint(desk, endpoint_id)
    waiting = queries.pending_numbers(business_id=desk.business.pk).get(row.pk, 0)
    secret = once.take(desk, f"endpoint {row.pk}")
    rows, total = queries.deliveries(business_id=desk.business.pk, endpoint_id=row.pk, per_page=_LATEST)
    context = {
        "title": row.url,
        "here": "settings",
        "endpoint": row,
        "badge": words.endpoint_badge(row),
        "types": words.told_types(row.event_types),
        "secret": secret,
        "checks": samples.checks(secret or samples.OF_WEBHOOK),
        "waiting": waiting,
        "signs_twice": row.previous_secret_until and row.previous_secret_until > timezone.now(),
        "deliveries": [
            (one, words.delivery_badge(one), desk.url("webhook-delivery", delivery_id=one.pk)) for one in rows
        ],
        "more": desk.url("webhook-deliveries", endpoint_id=row.pk) if total else "",
        "total": total,
        # Something may come in a moment: the list looks again by itself.
        "looks_again": row.is_active and (bool(waiting) or Event.objects.filter(pending=True).exists()),
        "off_because": "" if row.disabled_reason == actions.SWITCHED_OFF else row.disabled_reason,
        **{
            f"{name}_url": desk.url(f"webhook-{name}", endpoint_id=row.pk)
            for name in ("rotate", "resend", "switch", "delete")
        },
        "self_url": desk.url("webhook", endpoint_id=row.pk),
        "back": _back(desk),
        "actions": [
            Action(_("Change"), desk.url("webhook-edit", endpoint_id=row.pk), primary=False),
            *(
                [Action(_("Send a test"), desk.url("webhook-test", endpoint_id=row.pk), post=True)]
                if row.is_active
                else [Action(_("Switch on"), desk.url("webhook-switch", endpoint_id=row.pk), post=True)]
            ),
        ],
    }
    return desk.page("api/webhook", context)


def edit(desk: Desk, endpoint_id: int) -> HttpResponse:
    """Change where events go, and which."""
    row = _endpoint(desk, endpoint_id)

    def save(values: dict[str, Any]) -> HttpResponse:
        changes = {name: values[name] for name in ("url", "description", "event_types")}
        with desk.changing("webhook.edit", row):
            actions.edit_endpoint(business_id=desk.business.pk, endpoint_id=row.pk, **changes)
        return desk.done(_("Saved."), "webhook", endpoint_id=row.pk)

    everything = EVERYTHING in row.event_types
    return answer(
        desk,
        EndpointForm,
        title=_("Change a webhook"),
        save=save,
        initial={
            "url": row.url,
            "description": row.description,
            "which": "all" if everything else "own",
            "event_types": [] if everything else row.event_types,
        },
        edits=True,
        template="api/webhook_form",
        here="settings",
        context={
            "back": {"url": desk.url("webhook", endpoint_id=row.pk), "label": row.url},
            "cancel": desk.url("webhook", endpoint_id=row.pk),
        },
    )


def switch(desk: Desk, endpoint_id: int) -> HttpResponse:
    """Switch an endpoint off, or on again."""
    row = _endpoint(desk, endpoint_id)
    active = not row.is_active
    with desk.changing("webhook.on" if active else "webhook.off", row):
        actions.edit_endpoint(business_id=desk.business.pk, endpoint_id=row.pk, is_active=active)
    text = (
        _("It is switched on. What waited is on its way.")
        if active
        else _("It is switched off. What happens meanwhile waits for 30 days.")
    )
    return desk.done(text, "webhook", endpoint_id=row.pk)


def test(desk: Desk, endpoint_id: int) -> HttpResponse:
    """Send a test event to one endpoint."""
    row = _endpoint(desk, endpoint_id)
    try:
        with desk.changing("webhook.test", row):
            actions.send_test(business_id=desk.business.pk, endpoint_id=row.pk)
    except Conflict as refusal:
        return desk.sorry(told(refusal), "webhook", endpoint_id=row.pk)
    return desk.done(_("A test is on its way. It stands below in a moment."), "webhook", endpoint_id=row.pk)


class RotateForm(OfficeForm):
    """How long the former secret goes on signing."""

    overlap_hours = WholeField(
        0,
        actions.MAX_OVERLAP_HOURS,
        label=gettext_lazy("The former secret signs too for, in hours"),
        help_text=gettext_lazy("So that your program can be changed meanwhile. 0 ends it at once."),
    )


def rotate(desk: Desk, endpoint_id: int) -> HttpResponse:
    """Give an endpoint a new secret, shown once."""
    row = _endpoint(desk, endpoint_id)

    def save(values: dict[str, Any]) -> HttpResponse:
        with desk.changing("webhook.secret", row) as change:
            _row, secret = actions.rotate_secret(
                business_id=desk.business.pk, endpoint_id=row.pk, overlap_hours=values["overlap_hours"]
            )
            change.note(overlap_hours=values["overlap_hours"])
        once.keep(desk, f"endpoint {row.pk}", secret)
        return desk.to("webhook", endpoint_id=row.pk)

    return answer(
        desk,
        RotateForm,
        title=_("A new secret"),
        save=save,
        initial={"overlap_hours": actions.OVERLAP_HOURS},
        button=_("Make a new secret"),
        here="settings",
        context={
            "back": {"url": desk.url("webhook", endpoint_id=row.pk), "label": row.url},
            "cancel": desk.url("webhook", endpoint_id=row.pk),
        },
    )


class SinceForm(OfficeForm):
    """From when on everything is sent again."""

    since = MomentField(
        label=gettext_lazy("Everything since"),
        help_text=gettext_lazy("Events are kept for 90 days. Your program knows repeated ones by their id."),
    )


def resend(desk: Desk, endpoint_id: int) -> HttpResponse:
    """Send everything again that happened since a moment, also what the endpoint never got."""
    row = _endpoint(desk, endpoint_id)

    def save(values: dict[str, Any]) -> HttpResponse:
        # Not within the record's transaction: the many events are written a thousand at a time.
        number = resending.resend_since(
            business_id=desk.business.pk, endpoint_id=row.pk, since=values["since"]
        )
        with desk.changing("webhook.resend", row) as change:
            change.note(since=values["since"].isoformat(), events=number)
        text = ngettext("%(number)s event is sent again.", "%(number)s events are sent again.", number)
        return desk.done(text % {"number": tags.number(number)}, "webhook", endpoint_id=row.pk)

    return answer(
        desk,
        SinceForm,
        title=_("Send events again"),
        save=save,
        initial={"since": timezone.now() - dt.timedelta(hours=24)},
        button=_("Send them again"),
        here="settings",
        context={
            "back": {"url": desk.url("webhook", endpoint_id=row.pk), "label": row.url},
            "cancel": desk.url("webhook", endpoint_id=row.pk),
        },
    )


def delete(desk: Desk, endpoint_id: int) -> HttpResponse:
    """Delete an endpoint with the log of its deliveries."""
    row = _endpoint(desk, endpoint_id)
    with desk.changing("webhook.delete", row):
        actions.delete_endpoint(business_id=desk.business.pk, endpoint_id=row.pk)
    return desk.done(_("The webhook is deleted."), "webhooks")
