"""`/api/stamps` and `/api/rewards`: what happens at the counter."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, PageNumber, PerPage, answered, clamp, known_id
from regulars.api.rest.envelope import data, listed
from regulars.api.rest.schemas import (
    AddStamps,
    Data,
    Listed,
    PendingRow,
    Redeem,
    Redeemed,
    StampsAddedOut,
    StampsTakenOut,
    TakeStamps,
)
from regulars.api.rest.writes import answers
from regulars.ledger import actions, queries
from regulars.rules.text import clean_text

router = Router()

QR_CODE_LENGTH = 32


@router.post(
    "/stamps/add",
    response=answered(Data[StampsAddedOut], also=(404, 409, 422)),
    summary="Add stamps",
    tags=["Stamps"],
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def add_stamps(request: HttpRequest, body: AddStamps) -> dict[str, Any]:
    """Add stamps to a card. Each full card becomes a reward, and stamps beyond the goal carry over."""
    result = actions.add_stamps(
        business_id=identity_of(request).business_id,
        qr_code=clean_text(body.qr_code, field="qr_code", max_length=QR_CODE_LENGTH, required=True),
        count=body.count,
        visit=body.visit,
        branch_id=body.branch_id,
    )
    return data(
        {
            "customer_id": result.customer_id,
            "stamps_added": result.stamps_added,
            "current_stamps": result.current_stamps,
            "goal": result.goal,
            "reward_earned": result.reward_earned,
            "rewards_earned": result.rewards_earned,
            "pending_rewards": result.pending_rewards,
            "branch_id": result.branch_id,
        }
    )


@router.post(
    "/customers/{int:customer_id}/stamps/take",
    response=answered(Data[StampsTakenOut], also=(404, 409, 422)),
    summary="Take stamps",
    tags=["Stamps"],
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def take_stamps(request: HttpRequest, customer_id: int, body: TakeStamps) -> dict[str, Any]:
    """Take stamps off a customer's card, for a reason. Rewards that wait are not touched."""
    result = actions.take_stamps(
        business_id=identity_of(request).business_id,
        member_id=known_id(customer_id, "customer"),
        count=body.count,
        reason=body.reason,
        branch_id=body.branch_id,
    )
    return data(
        {
            "customer_id": result.customer_id,
            "stamps_taken": result.stamps_taken,
            "current_stamps": result.current_stamps,
            "goal": result.goal,
            "pending_rewards": result.pending_rewards,
            "branch_id": result.branch_id,
            "transaction_id": result.entry_id,
        }
    )


@router.post(
    "/rewards/redeem",
    response=answered(Data[Redeemed], also=(404, 409, 422)),
    summary="Redeem a reward",
    tags=["Rewards"],
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def redeem(request: HttpRequest, body: Redeem) -> dict[str, Any]:
    """Redeem the oldest pending reward of a card. Of several callers at once, each reward goes to one."""
    result = actions.redeem_reward(
        business_id=identity_of(request).business_id,
        qr_code=clean_text(body.qr_code, field="qr_code", max_length=QR_CODE_LENGTH, required=True),
    )
    return data(
        {
            "redeemed": True,
            "reward": result.reward,
            "pending_rewards": result.pending_rewards,
            "total_redeemed": result.total_redeemed,
        }
    )


@router.get(
    "/rewards", response=answered(Listed[PendingRow]), summary="List pending rewards", tags=["Rewards"]
)
@answers()
def list_pending(request: HttpRequest, page: PageNumber = 1, per_page: PerPage = 20) -> dict[str, Any]:
    """Customers with rewards to redeem, most rewards first."""
    found = queries.pending_rewards(
        business_id=identity_of(request).business_id, page=page, per_page=clamp(per_page)
    )
    rows = [
        {
            "id": card.pk,
            "name": card.member.name,
            "phone": card.member.cell or None,
            "pending_rewards": card.pending_rewards,
            "qr_code": card.qr_code,
        }
        for card in found.rows
    ]
    return listed(found, rows)
