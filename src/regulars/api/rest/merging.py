"""`/api/customers/{id}/merge` and `/api/duplicates`."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, PageNumber, PerPage, answered, clamp, known_id
from regulars.api.rest.customers import customer_row
from regulars.api.rest.envelope import data, listed
from regulars.api.rest.schemas import CustomerRow, Data, Id, Incoming, Meta
from regulars.api.rest.writes import answers
from regulars.ledger import duplicates, merging
from regulars.tenants.queries import business_by_id

router = Router(tags=["Customers"])

_Take = Annotated[
    list[str], Field(max_length=30, description="What of the profile comes from the other record")
]
_Before = Annotated[
    int | None,
    Query(ge=1, le=2**63 - 1, description="Look at customers with a lower number: `next_before` of a look"),
]


class Merge(Incoming):
    """Which other record is the same person's."""

    customer_id: Id
    take: _Take = []


class Merged(BaseModel):
    """What lies on the card of the customer who was kept, and what of it the other record brought."""

    customer_id: int
    merged_customer_id: int
    current_stamps: int
    points_balance: int
    pending_rewards: int
    total_visits: int
    rewards_earned: int
    brought: dict[str, int]
    already_merged: bool


class Duplicates(BaseModel):
    """Customers who may be one person, why one may think so, and how many they are."""

    same: Literal["phone", "email", "birthday"]
    number: int
    customers: list[CustomerRow]


class DuplicatesMeta(Meta):
    """Where this page is among those whom a look found, and from where to look further."""

    next_before: int | None


class ListedDuplicates(BaseModel):
    """The envelope of possible duplicates."""

    data: list[Duplicates]
    meta: DuplicatesMeta


@router.post(
    "/customers/{int:customer_id}/merge",
    response=answered(Data[Merged], also=(404, 409, 422)),
    summary="Merge customers",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def merge(request: HttpRequest, customer_id: int, body: Merge) -> dict[str, Any]:
    """Everything of another record of the same person becomes this customer's. It cannot be undone."""
    result = merging.merge_members(
        business_id=identity_of(request).business_id,
        member_id=known_id(customer_id, "customer"),
        other_id=body.customer_id,
        take=body.take,
    )
    return data(
        {
            "customer_id": result.customer_id,
            "merged_customer_id": result.merged_customer_id,
            "current_stamps": result.stamps,
            "points_balance": result.points,
            "pending_rewards": result.pending_rewards,
            "total_visits": result.total_visits,
            "rewards_earned": result.rewards_earned,
            "brought": result.brought,
            "already_merged": result.already,
        }
    )


@router.get("/duplicates", response=answered(ListedDuplicates), summary="List possible duplicates")
@answers()
def list_duplicates(
    request: HttpRequest, before: _Before = None, page: PageNumber = 1, per_page: PerPage = 20
) -> dict[str, Any]:
    """Customers who may be one person: with one phone, one e-mail address, or one name and birthday.

    One of them is among the newest 2,000 customers, or those before `before`.
    """
    business = business_by_id(identity_of(request).business_id)
    found = duplicates.suggestions(
        business_id=business.pk, before=before, page=page, per_page=clamp(per_page)
    )
    rows = [
        {
            "same": group.why,
            "number": group.number,
            "customers": [customer_row(card, business) for card in group.cards],
        }
        for group in found.rows
    ]
    answer = listed(found, rows)
    return answer | {"meta": answer["meta"] | {"next_before": found.further}}
