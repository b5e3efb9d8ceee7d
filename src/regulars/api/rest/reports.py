"""`/api/reports`: figures of any days, and of the people behind them."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from django_scopes import scope
from ninja import Query, Router

from regulars.analytics import actions, people, reports
from regulars.analytics.models import RewardCost
from regulars.analytics.reports import Figures
from regulars.api.rest.auth import identity_of
from regulars.api.rest.common import IDEMPOTENT, answered, parse_amount, parse_day, printed
from regulars.api.rest.envelope import data
from regulars.api.rest.report_schemas import (
    ReportBranch,
    ReportCohort,
    ReportDaysOut,
    ReportDue,
    ReportStaff,
    ReportVisitsOut,
    ReportWeekday,
    RewardCostIn,
    RewardCostOut,
)
from regulars.api.rest.schemas import BIGGEST_ID, Data
from regulars.api.rest.writes import answers
from regulars.ledger.post import business_day
from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants.models import Branch, Business
from regulars.tenants.queries import business_by_id

router = Router(tags=["Reports"])

USUAL_DAYS, MOST_DAYS = 30, 3660
DayFilter = Annotated[str | None, Query(examples=["2026-06-01"])]
BranchFilter = Annotated[int | None, Query(ge=1, le=BIGGEST_ID)]
Months = Annotated[
    int, Query(ge=1, le=people.MOST_MONTHS, description="Months of joining, this one included")
]


def _today(business: Business) -> dt.date:
    return business_day(business.timezone, timezone.now())


def _days(business: Business, date_from: str | None, date_to: str | None) -> reports.Days:
    """The days that were asked for: 30 without, the last being today."""
    last = parse_day(date_to, "date_to") or _today(business)
    first = parse_day(date_from, "date_from") or last - dt.timedelta(days=USUAL_DAYS - 1)
    if first > last:
        raise InvalidInput.at("date_from", "must not be after date_to")
    if (last - first).days >= MOST_DAYS or first.year < 1900:  # noqa: PLR2004 - nothing is older
        raise InvalidInput.at("date_from", f"must be at most {MOST_DAYS} days before date_to")
    return first, last


def _branch(business: Business, branch_id: int | None) -> int | None:
    with scope(business=business):
        if branch_id is not None and not Branch.objects.filter(pk=branch_id).exists():
            raise NotFound(f"There is no branch {branch_id}.", fields={"branch_id": "is unknown"})
    return branch_id


def _money(value: Decimal) -> str:
    return f"{value:.2f}"


def _figures(one: Figures) -> dict[str, Any]:
    return {
        "stamps": one.stamps,
        "visits": one.visits,
        "return_visits": one.came_back,
        "new_customers": one.members,
        "rewards_earned": one.rewards_earned,
        "rewards_redeemed": one.rewards_redeemed,
        "points_earned": one.points_earned,
        "points_used": one.points_used,
        "points_expired": one.points_expired,
        "sales": one.sales,
        "sales_amount": _money(one.amount),
        "vouchers_issued": one.vouchers_issued,
        "vouchers_redeemed": one.vouchers_redeemed,
        "vouchers_value": _money(one.vouchers_value),
    }


@router.get("/reports/days", response=answered(Data[ReportDaysOut], also=(404,)), summary="Report by day")
@answers()
def days(
    request: HttpRequest,
    date_from: DayFilter = None,
    date_to: DayFilter = None,
    branch_id: BranchFilter = None,
) -> dict[str, Any]:
    """What happened on each day, beside as many days just before. Both dates are inclusive."""
    business = business_by_id(identity_of(request).business_id)
    first, last = _days(business, date_from, date_to)
    number = (last - first).days + 1
    both = (first - dt.timedelta(days=number), last)
    found = reports.by_day(business, both, _branch(business, branch_id))
    return data(
        {
            "date_from": first.isoformat(),
            "date_to": last.isoformat(),
            "days": [{"date": one.day.isoformat(), **_figures(one.figures)} for one in found[number:]],
            "total": _figures(reports.total(found[number:])),
            "before": _figures(reports.total(found[:number])),
        }
    )


@router.get("/reports/branches", response=answered(Data[list[ReportBranch]]), summary="Report by branch")
@answers()
def branches(request: HttpRequest, date_from: DayFilter = None, date_to: DayFilter = None) -> dict[str, Any]:
    """What happened at each branch in these days."""
    business = business_by_id(identity_of(request).business_id)
    found = reports.by_branch(business, _days(business, date_from, date_to))
    return data(
        [{"branch_id": one.branch_id, "name": one.name or None, **_figures(one.figures)} for one in found]
    )


@router.get(
    "/reports/staff", response=answered(Data[list[ReportStaff]], also=(404,)), summary="Report by person"
)
@answers()
def staff(
    request: HttpRequest,
    date_from: DayFilter = None,
    date_to: DayFilter = None,
    branch_id: BranchFilter = None,
) -> dict[str, Any]:
    """What each person of the team did in these days, most stamps first."""
    business = business_by_id(identity_of(request).business_id)
    found = reports.by_staff(business, _days(business, date_from, date_to), _branch(business, branch_id))
    return data(
        [
            {
                "staff_id": one.staff_id,
                "name": one.name or None,
                "left_at": printed(one.left_at, business),
                "stamps": one.figures.stamps,
                "visits": one.figures.visits,
                "rewards_redeemed": one.figures.rewards_redeemed,
                "points_earned": one.figures.points_earned,
                "sales": one.figures.sales,
                "sales_amount": _money(one.figures.amount),
            }
            for one in found
        ]
    )


@router.get(
    "/reports/hours", response=answered(Data[list[ReportWeekday]], also=(404,)), summary="Report by hour"
)
@answers()
def hours(
    request: HttpRequest,
    date_from: DayFilter = None,
    date_to: DayFilter = None,
    branch_id: BranchFilter = None,
) -> dict[str, Any]:
    """Visits in these days by weekday and hour of the business's time zone."""
    business = business_by_id(identity_of(request).business_id)
    found = reports.by_hour(business, _days(business, date_from, date_to), _branch(business, branch_id))
    return data([{"weekday": number, "visits": row} for number, row in enumerate(found, 1)])


@router.get("/reports/retention", response=answered(Data[list[ReportCohort]]), summary="Retention")
@answers()
def retention(request: HttpRequest, months: Months = people.MONTHS) -> dict[str, Any]:
    """Of those who joined in each of the last months, how many came in it and in each month after it."""
    business = business_by_id(identity_of(request).business_id)
    found = people.retention(business, _today(business), months)
    return data(
        [{"month": f"{one.month:%Y-%m}", "customers": one.members, "came": one.came} for one in found]
    )


@router.get("/reports/visits", response=answered(Data[ReportVisitsOut]), summary="Visits of customers")
@answers()
def visits(request: HttpRequest) -> dict[str, Any]:
    """How many customers came how often, and how long ago they were there last."""
    found = people.visits(business_by_id(identity_of(request).business_id))

    def bands(rows: list[Any]) -> list[dict[str, Any]]:
        return [{"least": one.least, "most": one.most, "customers": one.members} for one in rows]

    return data(
        {
            "customers": found.members,
            "never": found.never,
            "by_visits": bands(found.spread),
            "by_days_since": bands(found.recent),
        }
    )


@router.get("/reports/points", response=answered(Data[list[ReportDue]]), summary="Points owed")
@answers()
def points(request: HttpRequest) -> dict[str, Any]:
    """Points that customers can spend, by the month in which they run out; those that never do at last."""
    business = business_by_id(identity_of(request).business_id)
    return data(
        [
            {
                "month": one.month and f"{one.month:%Y-%m}",
                "points": one.points,
                "worth": _money(one.points * business.point_value),
            }
            for one in people.points_due(business)
        ]
    )


@router.get(
    "/reports/reward-cost", response=answered(Data[RewardCostOut]), summary="Get the cost of a reward"
)
@answers()
def reward_cost(request: HttpRequest) -> dict[str, Any]:
    """What handing out one reward costs the business, as it says."""
    with scope(business=identity_of(request).business_id):
        cost = RewardCost.objects.values_list("cost", flat=True).first()
    return data({"cost": None if cost is None else _money(cost)})


@router.patch(
    "/reports/reward-cost",
    response=answered(Data[RewardCostOut], also=(409, 422)),
    summary="Set the cost of a reward",
    openapi_extra=IDEMPOTENT,
)
@answers(write=True)
def set_reward_cost(request: HttpRequest, body: RewardCostIn) -> dict[str, Any]:
    """Say what handing out one reward costs; null forgets it."""
    cost = None if body.cost is None else parse_amount(body.cost, "cost")
    made = actions.set_reward_cost(business_id=identity_of(request).business_id, cost=cost)
    return data({"cost": None if made is None else _money(made.cost)})
