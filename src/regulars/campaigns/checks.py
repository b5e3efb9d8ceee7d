"""What a campaign's fields may hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django_scopes import scope

from regulars.campaigns.models import Campaign
from regulars.members.models import SavedSegment
from regulars.messages.kinds import CAMPAIGN
from regulars.messages.letter import check_words
from regulars.messages.models import Message
from regulars.rules import segments, values
from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_line, clean_text
from regulars.tenants.queries import own

NAME_LENGTH = 200
SUBJECT_LENGTH = 200
MESSAGE_LENGTH = 20_000
SMS_LENGTH = 1_000
MAX_RATE = 100_000
MOST_AHEAD = dt.timedelta(days=366)

FIELDS = (
    "name",
    "subject",
    "message",
    "segment_filter",
    "segment_id",
    "channel",
    "rate_per_minute",
    "scheduled_at",
)


def check(campaign: Campaign, given: Mapping[str, Any], *, now: dt.datetime) -> None:
    """Put the given fields into a campaign, which is checked as a whole and not stored.

    Raises:
        InvalidInput: a value is unusable, or they do not fit each other; the field is named.
        NotFound: the business has no such saved segment.
    """
    for field in given:
        if field not in FIELDS:
            raise InvalidInput.at(field, "is not a field of a campaign")
    if "scheduled_at" in given:
        campaign.scheduled_at = _later(given["scheduled_at"], now)
    if "rate_per_minute" in given:
        campaign.rate_per_minute = _rate(given["rate_per_minute"])
    _check_segment(campaign, given)
    campaign.channel = _channel(given.get("channel", campaign.channel))
    campaign.name = clean_line(
        given.get("name", campaign.name), field="name", max_length=NAME_LENGTH, required=True
    )
    _check_words(campaign, given)


def _check_segment(campaign: Campaign, given: Mapping[str, Any]) -> None:
    """A saved segment is named by its id alone; one of the others takes its place."""
    saved = Campaign.Segment.SAVED.value
    pk = given.get("segment_id", campaign.segment_id if "segment_filter" not in given else None)
    chosen = given.get("segment_filter", saved if pk is not None else campaign.segment_filter)
    if chosen == saved:
        pk = campaign.segment_id if pk is None and "segment_id" not in given else pk
        if pk is None:
            raise InvalidInput.at("segment_id", "must name a saved segment")
        with scope(business=campaign.business_id):
            campaign.segment = own(SavedSegment, pk, "segment_id")
    elif pk is not None:
        raise InvalidInput.at("segment_id", f"cannot be given beside the segment_filter {chosen}")
    else:
        segments.check_segment(chosen)
        campaign.segment = None
    campaign.segment_filter = chosen


def _check_words(campaign: Campaign, given: Mapping[str, Any]) -> None:
    mail = campaign.channel == Message.Channel.EMAIL
    subject = clean_text(
        given.get("subject", campaign.subject), field="subject", max_length=SUBJECT_LENGTH, required=mail
    )
    if "\n" in subject or "\t" in subject:
        raise InvalidInput.at("subject", "must be on one line")
    most = SMS_LENGTH if campaign.channel == Message.Channel.SMS else MESSAGE_LENGTH
    message = clean_text(
        given.get("message", campaign.message), field="message", max_length=most, required=True
    )
    check_words(subject=subject, body=message, known=CAMPAIGN.known, body_field="message")
    campaign.subject, campaign.message = subject, message


def _channel(value: str) -> str:
    if value not in Message.Channel.values:
        raise InvalidInput.at("channel", f"must be one of {', '.join(Message.Channel.values)}")
    return value


def _rate(value: int | None) -> int | None:
    return (
        None if value is None else values.whole_number(value, field="rate_per_minute", least=1, most=MAX_RATE)
    )


def _later(value: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise InvalidInput.at("scheduled_at", "must say its time zone")
    if not now < value <= now + MOST_AHEAD:
        raise InvalidInput.at("scheduled_at", f"must be in the next {MOST_AHEAD.days} days")
    return value
