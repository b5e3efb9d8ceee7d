"""Campaigns in words."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.campaigns.models import Campaign
from regulars.members.segments import saved_segments
from regulars.rules.segments import SEGMENTS
from regulars.tenants.plans import check_feature, plan_of
from regulars.web.office.desk import Desk
from regulars.web.office.digits import whole

Text = str | Promise
SAVED: Final = Campaign.Segment.SAVED.value

STATES: Final[dict[str, tuple[Text, str]]] = {
    Campaign.Status.DRAFT.value: (_("Draft"), "secondary"),
    Campaign.Status.SCHEDULED.value: (_("Scheduled"), "primary"),
    Campaign.Status.SENDING.value: (_("Being sent"), "warning"),
    Campaign.Status.SENT.value: (_("Sent"), "success"),
    Campaign.Status.CANCELLED.value: (_("Cancelled"), "secondary"),
}
CHANNELS: Final[dict[str, Text]] = {
    "email": _("E-mail"),
    "sms": _("Text message"),
    "post": _("Letter by post"),
}
SEGMENT_LABELS: Final[dict[str, Text]] = {
    "all": _("Everybody"),
    "active_30d": _("Active lately"),
    "near_reward": _("Close to a reward"),
    "inactive_60d": _("Not seen for long"),
}
SEGMENT_MEANINGS: Final[dict[str, Text]] = {
    "all": _("All members"),
    "active_30d": _("Members with a stamp or a redeemed reward in the last 30 days"),
    "near_reward": _("Members who lack one stamp, or at most a fifth of the card"),
    "inactive_60d": _("Members of more than 60 days without a stamp or a redeemed reward in the last 60"),
}
assert set(SEGMENT_LABELS) == set(SEGMENT_MEANINGS) == set(SEGMENTS)  # noqa: S101 - a table is complete


def rows() -> QuerySet[Campaign]:
    """The business's campaigns, with what their lists tell of."""
    return Campaign.objects.select_related("segment")


def segment(campaign: Campaign) -> Text:
    """To whom a campaign goes."""
    if campaign.segment_filter != SAVED:
        return SEGMENT_LABELS[campaign.segment_filter]
    return campaign.segment.name if campaign.segment is not None else _("A segment that was deleted")


def segment_choices(desk: Desk, chosen: str) -> list[Any]:
    """All segments that a campaign may go to: ours, then those that the business saved.

    Where the `chosen` one is gone, the first choice is none: a browser would take the first one, everybody.
    """
    ours: list[Any] = list(SEGMENT_LABELS.items())
    saved = [(f"{SAVED}:{one.pk}", one.name) for one in saved_segments(business_id=desk.business.pk)]
    if chosen not in {value for value, _label in [*ours, *saved]}:
        ours.insert(0, ("", _("The segment was deleted: choose")))
    return [*ours, (_("Saved segments"), saved)] if saved else ours


def segment_value(campaign: Campaign) -> str:
    """A campaign's segment as one of the choices."""
    saved = campaign.segment_filter == SAVED
    return f"{SAVED}:{campaign.segment_id or 0}" if saved else campaign.segment_filter


def segment_given(value: str) -> dict[str, Any]:
    """One of the choices as actions take it."""
    name, _colon, text = value.partition(":")
    if name == SAVED and (number := whole(text)) is not None:
        return {"segment_filter": SAVED, "segment_id": number}
    return {"segment_filter": value}


def segment_meaning(value: str) -> Text:
    """What one of the choices means; a saved one says so by its name."""
    return SEGMENT_MEANINGS.get(value, "")


def check_plan(desk: Desk) -> None:
    """Refuse where the business's plan has no campaigns.

    Raises:
        PlanRequired: it has none; the message names the plans that have.
    """
    check_feature(plan_of(desk.business), "campaigns")
