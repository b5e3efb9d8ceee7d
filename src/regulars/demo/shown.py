"""What people are shown of the demo: one card of each business, its key and its addresses."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, When
from django_scopes import scope

from regulars.demo.outreach import covered_card
from regulars.ledger.models import Card
from regulars.scratchcards.models import ScratchCard
from regulars.tenants.models import Business
from regulars.tenants.queries import business_by_slug


@dataclass(frozen=True, slots=True)
class DemoBusiness:
    """A business of the demo. `qr_code` is the card of `member_name`, a customer who comes often; nobody has
    scratched the card of `scratch_token` yet.
    """

    name: str
    slug: str
    api_key: str
    qr_code: str
    member_name: str
    member_code: str
    scratch_token: str
    join_code: str


def describe(business: Business, api_key: str) -> DemoBusiness:
    """A business with the customer who came most often, of those with a reward waiting if there are any."""
    with scope(business=business):
        cards = Card.objects.select_related("member").filter(member__suspended=False)
        waiting = Case(When(pending_rewards__gt=0, then=0), default=1)
        card = cards.order_by(waiting, "-total_visits", "member_id").first()
    return DemoBusiness(
        name=business.name,
        slug=business.slug,
        api_key=api_key,
        qr_code=card.qr_code if card else "",
        member_name=card.member.name if card else "",
        member_code=card.member.code if card else "",
        scratch_token=covered_card(business_id=business.pk),
        join_code=business.join_code,
    )


def renewed(shown: DemoBusiness) -> DemoBusiness:
    """The same while its card and its covered scratch card are there, else with those of now.

    A member may have had their data erased, or somebody has scratched the card.

    Raises:
        NotFound: the business is not in this database.
    """
    business = business_by_slug(shown.slug)
    with scope(business=business):
        has_card = Card.objects.filter(
            qr_code=shown.qr_code,
            member__name=shown.member_name,
            member__code=shown.member_code,
            member__suspended=False,
        ).exists()
        covered = ScratchCard.objects.filter(token=shown.scratch_token, revealed_at=None).exists()
    if has_card and (covered or not shown.scratch_token):
        return shown
    return describe(business, shown.api_key)
