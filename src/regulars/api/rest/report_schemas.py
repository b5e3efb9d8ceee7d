"""What `/api/reports` answers."""

from typing import Annotated

from pydantic import BaseModel, Field

from regulars.api.rest.schemas import Day, Incoming, Moment

# Money is text, in both directions: a number of JSON is a float to most that read it.
Amount = Annotated[str, Field(examples=["12.50"], description="In the business's currency, exact")]
Month = Annotated[str, Field(examples=["2026-06"])]


class ReportFigures(BaseModel):
    """What happened. `return_visits` are those of customers who had joined on an earlier day."""

    stamps: int
    visits: int
    return_visits: int
    new_customers: int
    rewards_earned: int
    rewards_redeemed: int
    points_earned: int
    points_used: int
    points_expired: int
    sales: int
    sales_amount: Amount
    vouchers_issued: int
    vouchers_redeemed: int
    vouchers_value: Amount


class ReportDay(ReportFigures):
    """A business day."""

    date: Day


class ReportDaysOut(BaseModel):
    """Each day, all of them together, and as many days just before them."""

    date_from: Day
    date_to: Day
    days: list[ReportDay]
    total: ReportFigures
    before: ReportFigures


class ReportBranch(ReportFigures):
    """A branch; `branch_id` is null for what named none."""

    branch_id: int | None
    name: str | None


class ReportStaff(BaseModel):
    """Somebody of the team; `staff_id` is null for what named nobody.

    Whoever left the team has `left_at`; their `name` is null when it was forgotten.
    """

    staff_id: int | None
    name: str | None
    left_at: Moment | None
    stamps: int
    visits: int
    rewards_redeemed: int
    points_earned: int
    sales: int
    sales_amount: Amount


class ReportWeekday(BaseModel):
    """Visits of a weekday by hour."""

    weekday: Annotated[int, Field(ge=1, le=7, description="1 is Monday")]
    visits: Annotated[list[int], Field(description="24 numbers, from midnight")]


class ReportCohort(BaseModel):
    """Customers who joined in a month, and how many of them came in it and each month after it."""

    month: Month
    customers: int
    came: list[int]


class ReportBand(BaseModel):
    """How many customers came so often; `most` is null where there is no end."""

    least: int
    most: int | None
    customers: int


class ReportVisitsOut(BaseModel):
    """How often customers came in all, and how many days ago they were there last."""

    customers: int
    never: int
    by_visits: list[ReportBand]
    by_days_since: list[ReportBand]


class ReportDue(BaseModel):
    """Points that run out in a month, or never, and what they are worth."""

    month: Month | None
    points: int
    worth: Amount


class RewardCostOut(BaseModel):
    """What one reward costs; null: not known."""

    cost: Amount | None


class RewardCostIn(Incoming):
    """What one reward costs; null forgets it."""

    cost: Amount | None
