"""Reads about scratch cards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from string import hexdigits
from typing import Final

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.ledger.post import business_day
from regulars.ledger.queries import Page
from regulars.rules import scratch
from regulars.rules.errors import Closed, NotFound
from regulars.scratchcards.models import Prize, ScratchCampaign, ScratchCard
from regulars.tenants.models import Business

COVERED: Final = "covered"
REVEALED: Final = "revealed"
REDEEMED: Final = "redeemed"
EXPIRED: Final = "expired"
# So many cards are named to the database one by one.
_FEW: Final = 1_000
STATUSES: Final = (COVERED, REVEALED, REDEEMED, EXPIRED)


@dataclass(frozen=True, slots=True)
class Totals:
    """The cards of a campaign: ever issued, there now, and revealed with a winning prize."""

    issued: int
    cards: int
    won: int


@dataclass(frozen=True, slots=True)
class CardView:
    """A card as its customer sees it. `prize` and `is_winner` are None while it is covered.

    `last_day` is included. An expired card may have been revealed before; what was redeemed stays redeemed.
    `language` is the customer's own, empty when none is known, `business_language` the shop's.
    """

    token: str
    business_name: str
    accent_color: str
    campaign: str
    description: str
    status: str
    prize: str | None
    is_winner: bool | None
    last_day: dt.date | None
    redeemed_on: dt.date | None
    language: str
    business_language: str


def card_url(token: str) -> str:
    """The address at which the customer scratches a card."""
    return f"{settings.REGULARS_PUBLIC_URL}/scratch/{token}"


def today(business_id: int) -> dt.date:
    """The business's own calendar day."""
    zone = Business.objects.values_list("timezone", flat=True).get(pk=business_id)
    return business_day(zone, timezone.now())


def totals(prizes: Iterable[Prize]) -> Totals:
    """How many cards of a campaign there are, added up from its prizes."""
    held = list(prizes)
    return Totals(
        issued=sum(prize.issued for prize in held),
        cards=sum(prize.issued - prize.erased_issued for prize in held),
        won=sum(prize.revealed for prize in held if prize.is_winner),
    )


def odds(prizes: Iterable[Prize]) -> list[scratch.Odds]:
    """What decides a draw among these prizes."""
    return [scratch.Odds(prize.weight, prize.issued, prize.max_cards) for prize in prizes]


def _with_prizes() -> QuerySet[ScratchCampaign]:
    rows = ScratchCampaign.objects.all()
    return rows.prefetch_related(Prefetch("prizes", Prize.objects.order_by("position", "pk")))


def campaigns(business_id: int) -> list[ScratchCampaign]:
    """All campaigns of a business with their prizes at hand, newest first."""
    with scope(business=business_id):
        return list(_with_prizes().order_by("-pk"))


def campaign(*, business_id: int, pk: int) -> ScratchCampaign:
    """One campaign with its prizes at hand.

    Raises:
        NotFound: the business has no such campaign.
    """
    with scope(business=business_id):
        found = _with_prizes().filter(pk=pk).first()
    if found is None:
        raise unknown(pk)
    return found


def unknown(pk: int) -> NotFound:
    """The refusal of a campaign that the business does not have."""
    return NotFound(f"There is no scratch card campaign {pk}.")


def status_of(card: ScratchCard, day: dt.date) -> str:
    """What a card is on a day of the business: one of `STATUSES`."""
    if card.redeemed_at is not None:
        return REDEEMED
    if scratch.has_passed(card.expires_at, day):
        return EXPIRED
    return COVERED if card.revealed_at is None else REVEALED


def having(status: str, day: dt.date) -> Q:
    """The condition that a card has a status on a day of the business."""
    live = Q(redeemed_at=None) & (Q(expires_at=None) | Q(expires_at__gte=day))
    return {
        COVERED: live & Q(revealed_at=None),
        REVEALED: live & Q(revealed_at__isnull=False),
        REDEEMED: Q(redeemed_at__isnull=False),
        EXPIRED: Q(redeemed_at=None, expires_at__lt=day),
    }[status]


def token_begins(start: str) -> Q:
    """The condition that a card's token begins with hex digits in lower case."""
    # They sort before "g" in every order of letters, so the index on tokens finds those that begin so.
    return Q(token__gte=start, token__lt=f"{start}g")


def beginning(text: str) -> Q:
    """The condition that a card's token begins with a text, dashes aside. Within the business's scope.

    Few cards are looked up first: beside other conditions SQLite might look for them among all of a campaign.
    """
    start = text.replace("-", "").lower()
    if not start or not set(start) <= set(hexdigits):
        return Q(pk__in=())
    found = list(ScratchCard.objects.filter(token_begins(start)).values_list("pk", flat=True)[: _FEW + 1])
    return Q(pk__in=found) if len(found) <= _FEW else token_begins(start)


def cards(
    *,
    business_id: int,
    campaign_id: int,
    page: int,
    per_page: int,
    day: dt.date,
    status: str | None = None,
    member_id: int | None = None,
) -> Page[ScratchCard]:
    """A page of a campaign's cards with prize and member, newest first; of a status or a member when named.

    `day` is the business's today, on which a card has its status.

    Raises:
        NotFound: the business has no such campaign.
    """
    with scope(business=business_id):
        if not ScratchCampaign.objects.filter(pk=campaign_id).exists():
            raise unknown(campaign_id)
        found = ScratchCard.objects.select_related("prize", "member").filter(campaign_id=campaign_id)
        if status is not None:
            found = found.filter(having(status, day))
        if member_id is not None:
            found = found.filter(member_id=member_id)
        first, total = (page - 1) * per_page, found.count()
        rows = list(found.order_by("-pk")[first : first + per_page]) if first < total else []
        return Page(rows=rows, total=total, page=page, per_page=per_page)


def business_of(token: str) -> int:
    """The business whose card a token is.

    Raises:
        NotFound: it is nobody's.
        Closed: the business is closed by its operator.
    """
    if scratch.is_token(token):
        for business_id, name, closed in db.run(
            "SELECT s.business_id, b.name, b.suspended_at IS NOT NULL FROM scratchcards_scratchcard s "
            "JOIN tenants_business b ON b.id = s.business_id WHERE s.token = %s",
            (token,),
        ):
            if closed:
                raise Closed(business=name)
            return int(business_id)
    raise NotFound("There is no such scratch card.", fields={"token": "is unknown"})


def view(card: ScratchCard) -> CardView:
    """What a customer sees of a card that was read with its campaign, prize, member and business."""
    business, shown = card.business, card.revealed_at is not None
    zone = business.timezone
    return CardView(
        token=card.token,
        business_name=business.name,
        accent_color=business.accent_color,
        campaign=card.campaign.name,
        description=card.campaign.description,
        status=status_of(card, business_day(zone, timezone.now())),
        prize=card.prize.label if shown else None,
        is_winner=card.prize.is_winner if shown else None,
        last_day=card.expires_at,
        redeemed_on=business_day(zone, card.redeemed_at) if card.redeemed_at else None,
        language=card.member.language if card.member else "",
        business_language=business.language,
    )
