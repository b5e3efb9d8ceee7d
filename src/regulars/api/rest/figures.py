"""`/api/stats` and `/api/analytics`: what happened, in figures."""

from dataclasses import asdict
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from regulars.analytics import queries as figures
from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import answered, printed
from regulars.api.rest.envelope import data
from regulars.api.rest.figure_schemas import AnalyticsOut, StatsOut
from regulars.api.rest.schemas import Data
from regulars.api.rest.writes import answers
from regulars.tenants.queries import business_by_id

router = Router()


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
