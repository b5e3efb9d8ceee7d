"""All campaigns, and to whom one of them went."""

from __future__ import annotations

from typing import Any, Final

from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.campaigns.models import Campaign
from regulars.campaigns.queries import campaign_by_id
from regulars.messages.models import NOT_SENT, Message
from regulars.web.office.campaigns import told
from regulars.web.office.desk import Desk
from regulars.web.office.filters import Choice
from regulars.web.office.lists import Action, Column, Empty, Listing, Rows

# What became of one message, with its colour.
OUTCOMES: Final[dict[str, tuple[str | Promise, str]]] = {
    Message.Status.QUEUED.value: (gettext_lazy("Waiting"), "secondary"),
    Message.Status.SENDING.value: (gettext_lazy("Being sent"), "warning"),
    Message.Status.SENT.value: (gettext_lazy("Sent"), "success"),
    Message.Status.FAILED.value: (gettext_lazy("Failed"), "danger"),
    Message.Status.SKIPPED.value: (gettext_lazy("Left out"), "secondary"),
    Message.Status.BOUNCED.value: (gettext_lazy("Came back"), "danger"),
}


def campaigns(desk: Desk) -> HttpResponseBase:
    """All campaigns, newest first."""
    told.check_plan(desk)
    new = Action(_("New campaign"), desk.url("campaign-new"))
    states = [(state, label) for state, (label, _colour) in told.STATES.items()]
    return Listing(
        desk,
        title=_("Campaigns"),
        here="campaigns",
        rows=told.rows(),
        columns=(
            Column(
                "name",
                _("Name"),
                lambda row: row.name,
                link=lambda row: desk.url("campaign", campaign_id=row.pk),
                sort="name",
            ),
            Column("status", _("State"), lambda row: told.STATES[row.status], kind="badge"),
            Column("segment", _("To"), told.segment),
            Column("channel", _("By"), lambda row: told.CHANNELS[row.channel], narrow=False),
            Column("recipients", _("Recipients"), _recipients, kind="number"),
            Column(
                "sent",
                _("Sent"),
                lambda row: row.sent_count if row.sent_at else None,
                kind="number",
                narrow=False,
            ),
            Column(
                "when", _("When"), lambda row: row.sent_at or row.scheduled_at, kind="moment", sort="sent_at"
            ),
        ),
        search=lambda rows, q: rows.filter(name__icontains=q) | rows.filter(subject__icontains=q),
        search_label=_("Name or subject"),
        filters=(
            Choice("status", _("State"), states, lambda rows, value: rows.filter(status=value)),
            Choice(
                "channel",
                _("By"),
                list(told.CHANNELS.items()),
                lambda rows, value: rows.filter(channel=value),
            ),
        ),
        empty=Empty(
            _("A campaign is one letter to many members: news, an offer, a reason to come back."),
            new.label if desk.may("campaigns.edit") else "",
            new.url,
        ),
        actions=(new,) if desk.may("campaigns.edit") else (),
        export="campaigns",
    ).answer()


def _recipients(row: Campaign) -> int | None:
    return row.total_recipients if row.sent_at else None


def recipients(desk: Desk, campaign_id: int) -> HttpResponseBase:
    """To whom a campaign went, in the order of queueing, and what became of each message."""
    told.check_plan(desk)
    campaign = campaign_by_id(business_id=desk.business.pk, pk=campaign_id)
    return Listing(
        desk,
        title=_("Recipients"),
        here="campaigns",
        rows=Message.objects.select_related("member").filter(campaign_id=campaign.pk),
        columns=(
            Column("member", _("Member"), _name, link=lambda row: member_url(desk, row)),
            Column("code", _("Code"), lambda row: row.member.code if row.member else "", narrow=False),
            Column("status", _("State"), lambda row: OUTCOMES[row.status], kind="badge"),
            Column("reason", _("Why"), lambda row: row.reason, narrow=False),
            Column("sent_at", _("Sent"), lambda row: row.sent_at, kind="moment"),
            Column("unsubscribed_at", _("Said no to more"), lambda row: row.unsubscribed_at, kind="moment"),
        ),
        search=lambda rows, q: rows.filter(member__name__icontains=q),
        search_label=_("Name"),
        filters=(outcome_filter(),),
        order=("pk",),
        empty=Empty(_("It was not sent yet. Whoever gets it will stand here.")),
        export=f"campaign-{campaign.pk}-recipients",
        context={
            "back": {"url": desk.url("campaign", campaign_id=campaign.pk), "label": campaign.name},
        },
    ).answer()


def outcome_filter() -> Choice:
    """Messages by what became of them."""
    states = [(state, label) for state, (label, _colour) in OUTCOMES.items()]
    return Choice("status", _("State"), states, _of_outcome)


def _of_outcome(rows: Rows, value: str) -> Rows:
    if value in (Message.Status.FAILED, Message.Status.SKIPPED, Message.Status.BOUNCED):
        rows = rows.filter(NOT_SENT)  # so that the index is used, in which are those alone
    return rows.filter(status=value)


def _name(row: Message) -> Any:
    return _("(erased)") if row.member is None else row.member.name or row.member.code


def member_url(desk: Desk, row: Message) -> str:
    """The page of the member to whom a message goes; empty for whoever is none, or may not be looked at."""
    if row.member_id is None or not desk.may("members.view"):
        return ""
    return desk.url("member", member_id=row.member_id)
