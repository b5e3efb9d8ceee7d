"""Customers' pages: what they say and ask, and who may join."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.portal import sites
from regulars.tenants import microsites
from regulars.tenants.models import Microsite
from regulars.tenants.queries import join_url
from regulars.web.office.desk import Desk
from regulars.web.office.forms import OfficeForm, SwitchField, answer

_COLUMNS = (
    "about", "website", "privacy_url", "consent_text", "join_open", "join_contact", "join_asks_birthday",
    "double_opt_in",
)  # fmt: skip
_ORIGINS = "embed_origins"


class PagesForm(OfficeForm):
    """What customers' pages say and ask."""

    sections = (
        (
            gettext_lazy("Joining"),
            gettext_lazy("The page behind the code on your poster."),
            ("join_open", "join_contact", "join_asks_birthday", "double_opt_in", "consent_text"),
        ),
        (gettext_lazy("Your pages"), "", ("about", "website", "privacy_url")),
        (
            gettext_lazy("On your own website"),
            gettext_lazy("Members who come from there see their balance in a frame of your page."),
            (_ORIGINS,),
        ),
    )

    join_open = SwitchField(
        label=gettext_lazy("People may join by themselves"),
        help_text=gettext_lazy("Off: only you and your team make members."),
    )
    join_contact = forms.ChoiceField(
        label=gettext_lazy("What they give"),
        choices=(
            (Microsite.Contact.EITHER, gettext_lazy("A phone number or an e-mail address, as they like")),
            (Microsite.Contact.PHONE, gettext_lazy("A phone number")),
            (Microsite.Contact.EMAIL, gettext_lazy("An e-mail address")),
        ),
        widget=forms.RadioSelect,
    )
    join_asks_birthday = SwitchField(
        label=gettext_lazy("Ask for the birthday"), help_text=gettext_lazy("They may leave it out.")
    )
    double_opt_in = SwitchField(
        label=gettext_lazy("Send offers by e-mail only after a click on a link"),
        help_text=gettext_lazy("Some countries ask for that. Nobody is written to by mistake."),
    )
    consent_text = forms.CharField(
        label=gettext_lazy("What they agree to"),
        help_text=gettext_lazy("Empty: our own words, in each language. Yours are kept with each member."),
        max_length=microsites.MAX_CONSENT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    about = forms.CharField(
        label=gettext_lazy("About you"),
        help_text=gettext_lazy("A few sentences on the start of your pages."),
        max_length=microsites.MAX_ABOUT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    website = forms.CharField(
        label=gettext_lazy("Your website"),
        help_text=gettext_lazy("Such as https://shop.example"),
        max_length=microsites.MAX_URL,
        required=False,
    )
    privacy_url = forms.CharField(
        label=gettext_lazy("Your privacy notice"),
        help_text=gettext_lazy("Such as https://shop.example/privacy"),
        max_length=microsites.MAX_URL,
        required=False,
    )
    embed_origins = forms.CharField(
        label=gettext_lazy("Websites that may show balances"),
        help_text=gettext_lazy("One in each line, such as https://shop.example, without a path."),
        max_length=microsites.MAX_ORIGINS * microsites.MAX_URL,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "ltr"}),
    )


def pages(desk: Desk) -> HttpResponse:
    """What customers' pages say and ask."""
    business = desk.business
    site = microsites.microsite(business.pk)
    initial = {name: getattr(site, name) for name in _COLUMNS}

    def save(given: dict[str, Any]) -> HttpResponse:
        origins = [line.strip() for line in given[_ORIGINS].splitlines() if line.strip()]
        with desk.changing("settings.pages", site if site.pk else None) as change:
            changed = {name: given[name] for name in _COLUMNS}
            change.made(
                microsites.update_microsite(business_id=business.pk, **changed, embed_origins=origins)
            )
        return desk.done(_("Saved."), "settings-pages")

    return answer(
        desk,
        PagesForm,
        title=_("Pages and joining"),
        initial={**initial, _ORIGINS: "\n".join(site.embed_origins)},
        edits=True,
        save=save,
        template="settings/pages",
        here="settings",
        context={
            "addresses": [
                (_("Joining"), join_url(business)),
                (_("Your micro-site"), sites.address(business)),
            ]
        },
    )
