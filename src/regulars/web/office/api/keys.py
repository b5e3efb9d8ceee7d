"""API keys: listed, made and shown once, changed, revoked."""

from __future__ import annotations

from typing import Any, Final, cast

from django import forms
from django.db.models import Case, Q, Value, When
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.requestlog import queries as log
from regulars.rules.errors import NotFound
from regulars.tenants import api_keys, legacy_sso
from regulars.tenants.models import ApiKey
from regulars.web.office import once
from regulars.web.office.api import samples, words
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice
from regulars.web.office.forms import OfficeForm, SwitchField, answer
from regulars.web.office.lists import Action, Column, Empty, Listing

_LATEST: Final = 20
TILL: Final = ("read", "counter")
_REACH: Final = (
    ("till", gettext_lazy("What a till needs: look members up, stamp, enter sales, redeem")),
    ("all", gettext_lazy("Everything")),
    ("own", gettext_lazy("What I choose")),
)


_OVER: Final = Case(When(revoked_at=None, then=Value(0)), default=Value(1))


class KeyForm(OfficeForm):
    """What a key is for."""

    sections = (
        (gettext_lazy("The key"), "", ("name",)),
        (
            gettext_lazy("What it may do"),
            gettext_lazy("Give a key no more than its program needs. You can change this later."),
            ("reach", "scopes"),
        ),
        (gettext_lazy("RPC API"), "", ("rpc_format", "legacy_sso")),
    )

    name = forms.CharField(
        max_length=100,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Where it is used, such as: till at the harbour."),
    )
    reach = forms.ChoiceField(choices=_REACH, widget=forms.RadioSelect, label=gettext_lazy("It may do"))
    scopes = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label=gettext_lazy("Choose")
    )
    rpc_format = forms.ChoiceField(
        choices=list(words.FORMATS.items()),
        label=gettext_lazy("Answers in"),
        help_text=gettext_lazy("When a call of the RPC API does not say."),
    )
    legacy_sso = SwitchField(
        label=gettext_lazy("Signs members in by MD5"),
        help_text=gettext_lazy(
            "For websites made for the original product. The key is then kept, encrypted; "
            "secrets of single sign-on are safer."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.MultipleChoiceField, self.fields["scopes"]).choices = [
            (name, format_html('<b>{}</b><br><span class="quiet">{}</span>', title, text))
            for name, (title, text) in words.SCOPES.items()
        ]

    def clean(self) -> dict[str, Any]:
        """The scopes by what was chosen."""
        values = super().clean() or {}
        reach = values.get("reach")
        if reach == "own" and not values.get("scopes") and "scopes" not in self.errors:
            self.add_error("scopes", _("Choose at least one, or let it do everything."))
        if reach != "own":
            values["scopes"] = list(TILL) if reach == "till" else []
        return values


def keys(desk: Desk) -> HttpResponseBase:
    """All keys, those in use first."""
    return Listing(
        desk,
        title=_("API keys"),
        here="settings",
        rows=ApiKey.objects.annotate(over=_OVER),
        columns=(
            Column(
                "name",
                _("Name"),
                lambda row: row.name,
                link=lambda row: desk.url("api-key", key_id=row.pk),
                sort="name",
            ),
            Column("state", _("State"), words.key_badge, kind="badge"),
            Column("scopes", _("May do"), lambda row: words.told_scopes(row.scopes)),
            Column("prefix", _("Begins with"), lambda row: row.prefix, kind="text", narrow=False),
            Column("used", _("Last used"), lambda row: row.last_used_at, kind="moment", sort="last_used_at"),
            Column(
                "made", _("Made"), lambda row: row.created_at, kind="moment", sort="created_at", narrow=False
            ),
        ),
        search=lambda rows, q: rows.filter(Q(name__icontains=q) | Q(prefix__istartswith=q)),
        search_label=_("Name or beginning of a key"),
        filters=(
            Choice(
                "state",
                _("State"),
                (("used", _("In use")), ("revoked", _("Revoked"))),
                lambda rows, value: rows.filter(revoked_at__isnull=value == "used"),
            ),
        ),
        order=("over", "-pk"),
        empty=Empty(
            _("A key lets a till or a web shop talk to your programme."),
            _("Make a key"),
            desk.url("api-key-new"),
        ),
        actions=(
            Action(_("Try a call"), desk.url("api-start"), primary=False),
            Action(_("Make a key"), desk.url("api-key-new")),
        ),
        template="api/keys",
        context={"start": desk.url("api-start")},
    ).answer()


def _key(pk: int) -> ApiKey:
    row = ApiKey.objects.filter(pk=pk).first()
    if row is None:
        raise NotFound(f"There is no API key {pk}.")
    return row


def _in_use(pk: int) -> ApiKey:
    row = _key(pk)
    if row.revoked_at is not None:
        raise NotFound(f"There is no API key {pk} in use.")
    return row


def new(desk: Desk) -> HttpResponse:
    """Make a key."""

    def save(values: dict[str, Any]) -> HttpResponse:
        with desk.changing("api-key.add") as change:
            row, key = api_keys.create_api_key(
                business=desk.business,
                name=values["name"],
                rpc_format=values["rpc_format"],
                sso=values["legacy_sso"],
                may=values["scopes"],
            )
            change.made(row)
        once.keep(desk, f"key {row.pk}", key)
        return desk.to("api-key-made", key_id=row.pk)

    return answer(
        desk,
        KeyForm,
        title=_("Make an API key"),
        save=save,
        initial={"reach": "till", "rpc_format": "xml"},
        button=_("Make the key"),
        template="api/key_form",
        here="settings",
        context={
            "back": {"url": desk.url("api-keys"), "label": _("API keys")},
            "cancel": desk.url("api-keys"),
        },
    )


def made(desk: Desk, key_id: int) -> HttpResponse:
    """A key just made, shown this once, with a first call."""
    row = _key(key_id)
    key = once.take(desk, f"key {row.pk}")
    may_read = not row.scopes or "read" in row.scopes
    context = {
        "title": row.name,
        "here": "settings",
        "key": row,
        "secret": key,
        "key_url": desk.url("api-key", key_id=row.pk),
        "new": desk.url("api-key-new"),
        "back": {"url": desk.url("api-keys"), "label": _("API keys")},
        "rest": samples.samples("rest", key or samples.PLACEHOLDER) if may_read else [],
        "rpc": samples.samples("rpc", key or samples.PLACEHOLDER),
        "placeholder": samples.PLACEHOLDER,
    }
    return desk.page("api/key_made", context)


def key(desk: Desk, key_id: int) -> HttpResponse:
    """One key: what it may do, and its latest calls."""
    row = _key(key_id)
    calls = list(log.calls(key_id=row.pk)[:_LATEST])
    context = {
        "title": row.name,
        "here": "settings",
        "key": row,
        "badge": words.key_badge(row),
        "scopes": [words.SCOPES[one] for one in row.scopes if one in words.SCOPES],
        "format": words.FORMATS[row.rpc_format],
        "calls": [
            (call, words.told_target(call), words.call_badge(call), words.milliseconds(call.milliseconds))
            for call in calls
        ],
        "more": f"{desk.url('request-log')}?key={row.pk}",
        "start": desk.url("api-start"),
        "sso_url": desk.url("api-key-sso", key_id=row.pk),
        "revoke_url": desk.url("api-key-revoke", key_id=row.pk),
        "back": {"url": desk.url("api-keys"), "label": _("API keys")},
        "actions": []
        if row.revoked_at
        else [Action(_("Change"), desk.url("api-key-edit", key_id=row.pk), primary=False)],
    }
    return desk.page("api/key", context)


def edit(desk: Desk, key_id: int) -> HttpResponse:
    """Change a key in use."""
    row = _in_use(key_id)
    was_on = bool(row.sso_key_sealed)

    def save(values: dict[str, Any]) -> HttpResponse:
        changes = {name: values[name] for name in ("name", "scopes", "rpc_format")}
        if was_on and not values.get("legacy_sso"):
            changes["legacy_sso"] = False
        with desk.changing("api-key.edit", row):
            api_keys.edit_api_key(business_id=desk.business.pk, pk=row.pk, **changes)
        return desk.done(_("Saved. It holds within five seconds."), "api-key", key_id=row.pk)

    reach = "all" if not row.scopes else "till" if tuple(row.scopes) == TILL else "own"
    return answer(
        desk,
        EditForm if was_on else PlainEditForm,
        title=_("Change %(name)s") % {"name": row.name},
        save=save,
        initial={
            "name": row.name,
            "reach": reach,
            "scopes": row.scopes,
            "rpc_format": row.rpc_format,
            "legacy_sso": was_on,
        },
        edits=True,
        template="api/key_form",
        here="settings",
        context={
            "back": {"url": desk.url("api-key", key_id=row.pk), "label": row.name},
            "cancel": desk.url("api-key", key_id=row.pk),
        },
    )


class EditForm(KeyForm):
    """A key that signs members in can only cease to here."""


class PlainEditForm(KeyForm):
    """A key that signs nobody in: what would let it takes the key itself, on another page."""

    legacy_sso = None  # type: ignore[assignment] # Django's way to leave a field out


class SsoForm(OfficeForm):
    """The key itself, without which it cannot sign anybody in."""

    api_key = forms.CharField(
        max_length=100,
        label=gettext_lazy("The key"),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Paste it once. It is kept encrypted, until you switch this off or revoke it."
        ),
    )


def sso(desk: Desk, key_id: int) -> HttpResponse:
    """Let a key sign members in by MD5, as the original product did."""
    row = _in_use(key_id)

    def save(values: dict[str, Any]) -> HttpResponse:
        with desk.changing("api-key.sso", row):
            legacy_sso.switch_on(business=desk.business, key=values["api_key"].strip(), only=row.pk)
        return desk.done(_("The key signs members in now."), "api-key", key_id=row.pk)

    return answer(
        desk,
        SsoForm,
        title=_("Sign members in with %(name)s") % {"name": row.name},
        save=save,
        button=_("Switch it on"),
        template="api/sso_form",
        here="settings",
        context={
            "back": {"url": desk.url("api-key", key_id=row.pk), "label": row.name},
            "cancel": desk.url("api-key", key_id=row.pk),
        },
    )


def revoke(desk: Desk, key_id: int) -> HttpResponse:
    """End a key for good."""
    row = _in_use(key_id)
    with desk.changing("api-key.revoke", row):
        api_keys.revoke_api_key(business=desk.business, pk=row.pk)
    return desk.done(_("The key is revoked. It stops working within five seconds."), "api-keys")


def start(desk: Desk) -> HttpResponse:
    """A first call of both APIs, to be pasted or tried here."""
    context = {
        "title": _("Try a call"),
        "here": "settings",
        "rest": samples.samples("rest"),
        "rpc": samples.samples("rpc"),
        "placeholder": samples.PLACEHOLDER,
        "new": desk.url("api-key-new"),
        "log_url": desk.url("request-log"),
        "has_keys": ApiKey.objects.filter(revoked_at=None).exists(),
        "back": {"url": desk.url("api-keys"), "label": _("API keys")},
    }
    return desk.page("api/start", context)
