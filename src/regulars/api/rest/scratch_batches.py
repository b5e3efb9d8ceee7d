"""`/api/scratch-cards/{id}/batches` and `/simulation`: cards for many members, and what would be drawn."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, answered, known_id, printed
from regulars.api.rest.envelope import data
from regulars.api.rest.schemas import Data, Id, Incoming, Moment
from regulars.api.rest.scratch_schemas import Days
from regulars.api.rest.writes import answers
from regulars.members import filters, segments
from regulars.rules import scratch
from regulars.rules.errors import InvalidInput
from regulars.scratchcards import batches, queries
from regulars.scratchcards.models import ScratchBatch
from regulars.tenants.models import Business
from regulars.tenants.plans import check_feature
from regulars.tenants.queries import business_by_id

router = Router(tags=["Scratch cards"])

MOST_SIMULATED = 10_000


class BatchIn(Incoming):
    """Who gets a card: a saved segment, a group, or without either everybody."""

    segment_id: Id | None = None
    group_id: Id | None = None
    expires_days: Days | None = None


class BatchOut(BaseModel):
    """Cards that are issued to many customers, and how far that is."""

    id: int
    audience: str
    status: Literal["running", "done", "stopped"]
    reason: str
    total: int
    issued: int
    skipped: int
    created_at: Moment
    finished_at: Moment | None


class DrawnOut(BaseModel):
    """How often a prize was drawn."""

    prize_id: int
    label: str
    is_winner: bool
    chance_pct: float
    drawn: int


def _allowed(request: HttpRequest) -> int:
    identity = identity_of(request)
    check_feature(identity.plan, "scratch_cards")
    return identity.business_id


def _batch(batch: ScratchBatch, business: Business) -> dict[str, Any]:
    return {
        "id": batch.pk,
        "audience": batch.audience,
        "status": batch.state,
        "reason": batch.reason,
        "total": batch.total,
        "issued": batch.issued,
        "skipped": batch.skipped,
        "created_at": printed(batch.created_at, business),
        "finished_at": printed(batch.finished_at, business),
    }


@router.post(
    "/scratch-cards/{int:campaign_id}/batches",
    response=answered(Data[BatchOut], status=201, also=(404, 409, 422)),
    summary="Issue cards to many customers",
    openapi_extra=IDEMPOTENT,
)
@answers(201, write=True)
def start_scratch_batch(request: HttpRequest, campaign_id: int, body: BatchIn) -> dict[str, Any]:
    """Issue a card to each customer of a segment, of a group, or to all. It goes on behind this answer."""
    business = business_by_id(_allowed(request))
    if body.segment_id is not None and body.group_id is not None:
        raise InvalidInput.at("group_id", "must not be there together with segment_id")
    wanted: dict[str, Any] = {}
    audience = "Everybody"
    if body.segment_id is not None:
        segment = segments.segment_by_id(business_id=business.pk, pk=body.segment_id)
        wanted, audience = segment.filters, segment.name
    elif body.group_id is not None:
        wanted = filters.clean({"group_id": body.group_id}, business_id=business.pk)
        audience = f"Group {body.group_id}"
    batch = batches.start_batch(
        business_id=business.pk,
        campaign_id=known_id(campaign_id, "scratch card campaign"),
        filters=wanted,
        audience=audience,
        expires_days=body.expires_days or scratch.USUAL_DAYS,
    )
    return data(_batch(batch, business))


@router.get(
    "/scratch-cards/{int:campaign_id}/batches",
    response=answered(Data[list[BatchOut]], also=(404,)),
    summary="How far cards for many customers are",
)
@answers()
def list_scratch_batches(request: HttpRequest, campaign_id: int) -> dict[str, Any]:
    """The latest 20 times that cards were issued to many customers, newest first."""
    business = business_by_id(_allowed(request))
    pk = known_id(campaign_id, "scratch card campaign")
    return data([_batch(one, business) for one in batches.batches(business_id=business.pk, campaign_id=pk)])


@router.get(
    "/scratch-cards/{int:campaign_id}/simulation",
    response=answered(Data[list[DrawnOut]], also=(404,)),
    summary="Simulate cards",
)
@answers()
def simulate_scratch_cards(
    request: HttpRequest,
    campaign_id: int,
    cards: Annotated[int, Query(ge=1, le=MOST_SIMULATED, description="How many to draw")] = 1000,
) -> dict[str, Any]:
    """What the next cards would hold, drawn as real ones are. Nothing is issued."""
    pk = known_id(campaign_id, "scratch card campaign")
    prizes = list(queries.campaign(business_id=_allowed(request), pk=pk).prizes.all())
    odds = queries.odds(prizes)
    rows = zip(prizes, scratch.chances(odds), scratch.simulate(odds, cards), strict=True)
    return data(
        [
            {
                "prize_id": prize.pk,
                "label": prize.label,
                "is_winner": prize.is_winner,
                "chance_pct": float(chance),
                "drawn": number,
            }
            for prize, chance, number in rows
        ]
    )
