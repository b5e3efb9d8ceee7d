"""`/api/transactions`: what happened to cards, and taking it back."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import (
    IDEMPOTENT,
    PageNumber,
    PerPage,
    answered,
    clamp,
    known_id,
    parse_day,
    printed,
)
from regulars.api.rest.envelope import data, listed
from regulars.api.rest.schemas import BIGGEST_ID, Data, Listed, TransactionRow, TransactionType, UndoneOut
from regulars.api.rest.writes import answers
from regulars.ledger import actions, queries
from regulars.ledger.queries import KIND_NAMES
from regulars.tenants.models import Business
from regulars.tenants.queries import business_by_id

router = Router(tags=["Transactions"])

IdFilter = Annotated[int | None, Query(ge=1, le=BIGGEST_ID)]
DayFilter = Annotated[str | None, Query(description="YYYY-MM-DD, a day of the business's time zone")]


def _transaction(entry: Any, business: Business) -> dict[str, Any]:
    kind = KIND_NAMES[entry.kind]
    return {
        "id": entry.pk,
        "customer_id": entry.card_id,
        "customer_name": entry.card.member.name,
        "transaction_type": kind,
        "branch_id": entry.branch_id,
        "branch_name": entry.branch.name if entry.branch else None,
        "stamps_added": entry.stamps,
        "redemption_confirmed": int(not entry.undone) if kind == "reward_redeem" else None,
        "created_at": printed(entry.occurred_at, business),
        "undone": entry.undone,
        "undoes": entry.reverses_id,
        "reason": entry.text if kind == "stamp_take" else None,
    }


@router.get(
    "/transactions",
    response=answered(Listed[TransactionRow]),
    summary="List transactions",
)
@answers()
def list_transactions(  # noqa: PLR0917 - query parameters
    request: HttpRequest,
    page: PageNumber = 1,
    per_page: PerPage = 50,
    type: Annotated[TransactionType | None, Query()] = None,  # noqa: A002 - the seed's name
    customer_id: IdFilter = None,
    branch_id: IdFilter = None,
    date_from: DayFilter = None,
    date_to: DayFilter = None,
) -> dict[str, Any]:
    """Stamps given and taken, redemptions and undos, newest first. Both dates are inclusive."""
    business = business_by_id(identity_of(request).business_id)
    found = queries.transactions(
        business_id=business.pk,
        page=page,
        per_page=clamp(per_page),
        kind=type,
        customer_id=customer_id,
        branch_id=branch_id,
        date_from=parse_day(date_from, "date_from"),
        date_to=parse_day(date_to, "date_to"),
    )
    return listed(found, [_transaction(entry, business) for entry in found.rows])


@router.post(
    "/transactions/{int:transaction_id}/undo",
    response=answered(Data[UndoneOut], also=(404, 409, 422)),
    summary="Undo a transaction",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def undo(request: HttpRequest, transaction_id: int) -> dict[str, Any]:
    """Take back stamps, given or taken, or a redemption, by a transaction of its own. One caller does it."""
    result = actions.undo(
        business_id=identity_of(request).business_id, entry_id=known_id(transaction_id, "transaction")
    )
    return data(
        {
            "undone": True,
            "id": result.entry_id,
            "transaction_type": result.kind,
            "undoes": result.undone_entry_id,
            "customer_id": result.customer_id,
            "stamps_taken": max(result.stamps, 0),
            "rewards_taken": max(result.rewards, 0),
            "stamps_returned": max(-result.stamps, 0),
            "rewards_earned": max(-result.rewards, 0),
            "reward": result.reward or None,
            "current_stamps": result.current_stamps,
            "goal": result.goal,
            "pending_rewards": result.pending_rewards,
            "total_redeemed": result.total_redeemed,
        }
    )
