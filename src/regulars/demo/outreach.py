"""How a demo business reaches its customers: its look, scratch cards in their hands, campaigns."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from django.db.models import F
from django_scopes import scope

from regulars.campaigns import actions as campaigns
from regulars.campaigns.models import Campaign
from regulars.jobs.models import Job
from regulars.ledger.models import Card
from regulars.messages.models import Message
from regulars.outbox.models import Event
from regulars.scratchcards import actions as scratchcards
from regulars.scratchcards import cards
from regulars.scratchcards.models import ScratchCard
from regulars.tenants import actions as tenants


@dataclass(frozen=True, slots=True)
class Draw:
    """A campaign of scratch cards: (what, weight, whether it is a prize) of each, and how many were given."""

    name: str
    description: str
    prizes: tuple[tuple[str, int, bool], ...]
    given: int
    ends_in: int  # days


@dataclass(frozen=True, slots=True)
class Letter:
    """A campaign by e-mail; `days_ago` is None while it is a draft."""

    name: str
    subject: str
    message: str
    segment: str
    days_ago: int | None = None


@dataclass(frozen=True, slots=True)
class Outreach:
    """What a business does to be remembered."""

    accent: str
    reply_to: str
    draw: Draw
    letters: tuple[Letter, ...]


PARIJATA = Outreach(
    accent="#8a4b2a",
    reply_to="hello@parijata.example",
    draw=Draw(
        name="Monsoon Scratch",
        description="A card with every third filter coffee. Most of them hold something.",
        prizes=(
            ("Free filter coffee", 12, True),
            ("Half off any cake", 28, True),
            ("A cardamom biscuit", 35, True),
            ("Not this time. See you tomorrow", 25, False),
        ),
        given=60,
        ends_in=45,
    ),
    letters=(
        Letter(
            name="We miss you",
            subject="{first_name}, your table by the window is free",
            message="Hello {first_name},\n\nwe have not seen you for a while. "
            "Come by this week: the first filter coffee is on us.\n\nMeera and everyone at {business_name}",
            segment="inactive_60d",
            days_ago=18,
        ),
        Letter(
            name="Double stamps this weekend",
            subject="Double stamps on Saturday and Sunday",
            message="Hello {first_name},\n\nthis weekend every cup gives two stamps. Bring your card.\n\n"
            "See you at {business_name}",
            segment="active_30d",
        ),
    ),
)
FORNADA = Outreach(
    accent="#1f6f78",
    reply_to="ola@boafornada.example",
    draw=Draw(
        name="Raspadinha da padaria",
        description="Raspe e leve algo para casa.",
        prizes=(("Um pastel de nata", 20, True), ("Um café", 30, True), ("Fica para a próxima", 50, False)),
        given=12,
        ends_in=30,
    ),
    letters=(
        Letter(
            name="Pão de Natal",
            subject="O bolo-rei volta na sexta-feira",
            message="Olá {first_name},\n\no primeiro bolo-rei do ano sai do forno na sexta-feira às 8 horas."
            "\n\nAté já,\n{business_name}",
            segment="all",
        ),
    ),
)


def reach_out(*, business_id: int, outreach: Outreach, now: dt.datetime) -> None:
    """Do all of it, with the past as if it had been then.

    Nobody is written to: what belongs to the past was sent then, and no event of it is passed on.
    """
    tenants.update_look(business_id=business_id, accent_color=outreach.accent, reply_to=outreach.reply_to)
    _draw(business_id, outreach.draw, now)
    for letter in outreach.letters:
        _write(business_id, letter, now)
    Job.objects.filter(business_id=business_id).delete()  # nothing of this is left to be done
    with scope(business=business_id):
        Event.objects.update(pending=False)


def covered_card(*, business_id: int) -> str:
    """The token of the latest card that nobody has scratched yet; empty when there is none."""
    with scope(business=business_id):
        covered = ScratchCard.objects.filter(revealed_at=None).order_by("-pk")
        return covered.values_list("token", flat=True).first() or ""


def _draw(business_id: int, draw: Draw, now: dt.datetime) -> None:
    """Cards of the last weeks, most of them scratched, some of those handed in; the last one is covered."""
    chance = Random(draw.name)
    campaign = scratchcards.create_campaign(
        business_id=business_id,
        name=draw.name,
        description=draw.description,
        prizes=[scratchcards.NewPrize(what, Decimal(weight), wins) for what, weight, wins in draw.prizes],
        expires_at=(now + dt.timedelta(days=draw.ends_in)).date(),
    )
    with scope(business=business_id):
        rows = Card.objects.filter(member__suspended=False).order_by("-total_visits", "member_id")
        loyal = list(rows.values_list("member_id", flat=True)[: draw.given])
    for place, member_id in enumerate(reversed(loyal)):
        token = cards.issue_card(
            business_id=business_id,
            campaign_id=campaign.pk,
            member_id=member_id,
            expires_days=draw.ends_in,
        ).token
        issued = now - dt.timedelta(days=(len(loyal) - 1 - place) * 21 // len(loyal), minutes=90)
        last = place == len(loyal) - 1
        if not last and chance.random() < 0.75:
            won = cards.reveal(token=token).is_winner
            if won and chance.random() < 0.7:
                cards.redeem(business_id=business_id, token=token)
        with scope(business=business_id):
            ScratchCard.objects.filter(token=token).update(issued_at=issued)
    with scope(business=business_id):
        seen = ScratchCard.objects.filter(campaign=campaign)
        minutes = dt.timedelta(minutes=1)
        revealed, redeemed = F("issued_at") + 20 * minutes, F("issued_at") + 60 * minutes
        seen.exclude(revealed_at=None).update(opened_at=revealed, revealed_at=revealed)
        seen.exclude(redeemed_at=None).update(redeemed_at=redeemed)


def _write(business_id: int, letter: Letter, now: dt.datetime) -> None:
    campaign = campaigns.create_campaign(
        business_id=business_id,
        name=letter.name,
        subject=letter.subject,
        message=letter.message,
        segment_filter=letter.segment,
    )
    if letter.days_ago is None:
        return
    sent = now - dt.timedelta(days=letter.days_ago)
    number = campaigns.send_campaign(business_id=business_id, pk=campaign.pk)
    with scope(business=business_id):
        messages = Message.objects.filter(campaign_id=campaign.pk)
        messages.update(status=Message.Status.SENT.value, sent_at=sent, created_at=sent)
        Campaign.objects.filter(pk=campaign.pk).update(
            status=Campaign.Status.SENT.value,
            sent_count=number,
            sent_at=sent,
            finished_at=sent,
            created_at=sent,
        )
