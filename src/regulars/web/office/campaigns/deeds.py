"""What is done with a campaign: tried, sent, stopped, used again, deleted, printed."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import IO, Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars import spool
from regulars.campaigns import actions, queries
from regulars.campaigns.copies import copy_campaign
from regulars.campaigns.models import Campaign
from regulars.messages.channels import labels, post
from regulars.messages.models import Message
from regulars.rules.errors import Conflict, InvalidInput
from regulars.web import mail
from regulars.web.office.campaigns import record, told
from regulars.web.office.desk import Desk
from regulars.web.office.forms import told as told_refusal
from regulars.web.office.tags import number as shown


def _campaign(desk: Desk, campaign_id: int) -> Campaign:
    told.check_plan(desk)
    return queries.campaign_by_id(business_id=desk.business.pk, pk=campaign_id)


def test(desk: Desk, campaign_id: int) -> HttpResponse:
    """Send it to an address of one's own."""
    campaign = _campaign(desk, campaign_id)
    try:
        with desk.changing("campaign.test", campaign) as change:
            to = actions.send_test(business_id=desk.business.pk, pk=campaign.pk, to=desk.post.get("to", ""))
            change.note(channel=campaign.channel)
    except (InvalidInput, Conflict) as refusal:
        return desk.sorry(told_refusal(refusal), "campaign", campaign_id=campaign.pk)
    text = _("A test is on its way to %(to)s.") % {"to": to}
    if campaign.channel == Message.Channel.EMAIL:
        text = mail.told(text, to=to)
    return desk.done(text, "campaign", campaign_id=campaign.pk)


def send(desk: Desk, campaign_id: int) -> HttpResponse:
    """Send it to all whom it reaches now, once somebody said yes to it as it is."""
    campaign = _campaign(desk, campaign_id)
    if campaign.status in actions.OPEN:
        question = record.asked(desk, campaign)
        if question["reached"] and not _agreed(desk, campaign, question):
            return _ask(desk, campaign, question)
    with desk.changing("campaign.send", campaign) as change:
        reached = actions.send_campaign(
            business_id=desk.business.pk, pk=campaign.pk, as_of=campaign.modified_at
        )
        change.note(recipients=reached)
    text = ngettext(
        "It is on its way to %(count)s member.", "It is on its way to %(count)s members.", reached
    ) % {"count": shown(reached)}
    return desk.done(text, "campaign", campaign_id=campaign.pk)


def _agreed(desk: Desk, campaign: Campaign, question: dict[str, Any]) -> bool:
    """Whether the question was answered for the campaign as it is now; a script asks it, or a page."""
    typed = " ".join(desk.post.get("confirmed", "").split())
    name = " ".join(question["asks_name"].split())
    return desk.post.get("asked") == question["asked"] and (typed == name if name else bool(typed))


def _ask(desk: Desk, campaign: Campaign, question: dict[str, Any]) -> HttpResponse:
    back = {"url": desk.url("campaign", campaign_id=campaign.pk), "label": campaign.name}
    context = {
        **question,
        "title": _("Send the campaign"),
        "here": "campaigns",
        "back": back,
        "cancel": back["url"],
        "button": question["press"],
        "was_changed": desk.post.get("asked", question["asked"]) != question["asked"],
        "is_wrong": bool(desk.post.get("confirmed")),
    }
    return desk.page("campaigns/send", context, HTTPStatus.BAD_REQUEST)


def cancel(desk: Desk, campaign_id: int) -> HttpResponse:
    """Send nothing more of it."""
    campaign = _campaign(desk, campaign_id)
    with desk.changing("campaign.cancel", campaign):
        actions.cancel_campaign(business_id=desk.business.pk, pk=campaign.pk)
    return desk.done(_("Nothing more of it is sent."), "campaign", campaign_id=campaign.pk)


def copy(desk: Desk, campaign_id: int) -> HttpResponse:
    """Begin a new draft with the same words."""
    campaign = _campaign(desk, campaign_id)
    with desk.changing("campaign.add") as change:
        made = copy_campaign(business_id=desk.business.pk, pk=campaign.pk)
        change.made(made)
    return desk.to("campaign-edit", draft_id=made.pk)


def delete(desk: Desk, draft_id: int) -> HttpResponse:
    """Delete a draft."""
    campaign = _campaign(desk, draft_id)
    with desk.changing("campaign.delete", campaign):
        actions.delete_campaign(business_id=desk.business.pk, pk=campaign.pk)
    return desk.done(_("The campaign is deleted."), "campaigns")


def addresses(desk: Desk, posted_id: int) -> HttpResponseBase:
    """The addresses of a campaign by post, as a list."""
    campaign = _campaign(desk, posted_id)
    members = queries.letters_to(business_id=desk.business.pk, pk=campaign.pk)
    return _file(
        desk,
        campaign,
        f"campaign-{campaign.pk}.csv",
        "text/csv; charset=utf-8",
        lambda file: file.writelines(line.encode() for line in post.addresses_csv(members)),
    )


def labels_pdf(desk: Desk, posted_id: int) -> HttpResponseBase:
    """The addresses of a campaign by post, as labels to print."""
    campaign = _campaign(desk, posted_id)
    members = queries.letters_to(business_id=desk.business.pk, pk=campaign.pk)
    return _file(
        desk,
        campaign,
        f"campaign-{campaign.pk}.pdf",
        "application/pdf",
        lambda file: labels.labels_pdf(members=members, country=desk.business.country, file=file),
    )


def _file(
    desk: Desk, campaign: Campaign, name: str, kind: str, write: Callable[[IO[bytes]], object]
) -> HttpResponseBase:
    response = spool.answer(write, content_type=kind)
    with desk.changing("campaign.addresses-exported", campaign) as change:
        change.note(file=name)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
