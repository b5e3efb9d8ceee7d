"""What the tests of scratch cards begin with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django_scopes import scopes_disabled

from regulars.ledger.models import Card
from regulars.outbox.models import Event
from regulars.scratchcards import actions, cards
from regulars.scratchcards.actions import NewPrize
from regulars.scratchcards.models import Prize, ScratchCampaign, ScratchCard
from tests.factories import Shop

COFFEE = NewPrize("Free Coffee", Decimal(1))
NOTHING = NewPrize("Better luck next time", Decimal(1), is_winner=False)


def campaign(shop: Shop, *prizes: NewPrize, name: str = "Summer Spin", **fields: Any) -> ScratchCampaign:
    """A new campaign, with free coffee for everybody unless said otherwise."""
    return actions.create_campaign(business_id=shop.id, name=name, prizes=prizes or (COFFEE,), **fields)


def issue(shop: Shop, of: ScratchCampaign, card: Card | None = None, **fields: Any) -> ScratchCard:
    """A scratch card for a card's member, or for nobody in particular."""
    return cards.issue_card(
        business_id=shop.id, campaign_id=of.pk, member_id=card.pk if card else None, **fields
    )


def revealed(shop: Shop, of: ScratchCampaign, card: Card | None = None) -> ScratchCard:
    """A card that was scratched."""
    made = issue(shop, of, card)
    cards.reveal(token=made.token)
    return now(made)


def now(card: ScratchCard) -> ScratchCard:
    """A card as it is now."""
    with scopes_disabled():
        return ScratchCard.objects.select_related("prize").get(pk=card.pk)


def prizes(of: ScratchCampaign) -> list[Prize]:
    """The prizes of a campaign as they are now, in their order."""
    with scopes_disabled():
        return list(Prize.objects.filter(campaign=of).order_by("position", "pk"))


def told(kind: str) -> list[dict[str, Any]]:
    """What the events of a kind tell."""
    with scopes_disabled():
        rows = Event.objects.filter(type=f"scratch_card.{kind}").order_by("id")
        return list(rows.values_list("payload", flat=True))
