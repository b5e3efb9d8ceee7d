"""`/api/scratch-cards`."""

from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import (
    IDEMPOTENT,
    PageNumber,
    PerPage,
    answered,
    clamp,
    known_id,
    maybe_a_body,
    parse_day,
    printed,
)
from regulars.api.rest.envelope import data, listed
from regulars.api.rest.schemas import BIGGEST_ID, Data, Deleted, Listed
from regulars.api.rest.scratch_schemas import (
    CardRedeemedOut,
    CardRow,
    IssuedOut,
    IssueIn,
    PrizeIn,
    PrizePatch,
    RedeemCard,
    ScratchIn,
    ScratchMade,
    ScratchOut,
    ScratchPatch,
    ScratchRow,
    Status,
    Toggled,
)
from regulars.api.rest.writes import answers
from regulars.ledger.post import business_day
from regulars.rules import scratch
from regulars.rules.errors import InvalidInput
from regulars.scratchcards import actions, cards, queries
from regulars.scratchcards.models import Prize, ScratchCampaign, ScratchCard
from regulars.tenants.models import Business
from regulars.tenants.plans import check_feature
from regulars.tenants.queries import business_by_id

router = Router(tags=["Scratch cards"])

_FOR_ANYBODY = IssueIn()  # a request without a body


def _allowed(request: HttpRequest) -> int:
    identity = identity_of(request)
    check_feature(identity.plan, "scratch_cards")
    return identity.business_id


def _row(campaign: ScratchCampaign) -> dict[str, Any]:
    counted = queries.totals(campaign.prizes.all())
    return {
        "id": campaign.pk,
        "name": campaign.name,
        "description": campaign.description,
        "is_active": int(campaign.is_active),
        "total_issued": counted.issued,
        "total_won": counted.won,
        "expires_at": campaign.expires_at,
        "card_count": counted.cards,
    }


def _whole_campaign(campaign: ScratchCampaign, business: Business) -> dict[str, Any]:
    prizes = list(campaign.prizes.all())
    chances = scratch.chances(queries.odds(prizes))
    return _row(campaign) | {
        "max_cards": campaign.max_cards,
        "max_per_member": campaign.max_per_member,
        "created_at": printed(campaign.created_at, business),
        "prizes": [_prize(prize, chance) for prize, chance in zip(prizes, chances, strict=True)],
    }


def _prize(prize: Prize, chance: Decimal) -> dict[str, Any]:
    return {
        "id": prize.pk,
        "label": prize.label,
        "probability": float(prize.weight),
        "chance_pct": float(chance),
        "is_winner": prize.is_winner,
        "max_cards": prize.max_cards,
        "issued": prize.issued,
        "revealed": prize.revealed,
        "redeemed": prize.redeemed,
    }


def _card(card: ScratchCard, business: Business, status: str) -> dict[str, Any]:
    seen = card.revealed_at is not None
    return {
        "id": card.pk,
        "token": card.token,
        "card_url": queries.card_url(card.token),
        "status": status,
        "customer_id": card.member_id,
        "customer_name": card.member.name if card.member is not None else None,
        "prize_label": card.prize.label if seen else None,
        "is_winner": card.prize.is_winner if seen else None,
        "expires_at": card.expires_at,
        "issued_at": printed(card.issued_at, business),
        "opened_at": printed(card.opened_at, business),
        "revealed_at": printed(card.revealed_at, business),
        "redeemed_at": printed(card.redeemed_at, business),
        "branch_id": card.redeemed_branch_id,
    }


def _new_prize(prize: PrizeIn) -> actions.NewPrize:
    return actions.NewPrize(
        label=prize.label,
        weight=Decimal(repr(prize.probability)),
        is_winner=prize.is_winner,
        max_cards=prize.max_cards,
        pk=prize.id if isinstance(prize, PrizePatch) else None,
    )


@router.get("/scratch-cards", response=answered(Data[list[ScratchRow]]), summary="List campaigns")
@answers()
def list_scratch_campaigns(request: HttpRequest) -> dict[str, Any]:
    """All scratch card campaigns with their counts, newest first."""
    return data([_row(campaign) for campaign in queries.campaigns(_allowed(request))])


@router.post(
    "/scratch-cards",
    response=answered(Data[ScratchMade], status=201, also=(409, 422)),
    summary="Create campaign",
    openapi_extra=IDEMPOTENT,
)
@answers(201, write=True)
def create_scratch_campaign(request: HttpRequest, body: ScratchIn) -> dict[str, Any]:
    """Start a campaign, active at once, with prizes that are drawn by their weights."""
    made = actions.create_campaign(
        business_id=_allowed(request),
        name=body.name,
        description=body.description or "",
        expires_at=parse_day(body.expires_at, "expires_at"),
        prizes=[_new_prize(prize) for prize in body.prizes],
        max_cards=body.max_cards,
        max_per_member=body.max_per_member,
    )
    return data({"id": made.pk, "name": made.name, "is_active": made.is_active})


@router.post(
    "/scratch-cards/redeem",
    response=answered(Data[CardRedeemedOut], also=(404, 409, 422)),
    summary="Mark card redeemed",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def redeem_scratch_card(request: HttpRequest, body: RedeemCard) -> dict[str, Any]:
    """Note that what a scratched card holds was handed out. Of several callers at once one succeeds."""
    card = cards.redeem(business_id=_allowed(request), token=body.token, branch_id=body.branch_id)
    return data({"redeemed": True, "prize_label": card.prize.label, "is_winner": card.prize.is_winner})


@router.get(
    "/scratch-cards/{int:campaign_id}",
    response=answered(Data[ScratchOut], also=(404,)),
    summary="Get campaign",
)
@answers()
def get_scratch_campaign(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    """One campaign with its prizes, their chances, and how many cards hold them."""
    business = business_by_id(_allowed(request))
    found = queries.campaign(business_id=business.pk, pk=known_id(campaign_id, "scratch card campaign"))
    return data(_whole_campaign(found, business))


@router.patch(
    "/scratch-cards/{int:campaign_id}",
    response=answered(Data[ScratchOut], also=(404, 409, 422)),
    summary="Update campaign",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def update_scratch_campaign(request: HttpRequest, campaign_id: int, body: ScratchPatch) -> dict[str, Any]:
    """Change a campaign. Cards that were issued keep their prize and their last day."""
    business = business_by_id(_allowed(request))
    changes = body.model_dump(exclude_unset=True, exclude={"prizes"})
    for field in ("is_active", "prizes"):
        if field in body.model_fields_set and getattr(body, field) is None:
            raise InvalidInput.at(field, "must not be null")
    if "expires_at" in changes:
        changes["expires_at"] = parse_day(changes["expires_at"], "expires_at")
    if body.prizes is not None:
        changes["prizes"] = [_new_prize(prize) for prize in body.prizes]
    pk = known_id(campaign_id, "scratch card campaign")
    changed = actions.edit_campaign(business_id=business.pk, pk=pk, **changes)
    return data(_whole_campaign(changed, business))


@router.delete(
    "/scratch-cards/{int:campaign_id}",
    response=answered(Data[Deleted], also=(404, 409, 422)),
    summary="Delete campaign",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def delete_scratch_campaign(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    """Delete a campaign of which no card was ever issued."""
    pk = known_id(campaign_id, "scratch card campaign")
    actions.delete_campaign(business_id=_allowed(request), pk=pk)
    return data({"deleted": True, "id": campaign_id})


@router.post(
    "/scratch-cards/{int:campaign_id}/issue",
    response=answered(Data[IssuedOut], status=201, also=(404, 409, 422)),
    summary="Issue a card",
    openapi_extra=IDEMPOTENT | maybe_a_body(IssueIn),
)
@answers(201, write=True)
def issue_scratch_card(
    request: HttpRequest, campaign_id: int, body: IssueIn = _FOR_ANYBODY
) -> dict[str, Any]:
    """Issue a card, for a customer or for whoever gets its address. Its prize is drawn now, for good."""
    card = cards.issue_card(
        business_id=_allowed(request),
        campaign_id=known_id(campaign_id, "scratch card campaign"),
        member_id=body.customer_id,
        expires_days=body.expires_days or scratch.USUAL_DAYS,
    )
    return data(
        {
            "id": card.pk,
            "token": card.token,
            "card_url": queries.card_url(card.token),
            "expires_at": card.expires_at,
            "customer_id": card.member_id,
        }
    )


@router.post(
    "/scratch-cards/{int:campaign_id}/toggle",
    response=answered(Data[Toggled], also=(404, 409, 422)),
    summary="Pause or activate campaign",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def toggle_scratch_campaign(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    """Pause an active campaign, or let a paused one go on. Cards that were issued stay good."""
    pk = known_id(campaign_id, "scratch card campaign")
    campaign = actions.toggle_campaign(business_id=_allowed(request), pk=pk)
    return data({"id": campaign.pk, "is_active": campaign.is_active})


@router.get(
    "/scratch-cards/{int:campaign_id}/cards",
    response=answered(Listed[CardRow], also=(404,)),
    summary="List a campaign's cards",
)
@answers()
def list_scratch_cards(  # noqa: PLR0917 - query parameters
    request: HttpRequest,
    campaign_id: int,
    page: PageNumber = 1,
    per_page: PerPage = 20,
    status: Annotated[Status | None, Query(description="Only cards in this state")] = None,
    customer_id: Annotated[int | None, Query(ge=1, le=BIGGEST_ID, description="Only this customer's")] = None,
) -> dict[str, Any]:
    """The cards of a campaign, newest first."""
    business = business_by_id(_allowed(request))
    today = business_day(business.timezone, timezone.now())
    found = queries.cards(
        business_id=business.pk,
        campaign_id=known_id(campaign_id, "scratch card campaign"),
        page=page,
        per_page=clamp(per_page),
        day=today,
        status=status,
        member_id=customer_id,
    )
    return listed(found, [_card(card, business, queries.status_of(card, today)) for card in found.rows])
