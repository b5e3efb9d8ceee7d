"""Writing a campaign: to whom, by what, in which words, when. The letter is shown while it is written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.campaigns import actions, letters, queries
from regulars.campaigns.checks import MAX_RATE, MESSAGE_LENGTH, NAME_LENGTH, SUBJECT_LENGTH
from regulars.campaigns.models import Campaign
from regulars.messages.channels import sms
from regulars.messages.kinds import CAMPAIGN
from regulars.rules.errors import InvalidInput, NotFound
from regulars.web.office import framed
from regulars.web.office.campaigns import told
from regulars.web.office.desk import Desk
from regulars.web.office.forms import MomentField, OfficeForm, WholeField, answer
from regulars.web.office.forms import told as told_refusal

_BY_HAND, _AT = "hand", "at"
_SHOWN_WHEN = {
    "subject": "channel=email",
    "scheduled_at": f"when={_AT}",
    "rate_per_minute": "channel=email|sms",
}


class CampaignForm(OfficeForm):
    """A campaign."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Only your team sees it."),
        max_length=NAME_LENGTH,
    )
    segment = forms.ChoiceField(label=gettext_lazy("To"))
    channel = forms.ChoiceField(label=gettext_lazy("By"), widget=forms.RadioSelect)
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=SUBJECT_LENGTH, required=False)
    message = forms.CharField(
        label=gettext_lazy("Message"), max_length=MESSAGE_LENGTH, widget=forms.Textarea(attrs={"rows": 10})
    )
    when = forms.ChoiceField(
        label=gettext_lazy("When it is sent"),
        choices=(
            (_BY_HAND, gettext_lazy("When I press Send")),
            (_AT, gettext_lazy("By itself, at a time")),
        ),
        widget=forms.RadioSelect,
    )
    scheduled_at = MomentField(label=gettext_lazy("Day and time"), required=False)
    rate_per_minute = WholeField(
        1,
        MAX_RATE,
        label=gettext_lazy("Messages a minute, at most"),
        help_text=gettext_lazy("Leave it empty to send as fast as your mail server takes them."),
        required=False,
    )

    sections = (
        (gettext_lazy("Who gets it"), "", ("segment", "channel")),
        (gettext_lazy("What it says"), "", ("name", "subject", "message")),
        (gettext_lazy("When"), "", ("when", "scheduled_at", "rate_per_minute")),
    )

    def __init__(self, *args: Any, at: Desk, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = str(self["segment"].value() or "")
        self.fields["segment"].choices = told.segment_choices(at, chosen)  # type: ignore[attr-defined]
        channels = [item for item in told.CHANNELS.items() if item[0] != "sms" or sms.available()]
        self.fields["channel"].choices = channels  # type: ignore[attr-defined]
        # What is only asked for sometimes: see office/_field.html.
        for name, when in _SHOWN_WHEN.items():
            self.fields[name].shown_when = when  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A time is needed by those that are sent at a time, and left by others."""
        clean = super().clean() or self.cleaned_data
        if clean.get("when") == _AT:
            if clean.get("scheduled_at") is None and "scheduled_at" not in self.errors:
                self.add_error("scheduled_at", _("Choose the day and the time."))
        else:
            clean["scheduled_at"] = None
        return clean


def _given(clean: dict[str, Any]) -> dict[str, Any]:
    given = {
        name: clean[name]
        for name in ("name", "subject", "message", "channel", "scheduled_at", "rate_per_minute")
    }
    return given | told.segment_given(clean["segment"])


def _answer(desk: Desk, campaign: Campaign | None, *, initial: dict[str, Any], title: str) -> HttpResponse:
    told.check_plan(desk)

    def save(clean: dict[str, Any]) -> HttpResponse:
        business_id = desk.business.pk
        if campaign is None:
            with desk.changing("campaign.add") as change:
                kept = actions.create_campaign(business_id=business_id, **_given(clean))
                change.made(kept)
        else:
            with desk.changing("campaign.edit", campaign):
                kept = actions.edit_campaign(business_id=business_id, pk=campaign.pk, **_given(clean))
        return desk.done(_("The campaign is saved."), "campaign", campaign_id=kept.pk)

    back = {"url": desk.url("campaigns"), "label": _("Campaigns")}
    if campaign is not None:
        back = {"url": desk.url("campaign", campaign_id=campaign.pk), "label": campaign.name}
    return framed.around(
        answer(
            desk,
            CampaignForm,
            title=title,
            save=save,
            initial=initial,
            edits=campaign is not None,
            button=_("Save"),
            template="campaigns/compose",
            names={"segment_filter": "segment", "segment_id": "segment"},
            here="campaigns",
            context={
                "back": back,
                "cancel": back["url"],
                "preview": True,
                "preview_url": desk.url("campaign-preview"),
                "count_url": desk.url("campaign-count-now"),
                "placeholders": CAMPAIGN.placeholders,
            },
            at=desk,
        )
    )


def new(desk: Desk) -> HttpResponse:
    """Write a new one."""
    message = _("Hello {first_name|there},\n\n")
    initial = {"segment": "all", "channel": "email", "when": _BY_HAND, "message": message}
    return _answer(desk, None, initial=initial, title=_("New campaign"))


def edit(desk: Desk, draft_id: int) -> HttpResponse:
    """Change one that was not sent."""
    campaign = queries.campaign_by_id(business_id=desk.business.pk, pk=draft_id)
    if campaign.status not in actions.OPEN:
        text = _("Only a draft can be changed. Use this one again to write a new one.")
        return desk.sorry(text, "campaign", campaign_id=campaign.pk)
    initial = {
        "name": campaign.name,
        "segment": told.segment_value(campaign),
        "channel": campaign.channel,
        "subject": campaign.subject,
        "message": campaign.message,
        "when": _AT if campaign.scheduled_at else _BY_HAND,
        "scheduled_at": campaign.scheduled_at,
        "rate_per_minute": campaign.rate_per_minute,
    }
    return _answer(desk, campaign, initial=initial, title=_("Change the campaign"))


def count(desk: Desk) -> HttpResponse:
    """How many members a campaign would reach now, for the form."""
    channel = desk.get.get("channel", "email")
    value = desk.get.get("segment", "all")
    found: dict[str, Any] = {"count": None}
    if channel in told.CHANNELS:
        try:
            reached = queries.reached_now(desk.business, channel=channel, **told.segment_given(value))
            found = {"count": reached, "meaning": told.segment_meaning(value), "channel": channel}
        except (InvalidInput, NotFound):
            pass  # the form says so when it is sent
    return desk.page("campaigns/_count", found)


def preview(desk: Desk) -> HttpResponse:
    """What is in the frame beside the form: the letter in the words that stand there now."""
    channel = desk.post.get("channel", "email")
    if channel not in told.CHANNELS:
        channel = "email"
    subject, message = (desk.post.get(name, "").replace("\0", "") for name in ("subject", "message"))
    try:
        rendered = letters.sample(
            business=desk.business,
            subject=subject[:SUBJECT_LENGTH],
            body=message[:MESSAGE_LENGTH],
            channel=channel,
        )
    except InvalidInput as refusal:
        return framed.problem(told_refusal(refusal))
    return framed.letter(rendered, channel=channel)
