"""A member's card: its code and link, sending it, and another one in its place."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms as django_forms
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.ledger import printed
from regulars.ledger.models import Card
from regulars.members.queries import member_by_id
from regulars.messages.actions import queue_message
from regulars.rules.errors import InvalidInput, NotFound
from regulars.web import mail
from regulars.web.member.picture import qr_code
from regulars.web.office import forms
from regulars.web.office.desk import Desk
from regulars.web.office.forms import OfficeForm

WELCOME = "welcome"


class ReplaceForm(OfficeForm):
    """A printed card to give in place of the one that is lost."""

    qr_code = django_forms.CharField(
        label=gettext_lazy("Code of a printed card"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Empty: a new code. What lies on the card stays; the old code stops at once."),
    )


def page(desk: Desk, member_id: int) -> HttpResponse:
    """The card, and the form that replaces it."""
    member = member_by_id(business_id=desk.business.pk, member_id=member_id)
    card = Card.objects.get(pk=member.pk)
    url = f"{settings.REGULARS_PUBLIC_URL}/card/{card.qr_code}"
    back = desk.url("member", member_id=member.pk)

    def save(said: dict[str, Any]) -> HttpResponse:
        code = said["qr_code"].strip().rstrip("/").rpartition("/")[2]
        try:
            with desk.changing("member.card-replaced", card, member_id=member.pk):
                printed.replace_card(business_id=desk.business.pk, member_id=member.pk, qr_code=code)
        except NotFound as refusal:
            raise InvalidInput(refusal.message, fields={"qr_code": refusal.message}) from refusal
        return desk.done(_("The card has another code now"), "member-card", member_id=member.pk)

    return forms.answer(
        desk,
        ReplaceForm,
        title=_("Card of %(name)s") % {"name": member.name},
        save=save,
        button=_("Replace the card"),
        template="members/card",
        here="members",
        context={
            "member": member,
            "card": card,
            "card_url": url,
            "qr": qr_code(url),
            "back": {"url": back, "label": member.name},
            "send_url": desk.url("member-card-send", member_id=member.pk),
        },
    )


def send(desk: Desk, member_id: int) -> HttpResponse:
    """Send the member the message that has the link to their card."""
    member = member_by_id(business_id=desk.business.pk, member_id=member_id)
    ids = {"member_id": member.pk}
    if not member.email:
        return desk.sorry(_("They have no e-mail address."), "member-card", **ids)
    if member.suspended or member.optout_email:
        return desk.sorry(_("They want no e-mail, or are suspended."), "member-card", **ids)
    with transaction.atomic(), desk.changing("member.card-sent", member_id=member.pk) as change:
        queue_message(
            business_id=desk.business.pk,
            kind=WELCOME,
            key=f"{WELCOME}:again:{uuid.uuid4().hex}",
            member_id=member.pk,
        )
        change.note(kind=WELCOME)
    text = _("The card is on its way to %(address)s") % {"address": member.email}
    return desk.done(mail.told(text, to=member.email), "member-card", **ids)
