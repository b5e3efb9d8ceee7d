"""Shops with customers to write to, and a mail server's stand-in."""

from __future__ import annotations

from typing import Any

from django_scopes import scope

from regulars.campaigns import actions, job
from regulars.campaigns.models import Campaign
from regulars.jobs.models import Job
from regulars.jobs.outcomes import Again
from regulars.messages.models import Message
from regulars.outbox.models import Event
from tests.factories import Shop

WORDS = {
    "name": "June Promo",
    "subject": "Double stamps for {first_name|you}",
    "message": "Hello {name}, come by.",
}


def customers(shop: Shop, number: int, **fields: Any) -> list[int]:
    """So many customers with an e-mail address and a phone."""
    return [
        shop.enrol(
            f"Guest {index}",
            email=f"guest{index}@customers.example",
            cell=f"+9198765{index:05d}",
            **fields,
        ).pk
        for index in range(number)
    ]


def draft(shop: Shop, **fields: Any) -> Campaign:
    return actions.create_campaign(business_id=shop.id, **(WORDS | fields))


def send(shop: Shop, campaign: Campaign) -> int:
    return actions.send_campaign(business_id=shop.id, pk=campaign.pk)


def work(shop: Shop, campaign: Campaign) -> Again | None:
    """Let the campaign's job run; why it stopped before the end, if it did."""
    try:
        job.send_out.func(business_id=shop.id, campaign_id=campaign.pk)
    except Again as again:
        return again
    return None


def again(shop: Shop, campaign: Campaign) -> Campaign:
    """The campaign as it is stored now."""
    with scope(business=shop.business):
        return Campaign.objects.get(pk=campaign.pk)


def messages(shop: Shop, campaign: Campaign) -> list[Message]:
    with scope(business=shop.business):
        return list(Message.objects.filter(campaign_id=campaign.pk).order_by("id"))


def events(shop: Shop, kind: str) -> list[dict[str, Any]]:
    with scope(business=shop.business):
        return list(Event.objects.filter(type=kind).order_by("id").values_list("payload", flat=True))


def jobs(campaign: Campaign) -> list[Job]:
    return list(Job.objects.filter(key=f"campaign:{campaign.pk}"))


def counts(campaign: Campaign) -> tuple[int, int, int, int]:
    """Recipients, sent, failed, skipped."""
    return (
        campaign.total_recipients,
        campaign.sent_count,
        campaign.failed_count,
        campaign.skipped_count,
    )
