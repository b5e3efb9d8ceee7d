"""Reads about campaigns and their recipients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q
from django_scopes import scope

from regulars.campaigns.models import Campaign
from regulars.campaigns.segments import Reading
from regulars.ledger.queries import Page
from regulars.members.models import Member
from regulars.members.segments import segment_by_id
from regulars.messages.models import Message
from regulars.rules import segments
from regulars.rules.errors import Conflict, NotFound
from regulars.tenants.models import Business

WAITING = (Message.Status.QUEUED.value, Message.Status.SENDING.value)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a campaign beyond its own counts: how many wait, bounced later, or said no to more."""

    waiting: int
    bounced: int
    unsubscribed: int


@dataclass(frozen=True, slots=True)
class SegmentNow:
    """A segment with the number of members whom a campaign would reach now, by channel."""

    segment: segments.Segment
    members: dict[str, int]


def campaigns(*, business_id: int) -> list[Campaign]:
    """All campaigns of a business, newest first."""
    with scope(business=business_id):
        return list(Campaign.objects.order_by("-id"))


def campaign_by_id(*, business_id: int, pk: int, lock: bool = False) -> Campaign:
    """A campaign of a business; with `lock` nobody else changes it until the transaction ends.

    Raises:
        NotFound: the business has no such campaign.
    """
    with scope(business=business_id):
        rows = Campaign.objects.select_for_update() if lock else Campaign.objects.all()
        campaign = rows.filter(pk=pk).first()
    if campaign is None:
        raise NotFound(f"There is no campaign {pk}.")
    return campaign


def outcome(campaign: Campaign) -> Outcome:
    """What became of a campaign's messages by now.

    Those that wait are counted from the campaign itself, so that with its own counts they are all, whatever
    happened since it was read. Messages of members who were erased wait until it ends, and are skipped then.
    """
    dealt_with = campaign.sent_count + campaign.failed_count + campaign.skipped_count
    with scope(business=campaign.business_id):
        # The unsubscribed have an index of their own; they are few.
        rows = Message.objects.filter(campaign_id=campaign.pk)
        found = rows.aggregate(
            bounced=Count("id", filter=Q(status=Message.Status.BOUNCED)),
            unsubscribed=Count("id", filter=Q(unsubscribed_at__isnull=False)),
        )
    return Outcome(waiting=campaign.total_recipients - dealt_with, **found)


def recipients(
    *, business_id: int, pk: int, page: int, per_page: int, status: str | None = None
) -> Page[Message]:
    """To whom a campaign went, in the order of queueing, with the members. Those who were erased are gone.

    Raises:
        NotFound: the business has no such campaign.
    """
    campaign = campaign_by_id(business_id=business_id, pk=pk)
    with scope(business=business_id):
        rows = Message.objects.select_related("member").filter(campaign_id=campaign.pk)
        if status is not None:
            rows = rows.filter(status=status)
        total, start = rows.count(), (page - 1) * per_page
        found = list(rows.order_by("id")[start : start + per_page]) if start < total else []
    return Page(found, total, page, per_page)


def letters_to(*, business_id: int, pk: int) -> Iterator[Member]:
    """To whom a campaign by post is to be posted, as they are known and as they want it now.

    They are read while they are taken.

    Raises:
        NotFound: the business has no such campaign.
        Conflict: it does not go by post, or was not sent.
    """
    campaign = campaign_by_id(business_id=business_id, pk=pk)
    if campaign.channel != Message.Channel.POST:
        raise Conflict(f"Campaign {pk} does not go by post, so it has no addresses.")
    if campaign.status != Campaign.Status.SENT:
        raise Conflict(f"Campaign {pk} is {campaign.status}. Its addresses are there once it was sent.")
    return _letters_to(campaign)


def _letters_to(campaign: Campaign) -> Iterator[Member]:
    with scope(business=campaign.business_id):
        rows = Message.objects.filter(
            campaign_id=campaign.pk,
            status=Message.Status.SENT,
            member__suspended=False,
            member__optout_post=False,
        )
        rows = rows.exclude(member__street_address="").select_related("member").order_by("id")
        for message in rows.iterator(chunk_size=1000):
            if message.member is not None:
                yield message.member


def reached_now(
    business: Business, *, segment_filter: str, channel: str, segment_id: int | None = None
) -> int:
    """How many members a campaign would reach at this moment by a channel; `segment_id` is a saved one.

    Raises:
        InvalidInput: there is no such segment.
        NotFound: the business has no such saved segment.
    """
    saved = segment_by_id(business_id=business.pk, pk=segment_id) if segment_id is not None else None
    if saved is None:
        segments.check_segment(segment_filter)
    return Reading(business).number(segment=segment_filter, channel=channel, saved=saved)


def segments_now(business: Business) -> list[SegmentNow]:
    """Every segment with how many a campaign would reach at this moment, by channel."""
    numbers = Reading(business).numbers()
    return [SegmentNow(segment, numbers[name]) for name, segment in segments.SEGMENTS.items()]
