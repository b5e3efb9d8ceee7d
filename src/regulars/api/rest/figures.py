"""`/api/transactions`, `/api/stats` and `/api/analytics`: what happened."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router

from regulars.analytics import queries as figures
from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import PageNumber, PerPage, answered, clamp, parse_day, printed
from regulars.api.rest.envelope import data, listed
from regulars.api.rest.schemas import BIGGEST_ID, AnalyticsOut, Data, Listed, StatsOut, TransactionRow
from regulars.api.rest.writes import answers
from regulars.ledger import queries
from regulars.ledger.models import Entry
from regulars.ledger.queries import KIND_NAMES
from regulars.tenants.models import Business
from regulars.tenants.queries import business_by_id

router = Router()

IdFilter = Annotated[int | None, Query(ge=1, le=BIGGEST_ID)]
DayFilter = Annotated[str | None, Query(description="YYYY-MM-DD, a day of the business's time zone")]


def _transaction(entry: Entry, business: Business) -> dict[str, Any]:
    kind = KIND_NAMES[entry.kind]
    return {
        "id": entry.pk,
        "customer_id": entry.card_id,
        "customer_name": entry.card.member.name,
        "transaction_type": kind,
        "branch_id": entry.branch_id,
        "branch_name": entry.branch.name if entry.branch else None,
        "stamps_added": entry.stamps,
        "redemption_confirmed": 1 if kind == "reward_redeem" else None,
        "created_at": printed(entry.occurred_at, business),
    }


@router.get(
    "/transactions",
    response=answered(Listed[TransactionRow]),
    summary="List transactions",
    tags=["Transactions"],
)
@answers()
def list_transactions(  # noqa: PLR0917 - query parameters
    request: HttpRequest,
    page: PageNumber = 1,
    per_page: PerPage = 50,
    type: Annotated[Literal["stamp_add", "reward_redeem"] | None, Query()] = None,  # noqa: A002 - the seed's name
    customer_id: IdFilter = None,
    branch_id: IdFilter = None,
    date_from: DayFilter = None,
    date_to: DayFilter = None,
) -> dict[str, Any]:
    """Stamps and redemptions, newest first. Both dates are inclusive."""
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


@router.get("/stats", response=answered(Data[StatsOut]), summary="Summary stats", tags=["Analytics"])
@answers()
def stats(request: HttpRequest) -> dict[str, Any]:
    """Key figures at a glance, exact at every moment."""
    return data(asdict(figures.stats(business_by_id(identity_of(request).business_id))))


@router.get(
    "/analytics", response=answered(Data[AnalyticsOut]), summary="Detailed analytics", tags=["Analytics"]
)
@answers()
def analytics(
    request: HttpRequest,
    range: Annotated[  # noqa: A002 - the seed's name
        int, Query(ge=figures.MIN_RANGE, le=figures.MAX_RANGE, description="Days to include")
    ] = figures.DEFAULT_RANGE,
) -> dict[str, Any]:
    """Trends by day, top customers, redemption rate, and branches; days without activity are zeros."""
    business = business_by_id(identity_of(request).business_id)
    detail = figures.detail(business, range)
    return data(
        {
            "range_days": detail.range_days,
            "stamps_per_day": [
                {"date": day.isoformat(), "stamps": number} for day, number in detail.stamps_per_day
            ],
            "new_customers_per_day": [
                {"date": day.isoformat(), "count": number} for day, number in detail.new_customers_per_day
            ],
            "top_customers": [asdict(customer) for customer in detail.top_customers],
            "redemption_rate_pct": detail.redemption_rate_pct,
            "total_stamps": detail.total_stamps,
            "total_rewards": detail.total_rewards,
            "branch_performance": [
                asdict(branch) | {"last_active": printed(branch.last_active, business)}
                for branch in detail.branch_performance
            ],
            "unassigned_stamps": detail.unassigned_stamps,
        }
    )
