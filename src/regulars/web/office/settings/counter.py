"""The counter: what it offers and allows, and the devices that are one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.counter import devices
from regulars.counter import settings as counter
from regulars.counter.models import CounterSettings, Device
from regulars.rules.errors import NotFound
from regulars.web.member import picture
from regulars.web.office import once
from regulars.web.office.desk import Desk
from regulars.web.office.forms import BranchField, OfficeForm, SwitchField, WholeField, answer
from regulars.web.office.lists import Action, Column, Empty, Listing
from regulars.web.office.settings import giving
from regulars.web.office.settings.giving import GivingForm

_PLAIN = (
    "scans_per_day", "minutes_between", "stamps_at_once", "reason_required",
    "code_changers", "chooses_vouchers", "enrols", "undo_minutes",
)  # fmt: skip
_PAIRING = "pairing"


class CounterForm(GivingForm):
    """What the counter offers and allows."""

    sections = (
        (gettext_lazy("Points"), "", ("points_by", "least_amount", "visit_points")),
        (gettext_lazy("Stamps and vouchers"), "", ("stamps_at_once", "chooses_vouchers")),
        (gettext_lazy("How often"), "", ("scans_per_day", "minutes_between")),
        (gettext_lazy("Reasons"), "", ("reasons", "reason_required")),
        (gettext_lazy("Members and mistakes"), "", ("enrols", "code_changers", "undo_minutes")),
    )

    stamps_at_once = WholeField(1, counter.MAX_STAMPS, label=gettext_lazy("Most stamps at once"))
    chooses_vouchers = SwitchField(label=gettext_lazy("Staff choose vouchers for members"))
    scans_per_day = WholeField(
        1,
        counter.MAX_SCANS,
        label=gettext_lazy("Visits of a member in a day"),
        help_text=gettext_lazy("Empty: as often as they come."),
        required=False,
    )
    minutes_between = WholeField(
        1,
        counter.MAX_MINUTES,
        label=gettext_lazy("Minutes between two visits"),
        help_text=gettext_lazy("Empty: at once."),
        required=False,
    )
    reasons = forms.CharField(
        label=gettext_lazy("Reasons to choose from"),
        help_text=gettext_lazy("One in each line, such as Birthday, Our mistake. At most 20."),
        max_length=(counter.REASON_LENGTH + 2) * counter.MAX_REASONS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    reason_required = SwitchField(label=gettext_lazy("A reason is needed each time"))
    enrols = SwitchField(label=gettext_lazy("Staff make new members"))
    code_changers = forms.ChoiceField(
        label=gettext_lazy("Who gives a member another card"),
        choices=(
            (CounterSettings.CodeChangers.NOBODY, gettext_lazy("Nobody at the counter")),
            (CounterSettings.CodeChangers.OWNER, gettext_lazy("Owners")),
            (CounterSettings.CodeChangers.STAFF, gettext_lazy("Everybody at the counter")),
        ),
    )
    undo_minutes = WholeField(
        0,
        counter.MAX_UNDO,
        label=gettext_lazy("Minutes in which staff may undo"),
        help_text=gettext_lazy("Owners may for a day."),
    )


def rules(desk: Desk) -> HttpResponse:
    """What the counter offers and allows."""
    now = counter.counter_settings(desk.business.pk)
    initial = {name: getattr(now, name) for name in _PLAIN} | {"reasons": "\n".join(now.reasons)}
    initial |= giving.initial(now.quickscan_function or "")

    def save(given: dict[str, Any]) -> HttpResponse:
        reasons = [line.strip() for line in given["reasons"].splitlines() if line.strip()]
        with desk.changing("settings.counter", now if now.pk else None) as change:
            changed = {name: given[name] for name in _PLAIN}
            if given["quickscan_function"] != now.quickscan_function:  # what nobody said stays unsaid
                changed["quickscan_function"] = given["quickscan_function"]
            change.made(counter.update_settings(business_id=desk.business.pk, **changed, reasons=reasons))
        return desk.done(_("Saved. Counters follow at the next scan."), "settings-counter")

    return answer(
        desk,
        CounterForm,
        title=_("Counter"),
        initial=initial,
        edits=True,
        save=save,
        template="settings/counter",
        here="settings",
        context={"counter_url": _counter_url()},
        names={"quickscan_function": "points_by"},
    )


def _counter_url() -> str:
    return f"{settings.REGULARS_PUBLIC_URL}{reverse('counter-page')}"


def paired(desk: Desk) -> HttpResponseBase:
    """The devices that are counters, or were."""
    return Listing(
        desk,
        title=_("Devices at the counter"),
        here="settings",
        rows=Device.objects.select_related("branch"),
        columns=(
            Column(
                "name",
                _("Name"),
                lambda row: row.name,
                link=lambda row: desk.url("settings-device", device_id=row.pk),
            ),
            Column("branch", _("Branch"), lambda row: row.branch.name if row.branch else _("Any branch")),
            Column("state", _("State"), _state, kind="badge"),
            Column("seen", _("Last used"), lambda row: row.last_seen_at, kind="moment", sort="last_seen_at"),
            Column(
                "paired",
                _("Paired"),
                lambda row: row.paired_at,
                kind="moment",
                sort="paired_at",
                narrow=False,
            ),
        ),
        order=("revoked_at", "-pk"),
        empty=Empty(
            _("No phone or tablet is a counter yet. Pair one, and staff sign in there with a PIN."),
            _("Pair a device"),
            desk.url("settings-pair"),
        ),
        actions=(Action(_("Pair a device"), desk.url("settings-pair")),),
        context={"back": {"url": desk.url("settings-counter"), "label": _("Counter")}},
    ).answer()


def _state(device: Device) -> tuple[str, str]:
    return (_("In use"), "green") if device.revoked_at is None else (_("Ended"), "secondary")


class PairForm(OfficeForm):
    """Where a device will stand."""

    def __init__(self, *args: Any, at: Desk, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch_id"] = BranchField(
            at,
            none=_("Any branch"),
            label=_("Where it stands"),
            help_text=_("Staff of another branch cannot sign in at it."),
        )
        self.fields["branch_id"].widget.attrs |= {"class": "form-select", "id": "id_branch_id"}


def pair(desk: Desk) -> HttpResponse:
    """A short code that makes one device a counter."""

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("settings.device_pair") as change:
            row, code = devices.create_pairing(
                business_id=desk.business.pk, branch_id=given["branch_id"], made_by=desk.staff_id
            )
            change.made(row)
        once.keep(desk, _PAIRING, code)
        return desk.to("settings-code")

    return answer(
        desk,
        PairForm,
        title=_("Pair a device"),
        save=save,
        button=_("Make a code"),
        here="settings",
        context={"back": {"url": desk.url("settings-devices"), "label": _("Devices at the counter")}},
        at=desk,
    )


def code(desk: Desk) -> HttpResponse:
    """The code that was made just now. It works once, for ten minutes, and is shown once."""
    made = once.take(desk, _PAIRING)
    if not made:
        return desk.to("settings-devices")
    context = {
        "title": _("Type this code on the device"),
        "here": "settings",
        "back": {"url": desk.url("settings-devices"), "label": _("Devices at the counter")},
        "code": made,
        "counter_url": _counter_url(),
        "counter_qr": picture.qr_code(_counter_url()),
    }
    return desk.page("settings/code", context)


def device(desk: Desk, device_id: int) -> HttpResponse:
    """One device."""
    context = {"here": "settings", "device": _device(device_id), "state": _state(_device(device_id))}
    return desk.page("settings/device", context | {"title": context["device"]})


def _device(device_id: int) -> Device:
    found = Device.objects.select_related("branch", "paired_by").filter(pk=device_id).first()
    if found is None:
        raise NotFound(f"There is no device {device_id}.")
    return found


def end(desk: Desk, device_id: int) -> HttpResponse:
    """End a device at once."""
    found = _device(device_id)
    with desk.changing("settings.device_end", found):
        devices.revoke_device(business_id=desk.business.pk, device_id=device_id)
    text = _("%(name)s is no counter any more.")
    return desk.done(text % {"name": found.name}, "settings-devices")
