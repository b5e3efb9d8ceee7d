"""How a loaded demo business reached its customers. The scope is the business's."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from regulars.campaigns.models import Campaign
from regulars.counter import pins
from regulars.demo.outreach import Outreach
from regulars.demo.shops import Shop
from regulars.jobs.models import Job
from regulars.messages.models import Message
from regulars.outbox.models import Event
from regulars.scratchcards.models import Prize, ScratchCard
from regulars.tenants.logos import logo_of
from regulars.tenants.microsites import microsite
from regulars.tenants.models import Staff


def check_reached(business_id: int, shop: Shop) -> None:
    """What customers meet, and what they were sent."""
    check_storefront(business_id, shop)
    check_outreach(business_id, shop.outreach)


def check_storefront(business_id: int, shop: Shop) -> None:
    """The pages say something, there is a logo, and everybody's PIN opens the counter."""
    site = microsite(business_id)
    assert site.about
    assert site.business.points_active
    logo = logo_of(business_id)
    assert logo is not None
    assert (logo.width, logo.height) == (512, 512)
    for person, pin in zip(shop.team, shop.storefront.pins, strict=True):
        staff = Staff.objects.get(user__email=person.email)
        pins.prove(business_id=business_id, staff_id=staff.pk, pin=pin)


def check_outreach(business_id: int, outreach: Outreach) -> None:
    """Scratch cards in every state, campaigns sent and to be sent, and nobody who is written to now."""
    now, cards = timezone.now(), ScratchCard.objects
    assert cards.count() == outreach.draw.given
    assert cards.filter(revealed_at=None).exists()
    assert cards.filter(redeemed_at__isnull=False, prize__is_winner=True).exists()
    assert not cards.filter(issued_at__gt=now).exists()
    assert not cards.filter(revealed_at__lt=F("issued_at")).exists()
    assert not cards.filter(redeemed_at__gt=now).exists()
    assert sum(Prize.objects.values_list("issued", flat=True)) == outreach.draw.given

    sent = Campaign.objects.filter(status="sent")
    assert [one.name for one in sent] == [one.name for one in outreach.letters if one.days_ago is not None]
    for campaign in sent:
        received = Message.objects.filter(campaign_id=campaign.pk, status="sent").count()
        assert 0 < received == campaign.sent_count == campaign.total_recipients
    assert Campaign.objects.filter(status="draft").count() == 1

    assert not Message.objects.exclude(status="sent").exists()
    assert not Event.objects.filter(pending=True).exists()
    assert not Job.objects.filter(business_id=business_id).exists()
