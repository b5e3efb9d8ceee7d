"""Single sign-on: with what a shop's own website signs its members in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.portal import sites, sso_secrets
from regulars.portal.models import SsoSecret
from regulars.rules.errors import NotFound
from regulars.tenants import legacy_sso, queries
from regulars.tenants.models import ApiKey
from regulars.web.office import once
from regulars.web.office.desk import Desk
from regulars.web.office.forms import OfficeForm, answer

_SECRET = "sso"  # noqa: S105 - what is kept, not itself


class KeyForm(OfficeForm):
    """The key that is to sign members in."""

    api_key = forms.CharField(
        label=gettext_lazy("API key"),
        help_text=gettext_lazy("The whole key. It is kept encrypted as long as this is on."),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}),
    )


def page(desk: Desk) -> HttpResponse:
    """Secrets, and the switch for the older way; with a key, the switch is turned on."""
    business = desk.business
    known = [key for key in queries.api_keys(business) if key.revoked_at is None]

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("settings.sso_legacy_on") as change:
            change.made(legacy_sso.switch_on(business=business, key=given["api_key"].strip()))
        return desk.done(_("This key signs members in now."), "settings-sso")

    return answer(
        desk,
        KeyForm,
        title=_("Single sign-on"),
        save=save,
        button=_("Switch it on"),
        template="settings/sso",
        here="settings",
        context={
            "secrets": sso_secrets.all_secrets(business_id=business.pk),
            "most": sso_secrets.MOST,
            "keys": [key for key in known if key.sso_key_sealed],
            "site_url": sites.address(business),
        },
    )


def new(desk: Desk) -> HttpResponse:
    """Make a secret."""
    with desk.changing("settings.sso_secret_add") as change:
        row, secret = sso_secrets.create_secret(business=desk.business)
        change.made(row)
    once.keep(desk, _SECRET, secret)
    return desk.to("settings-sso-secret")


def shown(desk: Desk) -> HttpResponse:
    """The secret that was made just now, once."""
    secret = once.take(desk, _SECRET)
    if not secret:
        return desk.to("settings-sso")
    context = {
        "title": _("Your new secret"),
        "here": "settings",
        "back": {"url": desk.url("settings-sso"), "label": _("Single sign-on")},
        "secret": secret,
    }
    return desk.page("settings/secret", context)


def revoke(desk: Desk, secret_id: int) -> HttpResponse:
    """End a secret, and the sessions that it began."""
    found = SsoSecret.objects.filter(pk=secret_id).first()
    if found is None:
        raise NotFound(f"There is no secret {secret_id}.")
    with desk.changing("settings.sso_secret_revoke", found):
        sso_secrets.revoke_secret(business_id=desk.business.pk, pk=secret_id)
    return desk.done(_("The secret is revoked."), "settings-sso")


def legacy_off(desk: Desk, key_id: int) -> HttpResponse:
    """Let a key sign nobody in any more; it goes on working for calls."""
    key = ApiKey.objects.filter(pk=key_id).first()
    if key is None:
        raise NotFound(f"There is no key {key_id}.")
    with desk.changing("settings.sso_legacy_off", key):
        legacy_sso.switch_off(business=desk.business, prefix=key.prefix)
    return desk.done(_("This key signs nobody in any more."), "settings-sso")
