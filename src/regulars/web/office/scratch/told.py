"""What campaigns and scratch cards are called, for people, and their chances."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.rules import scratch
from regulars.scratchcards import queries
from regulars.scratchcards.models import Prize, ScratchCampaign
from regulars.tenants.plans import check_feature, plan_of
from regulars.web.office.desk import Desk

Text = str | Promise

STATES: Final[dict[str, tuple[Text, str]]] = {
    queries.COVERED: (_("Not scratched"), "azure"),
    queries.REVEALED: (_("Scratched"), "green"),
    queries.REDEEMED: (_("Handed in"), "purple"),
    queries.EXPIRED: (_("Expired"), ""),
}
# So many cards are drawn to show what chances mean.
SIMULATED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """A prize with its chance in percent; `drawn` is how often it came in a simulation."""

    label: str
    is_winner: bool
    chance: Decimal
    drawn: int | None = None
    prize: Prize | None = None


def allowed(desk: Desk) -> None:
    """Refuse a plan without scratch cards, with PlanRequired."""
    check_feature(plan_of(desk.business), "scratch_cards")


def campaign_of(desk: Desk, pk: int) -> ScratchCampaign:
    """A campaign with its prizes at hand, or NotFound."""
    allowed(desk)
    return queries.campaign(business_id=desk.business.pk, pk=pk)


def badge(campaign: ScratchCampaign, today: dt.date) -> tuple[Text, str]:
    """Whether a campaign issues cards."""
    if scratch.has_passed(campaign.expires_at, today):
        return _("Over"), ""
    return (_("Running"), "green") if campaign.is_active else (_("Paused"), "yellow")


def lines(prizes: Sequence[Prize], *, simulated: bool = False) -> list[Line]:
    """The prizes of a campaign with their chances at the next draw."""
    odds = queries.odds(prizes)
    chances = scratch.chances(odds)
    drawn: Sequence[int | None] = scratch.simulate(odds, SIMULATED) if simulated else [None] * len(prizes)
    return [
        Line(prize.label, prize.is_winner, chance, number, prize)
        for prize, chance, number in zip(prizes, chances, drawn, strict=True)
    ]


def winning(found: Sequence[Line]) -> Decimal:
    """The chance that the next card wins, in percent."""
    return sum((line.chance for line in found if line.is_winner), Decimal(0))
