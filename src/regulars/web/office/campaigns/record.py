"""The page of one campaign: the letter, what can be done with it, how far it is, what came of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.campaigns import came, letters, queries
from regulars.campaigns.actions import OPEN
from regulars.campaigns.models import Campaign
from regulars.messages.models import Message
from regulars.web import mail
from regulars.web.office import framed
from regulars.web.office.campaigns import told
from regulars.web.office.desk import Desk
from regulars.web.office.lists import Action
from regulars.web.office.tags import money, number

# From so many members on somebody types the campaign's name before it leaves.
MANY = 500


def _campaign(desk: Desk, campaign_id: int) -> Campaign:
    told.check_plan(desk)
    return queries.campaign_by_id(business_id=desk.business.pk, pk=campaign_id)


def page(desk: Desk, campaign_id: int) -> HttpResponse:
    """One campaign."""
    campaign = _campaign(desk, campaign_id)
    ids = {"campaign_id": campaign.pk}
    is_open = campaign.status in OPEN
    context: dict[str, Any] = {
        "title": campaign.name,
        "here": "campaigns",
        "campaign": campaign,
        "state": told.STATES[campaign.status],
        "segment": told.segment(campaign),
        "channel": told.CHANNELS[campaign.channel],
        "back": {"url": desk.url("campaigns"), "label": _("Campaigns")},
        "may_edit": desk.may("campaigns.edit"),
        "is_open": is_open,
        "letter_url": desk.url("campaign-letter", **ids),
        "actions": _actions(desk, campaign, is_open=is_open),
        "urls": {
            name: desk.url(f"campaign-{name}", **ids)
            for name in ("send", "test", "now", "recipients", "cancel")
        },
        "warnings": letters.warnings(campaign) if is_open else [],
    }
    if is_open:
        context |= _before(desk, campaign)
    else:
        context |= _after(desk, campaign)
    return framed.around(desk.page("campaigns/record", context))


def _actions(desk: Desk, campaign: Campaign, *, is_open: bool) -> list[Action]:
    if not desk.may("campaigns.edit"):
        return []
    ids = {"campaign_id": campaign.pk}
    found = [Action(_("Use it again"), desk.url("campaign-copy", **ids), primary=False, post=True)]
    if is_open:
        found.append(Action(_("Change"), desk.url("campaign-edit", draft_id=campaign.pk), primary=False))
    if campaign.status in (Campaign.Status.SENDING, Campaign.Status.SCHEDULED):
        asks = _("Send nothing more of this campaign?")
        found.insert(
            0,
            Action(_("Stop it"), desk.url("campaign-cancel", **ids), primary=False, post=True, confirm=asks),
        )
    return found


def asked(desk: Desk, campaign: Campaign) -> dict[str, Any]:
    """The question before a campaign is sent, and how it is answered: with its name, when it reaches many."""
    reached = _reached(desk, campaign)
    asks = ngettext(
        "Send it to %(count)s member now? What has left cannot be taken back.",
        "Send it to %(count)s members now? What has left cannot be taken back.",
        reached,
    ) % {"count": number(reached)}
    press = ngettext("Send to %(count)s member", "Send to %(count)s members", reached) % {
        "count": number(reached)
    }
    return {
        "reached": reached,
        "asks": asks,
        "press": press,
        "asks_name": campaign.name if reached >= MANY else "",
        "asked": campaign.modified_at.isoformat(),
    }


def _before(desk: Desk, campaign: Campaign) -> dict[str, Any]:
    return {
        **asked(desk, campaign),
        "delete_url": desk.url("campaign-delete", draft_id=campaign.pk),
        "can_test": campaign.channel != Message.Channel.POST,
        "test_to": desk.staff.user.email if campaign.channel == Message.Channel.EMAIL else "",
    }


def _reached(desk: Desk, campaign: Campaign) -> int:
    """How many it reaches now; nobody, where its segment was deleted."""
    if campaign.segment_filter == told.SAVED and campaign.segment_id is None:
        return 0
    return queries.reached_now(
        desk.business,
        channel=campaign.channel,
        segment_filter=campaign.segment_filter,
        segment_id=campaign.segment_id,
    )


def _after(desk: Desk, campaign: Campaign) -> dict[str, Any]:
    outcome = queries.outcome(campaign)
    by_post = campaign.channel == Message.Channel.POST
    figures = [
        (_("Recipients"), campaign.total_recipients, ""),
        (_("On the list") if by_post else _("Sent"), campaign.sent_count, "sent"),
        (_("Failed"), campaign.failed_count, "failed"),
        (_("Left out"), campaign.skipped_count, "skipped"),
        (_("Came back"), outcome.bounced, "bounced"),
    ]
    posted = {"posted_id": campaign.pk}
    listed = desk.url("campaign-recipients", campaign_id=campaign.pk)
    return {
        "figures": [
            (label, value, f"{listed}?status={status}" if status else listed)
            for label, value, status in figures
        ],
        "unsubscribed": outcome.unsubscribed,
        "finding": _finding(campaign, outcome),
        "came": _came(desk, campaign),
        "files": [
            (_("Addresses (CSV)"), desk.url("campaign-addresses-file", **posted)),
            (_("Labels to print (PDF)"), desk.url("campaign-labels-file", **posted)),
        ]
        if by_post and campaign.status == Campaign.Status.SENT and desk.may("data.export")
        else [],
        "progress": _progress(campaign),
    }


def _finding(campaign: Campaign, outcome: queries.Outcome) -> str:
    """What came of it, in a sentence."""
    told_counts = {"sent": number(campaign.sent_count), "all": number(campaign.total_recipients)}
    if campaign.channel == Message.Channel.POST:
        text = ngettext(
            "%(sent)s address is on its list.", "%(sent)s addresses are on its list.", campaign.sent_count
        )
        return text % told_counts
    if not campaign.total_recipients:
        return _("Nobody could be reached when it was sent.")
    text = _("%(sent)s of %(all)s got it.") % told_counts
    if campaign.channel == Message.Channel.EMAIL and mail.unsent():
        text = _("%(sent)s of %(all)s were written, and reached nobody.") % told_counts
    if outcome.unsubscribed:
        text += " " + ngettext(
            "%(count)s of them said no to more.", "%(count)s of them said no to more.", outcome.unsubscribed
        ) % {"count": number(outcome.unsubscribed)}
    return text


def _came(desk: Desk, campaign: Campaign) -> list[str]:
    """Who of those who got it came since, and before, in sentences; empty where there is nothing to tell."""
    found = came.came_of(campaign)
    if found is None or campaign.finished_at is None:
        return []
    currency = desk.business.currency
    counts = {
        "all": number(found.looked_at),
        "came": number(found.after.came),
        "sales": money(found.after.sales, currency),
    }
    earlier = {"came": number(found.before.came), "sales": money(found.before.sales, currency)}
    if found.over:
        text = _("In the 14 days after it, %(came)s of %(all)s came; their purchases came to %(sales)s.")
        before = _("In the 14 days before it, %(came)s of them came, for %(sales)s.")
    else:
        text = _("Since it was sent, %(came)s of %(all)s came; their purchases came to %(sales)s so far.")
        before = _("In as long a time before it, %(came)s of them came, for %(sales)s.")
    said = [text % counts, before % earlier, _("Whether they came because of it, figures cannot tell.")]
    if found.looked_at < campaign.sent_count and found.looked_at == came.MOST:
        said.append(_("Counted for the first %(all)s who got it.") % counts)
    return said


def _progress(campaign: Campaign) -> dict[str, Any]:
    done = campaign.sent_count + campaign.failed_count + campaign.skipped_count
    sending = campaign.finished_at is None and campaign.sent_at is not None
    text = _("%(done)s of %(total)s have left.") % {
        "done": number(done),
        "total": number(campaign.total_recipients),
    }
    return {
        "done": done,
        "total": campaign.total_recipients,
        "state": "running" if sending else "ready",
        "text": text,
    }


def now(desk: Desk, campaign_id: int) -> HttpResponse:
    """How far its sending is, for the script of the page."""
    return JsonResponse(_progress(_campaign(desk, campaign_id)))


def letter(desk: Desk, campaign_id: int) -> HttpResponse:
    """What is in the frame: the letter as somebody made up gets it."""
    campaign = _campaign(desk, campaign_id)
    rendered = letters.sample(
        business=desk.business, subject=campaign.subject, body=campaign.message, channel=campaign.channel
    )
    return framed.letter(rendered, channel=campaign.channel)
