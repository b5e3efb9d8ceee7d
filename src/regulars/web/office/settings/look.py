"""How the business looks and answers, with a customer's card beside it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.rules.errors import InvalidInput
from regulars.tenants import actions, logos
from regulars.web import look as looks
from regulars.web.office import framed
from regulars.web.office.desk import Desk
from regulars.web.office.forms import ColourField, OfficeForm, answer


class LookForm(OfficeForm):
    """Colour, logo, and where answers go."""

    sections = (
        (
            gettext_lazy("Colour and logo"),
            gettext_lazy("On cards, customers' pages, e-mails and everything that you print."),
            ("accent_color", "logo"),
        ),
        (gettext_lazy("Answers"), "", ("reply_to",)),
    )

    accent_color = ColourField(
        label=gettext_lazy("Your colour"),
        help_text=gettext_lazy("What is written on it stays readable by itself, by day and by night."),
    )
    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        help_text=gettext_lazy("PNG, JPEG, WebP or GIF, at most 2 MB. A square one looks best."),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )
    reply_to = forms.EmailField(
        label=gettext_lazy("Answers to your e-mails go to"),
        help_text=gettext_lazy("Empty: customers cannot answer."),
        max_length=254,
        required=False,
    )


def look(desk: Desk) -> HttpResponse:
    """Colour, logo and answers."""
    business = desk.business

    def save(given: dict[str, Any]) -> HttpResponse:
        with desk.changing("settings.look", business) as change:
            actions.update_look(
                business_id=business.pk, accent_color=given["accent_color"], reply_to=given["reply_to"]
            )
            if given["logo"] is not None:
                _set_logo(business.pk, given["logo"].read(logos.MOST_BYTES + 1))
                change.note(logo=True)
        return desk.done(_("Saved. Customers see it at once."), "settings-look")

    page = answer(
        desk,
        LookForm,
        title=_("Look"),
        initial={"accent_color": business.accent_color, "reply_to": business.reply_to},
        edits=True,
        save=save,
        template="settings/look",
        here="settings",
        context={"preview": True, "logo": looks.logo_url(business, size=128)},
    )
    return framed.around(page)


def _set_logo(business_id: int, data: bytes) -> None:
    try:
        logos.set_logo(business_id=business_id, data=data)
    except InvalidInput as refusal:
        raise InvalidInput(refusal.message, fields={"logo": refusal.message}) from refusal


def remove_logo(desk: Desk) -> HttpResponse:
    """Take the logo away; the initial stands in its place."""
    with desk.changing("settings.logo_remove", desk.business):
        logos.remove_logo(business_id=desk.business.pk)
    return desk.done(_("The logo is gone."), "settings-look")
