"""A campaign once more: a new draft with the words of an earlier one."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django_scopes import scope

from regulars.campaigns.actions import create_campaign
from regulars.campaigns.checks import NAME_LENGTH
from regulars.campaigns.models import Campaign
from regulars.campaigns.queries import campaign_by_id


def copy_campaign(*, business_id: int, pk: int, name: str = "") -> Campaign:
    """Draft a campaign like another one, in whatever state that is, under a `name` or its own and a number.

    Where the saved segment was deleted, the copy has none either: it goes to nobody before it gets one.

    Raises:
        NotFound: the business has no such campaign.
        InvalidInput: the name is unusable.
    """
    first = campaign_by_id(business_id=business_id, pk=pk)
    given: dict[str, Any] = {
        "name": name or _numbered(first.name),
        "subject": first.subject,
        "message": first.message,
        "channel": first.channel,
        "rate_per_minute": first.rate_per_minute,
    }
    if first.segment_filter != Campaign.Segment.SAVED:
        given["segment_filter"] = first.segment_filter
    elif first.segment_id is not None:
        given["segment_id"] = first.segment_id
    with transaction.atomic(), scope(business=business_id):
        made = create_campaign(business_id=business_id, **given)
        if made.segment_filter != first.segment_filter:
            made.segment_filter = first.segment_filter
            made.save(update_fields=["segment_filter"])
    return made


def _numbered(name: str) -> str:
    """The name with the next number: "Spring" is "Spring 2", and that is "Spring 3"."""
    words, _, last = name.rpartition(" ")
    if words and last.isascii() and last.isdigit() and len(last) <= 4:  # noqa: PLR2004 - no number of years
        name, number = words, int(last) + 1
    else:
        number = 2
    end = f" {number}"
    return name[: NAME_LENGTH - len(end)] + end
