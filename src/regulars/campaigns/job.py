"""The job that sends a campaign, and its end.

The counts of a campaign are written in the transactions that mark its messages, so they are right whenever a
worker dies. What is missing at the end belonged to members who were erased meanwhile.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django_scopes import scope
from django_tasks import task

from regulars.campaigns import letters
from regulars.campaigns.models import Campaign
from regulars.campaigns.queries import WAITING
from regulars.campaigns.senders import Helpers
from regulars.jobs import progress
from regulars.jobs.outcomes import Again
from regulars.messages import sending
from regulars.messages.claims import Counts
from regulars.messages.models import Message
from regulars.outbox import emit

# Between two batches the job looks whether it should stop, or was cancelled.
BATCH: Final = 200
# Seconds after which it lets other jobs have a turn: nobody waits for hours behind a large campaign.
TURN: Final = 20.0
# With more than so many left, one connection to the mail server is not enough.
MANY: Final = 400
# When to look again for messages that somebody else still holds.
LOOK_AGAIN: Final = dt.timedelta(seconds=5)
# So often a worker may die at a campaign. Each of its messages counts its own attempts.
MAX_ATTEMPTS: Final = 1_000

CANCELLED: Final = "The campaign was cancelled."


@task()
def send_out(*, business_id: int, campaign_id: int) -> None:
    """Send what is queued for a campaign, until nothing is; then finish it.

    Raises:
        Again: it goes on later: the worker stops, or what is left is not due yet.
    """
    with scope(business=business_id):
        campaign = Campaign.objects.filter(pk=campaign_id, finished_at=None).first()
        if campaign is None:
            return
        with letters.at_hand(campaign):
            go_on = _send(campaign)
        if go_on is None and finish(campaign):
            return
        raise Again(at=go_on or timezone.now() + LOOK_AGAIN)


def _send(campaign: Campaign) -> dt.datetime | None:
    """Send what is due, for one turn; when to go on, None when nothing is left."""
    until = time.monotonic() + TURN
    with Helpers(lambda sender, stop: _send_some(campaign, stop, sender)) as helpers:
        while True:
            campaign.refresh_from_db()
            done = campaign.sent_count + campaign.failed_count + campaign.skipped_count
            progress.report(done=done, total=campaign.total_recipients, text=campaign.name)
            if progress.stopping():
                return timezone.now()
            if campaign.status == Campaign.Status.CANCELLED:
                skip_queued(campaign)
                return None
            if campaign.total_recipients - done > MANY:
                helpers.call()
            batch = _send_some(campaign, progress.stopping)
            now = timezone.now()
            idle = batch.next_at is None or batch.next_at > now
            if idle and not helpers.at_work(1.0):
                return batch.next_at
            if time.monotonic() > until:
                return now


def _send_some(
    campaign: Campaign, stop: Callable[[], bool], sender: sending.Sender | None = None
) -> sending.Batch:
    return sending.send_some(
        campaign_id=campaign.pk,
        most=BATCH,
        rate=campaign.rate_per_minute,
        counted=partial(count, campaign),
        stop=stop,
        sender=sender,
    )


def count(campaign: Campaign, counts: Counts) -> None:
    """Add what came to an end to a campaign's counts. Within the transaction that marks the messages."""
    with scope(business=campaign.business_id):
        Campaign.objects.filter(pk=campaign.pk).update(
            sent_count=F("sent_count") + counts.sent,
            failed_count=F("failed_count") + counts.failed,
            skipped_count=F("skipped_count") + counts.skipped,
        )


def skip_queued(campaign: Campaign) -> None:
    """Send nothing more of a cancelled campaign. Opens its own transaction, or joins the caller's."""
    with transaction.atomic(), scope(business=campaign.business_id):
        queued = Message.objects.filter(campaign_id=campaign.pk, status=Message.Status.QUEUED)
        skipped = queued.update(status=Message.Status.SKIPPED.value, reason=CANCELLED)
        count(campaign, Counts(skipped=skipped))


def finish(campaign: Campaign) -> bool:
    """End a campaign of which nothing waits any more, once, and tell so; whether it has ended.

    Opens its own transaction, or joins the caller's.
    """
    now = timezone.now()
    with transaction.atomic(), scope(business=campaign.business_id):
        if Message.objects.filter(campaign_id=campaign.pk, status__in=WAITING).exists():
            return False
        ended = Campaign.objects.filter(pk=campaign.pk, finished_at=None).update(
            finished_at=now,
            modified_at=now,
            # Those who are missing were erased while they waited.
            skipped_count=F("total_recipients") - F("sent_count") - F("failed_count"),
        )
        if not ended:
            return True
        Campaign.objects.filter(pk=campaign.pk, status=Campaign.Status.SENDING).update(
            status=Campaign.Status.SENT.value
        )
        campaign.refresh_from_db()
        told = {
            "campaign_id": campaign.pk,
            "name": campaign.name,
            "recipients": campaign.total_recipients,
            "sent": campaign.sent_count,
            "failed": campaign.failed_count,
            "skipped": campaign.skipped_count,
        }
        emit.emit(business_id=campaign.business_id, events=[emit.NewEvent("campaign.finished", None, told)])
    return True
