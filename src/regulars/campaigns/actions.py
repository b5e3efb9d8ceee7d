"""Writes about campaigns: drafts, and the moment when one begins to be sent."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.campaigns import checks, job, segments
from regulars.campaigns.models import Campaign
from regulars.campaigns.queries import campaign_by_id
from regulars.jobs import actions as jobs
from regulars.members import phones
from regulars.messages import actions as messages
from regulars.messages.channels import sms
from regulars.messages.kinds import CAMPAIGN
from regulars.messages.models import Message
from regulars.outbox import emit
from regulars.rules.errors import Conflict
from regulars.rules.text import clean_text
from regulars.tenants.checks import check_email
from regulars.tenants.queries import business_by_id

# What may still be changed, deleted or sent.
OPEN: Final = (Campaign.Status.DRAFT.value, Campaign.Status.SCHEDULED.value)

_QUEUE: Final = """
INSERT INTO messages_message (
    business_id, member_id, kind, channel, campaign_id, key, status, sent_at,
    "to", context, sealed, reason, attempts, lease, provider_id)
SELECT %s, m.id, 'campaign', %s, %s, %s || {member}, %s, {moment}, '', {json}, '', '', 0, '', ''
{selection}
ORDER BY m.id"""


def create_campaign(*, business_id: int, **given: Any) -> Campaign:
    """Draft a campaign: `name`, `subject` and `message` (with the placeholders of the kind "campaign"),
    `segment_filter` (a name of `rules.segments`) or `segment_id` (a saved segment), `channel` ("email", "sms"
    or "post"; only e-mail needs a subject), `rate_per_minute` (messages, at most; None: as the installation
    allows) and `scheduled_at` (when it is sent by itself).

    Raises:
        InvalidInput: a value is missing or unusable, or a placeholder unknown; the message names the field.
        NotFound: the business has no such saved segment.
    """
    campaign = Campaign(business_id=business_id)
    checks.check(campaign, given, now=timezone.now())
    campaign.status = _status(campaign)
    with scope(business=business_id):
        campaign.save(force_insert=True)
    return campaign


def edit_campaign(*, business_id: int, pk: int, **changes: Any) -> Campaign:
    """Change a campaign that was not sent yet; what is not named stays. Without a time it is a draft again.

    Raises:
        InvalidInput: a value is unusable, or a placeholder unknown; the message names the field.
        NotFound: the business has no such campaign, or no such saved segment.
        Conflict: it is sent, is being sent or was cancelled.
    """
    with transaction.atomic(), scope(business=business_id):
        campaign = campaign_by_id(business_id=business_id, pk=pk, lock=True)
        _check_open(campaign, "changed")
        checks.check(campaign, changes, now=timezone.now())
        campaign.status = _status(campaign)
        campaign.save(update_fields=[*checks.FIELDS, "status", "modified_at"])
    return campaign


def delete_campaign(*, business_id: int, pk: int) -> None:
    """Delete a campaign that was not sent.

    Raises:
        NotFound: the business has no such campaign.
        Conflict: it is sent, is being sent or was cancelled.
    """
    with transaction.atomic(), scope(business=business_id):
        gone, _ = Campaign.objects.filter(pk=pk, status__in=OPEN).delete()
        if not gone:
            _check_open(campaign_by_id(business_id=business_id, pk=pk), "deleted")


def send_campaign(*, business_id: int, pk: int, as_of: dt.datetime | None = None) -> int:
    """Queue a campaign for all whom it reaches at this moment, and start the job that sends it; how many.

    `as_of` is the `modified_at` of what somebody read and agreed to; empty: whatever it says now.

    One by post does not leave by itself: it is done at once, as a list of addresses.

    Raises:
        NotFound: the business has no such campaign.
        Conflict: it was sent before, or is being sent by somebody else at this moment; or the installation
            cannot send text messages, and it is one; or its saved segment was deleted; or it was changed
            since `as_of`.
    """
    business = business_by_id(business_id)
    now = timezone.now()
    with transaction.atomic(), scope(business=business_id):
        # Of two at once, one changes the row and the other one finds it changed.
        read = Campaign.objects.filter(pk=pk, status__in=OPEN)
        began = (read if as_of is None else read.filter(modified_at=as_of)).update(
            status=Campaign.Status.SENDING.value, sent_at=now, modified_at=now
        )
        campaign = campaign_by_id(business_id=business_id, pk=pk)
        if not began:
            _check_open(campaign, "sent")
            raise Conflict(f"Campaign {pk} was changed since you read it. Read it again.")
        _check_channel(campaign)
        _check_segment(campaign)
        _queue(campaign, segments.Reading(business, now))
        told = {
            "campaign_id": campaign.pk,
            "name": campaign.name,
            "channel": campaign.channel,
            "segment_filter": campaign.segment_filter,
            "recipients": campaign.total_recipients,
        }
        emit.emit(business_id=business_id, events=[emit.NewEvent("campaign.started", None, told)])
        if campaign.channel == Message.Channel.POST:
            job.finish(campaign)
            return campaign.total_recipients
        jobs.enqueue(
            job.send_out,
            kwargs={"business_id": business_id, "campaign_id": campaign.pk},
            business_id=business_id,
            key=f"campaign:{campaign.pk}",
            max_attempts=job.MAX_ATTEMPTS,
        )
    return campaign.total_recipients


def cancel_campaign(*, business_id: int, pk: int) -> Campaign:
    """Send nothing more of a campaign that is being sent or that waits for its time.

    What a sender has in its hands at this moment still leaves.

    Raises:
        NotFound: the business has no such campaign.
        Conflict: it is a draft, was sent, or was cancelled before.
    """
    now = timezone.now()
    with transaction.atomic(), scope(business=business_id):
        rows = Campaign.objects.filter(pk=pk)
        ended = rows.filter(status=Campaign.Status.SCHEDULED).update(
            status=Campaign.Status.CANCELLED.value, finished_at=now, modified_at=now
        )
        stopped = rows.filter(status=Campaign.Status.SENDING).update(
            status=Campaign.Status.CANCELLED.value, modified_at=now
        )
        campaign = campaign_by_id(business_id=business_id, pk=pk)
        if not ended and not stopped:
            raise Conflict(f"Campaign {pk} is {campaign.status}: there is nothing to cancel.")
        if stopped:
            job.skip_queued(campaign)
            campaign.refresh_from_db()
    return campaign


def send_test(*, business_id: int, pk: int, to: str) -> str:
    """Queue a campaign as it is now for one e-mail address or phone, as somebody made up gets it; where to.

    Raises:
        InvalidInput: the address is unusable.
        NotFound: the business has no such campaign.
        Conflict: it goes by post; or the installation cannot send text messages, and it is one.
        TooManyRequests: the business sent so many tests in the last minute already.
    """
    campaign = campaign_by_id(business_id=business_id, pk=pk)
    business = business_by_id(business_id)
    if campaign.channel == Message.Channel.POST:
        raise Conflict("A campaign by post is a list of addresses. There is nothing to test.")
    _check_channel(campaign)
    if campaign.channel == Message.Channel.EMAIL:
        address = check_email(to, field="to")
    else:
        text = clean_text(to, field="to", max_length=40, required=True)
        address = phones.normalise(text, country=business.country, field="to")
    messages.take_test(business_id=business_id)
    messages.queue_message(
        business_id=business_id,
        kind=CAMPAIGN.name,
        key=f"{messages.TEST_PREFIX}{uuid.uuid4().hex}",
        to=address,
        context={"subject": campaign.subject, "message": campaign.message},
        channel=campaign.channel,
    )
    return address


def _status(campaign: Campaign) -> str:
    waits = campaign.scheduled_at is not None
    return (Campaign.Status.SCHEDULED if waits else Campaign.Status.DRAFT).value


def _check_open(campaign: Campaign, verb: str) -> None:
    if campaign.status not in OPEN:
        state = {"sending": "is being sent", "sent": "was sent", "cancelled": "was cancelled"}[
            campaign.status
        ]
        raise Conflict(f"Campaign {campaign.pk} {state}; only a draft can be {verb}.")


def _check_channel(campaign: Campaign) -> None:
    if campaign.channel == Message.Channel.SMS and not sms.available():
        raise Conflict(sms.MISSING)


def _check_segment(campaign: Campaign) -> None:
    if campaign.segment_filter == Campaign.Segment.SAVED and campaign.segment_id is None:
        raise Conflict(
            "The segment of this campaign was deleted. Choose another one.",
            fields={"segment_id": "was deleted"},
        )


def _queue(campaign: Campaign, reading: segments.Reading) -> None:
    """Write one message for each whom the campaign reaches, without taking them through this process."""
    chosen = reading.audience(
        segment=campaign.segment_filter, channel=campaign.channel, saved=campaign.segment
    )
    by_post = campaign.channel == Message.Channel.POST
    postgresql = db.is_postgresql()
    sql = _QUEUE.format(
        member="CAST(m.id AS text)",
        moment="CAST(%s AS timestamptz)" if postgresql else "%s",
        json="CAST('{}' AS jsonb)" if postgresql else "'{}'",
        selection=chosen.sql,
    )
    status = Message.Status.SENT if by_post else Message.Status.QUEUED
    params: list[Any] = [
        campaign.business_id,
        campaign.channel,
        campaign.pk,
        f"campaign:{campaign.pk}:",
        status.value,
    ]
    params += [db.moment(reading.now) if by_post else None, *chosen.params]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        campaign.total_recipients = cursor.rowcount
    campaign.sent_count = campaign.total_recipients if by_post else 0
    campaign.save(update_fields=["total_recipients", "sent_count"])
