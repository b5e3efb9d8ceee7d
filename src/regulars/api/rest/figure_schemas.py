"""What `/api/stats` and `/api/analytics` answer, field by field as in the seed."""

from pydantic import BaseModel

from regulars.api.rest.schemas import Day, Moment


class StatsOut(BaseModel):
    """Key figures. `total_rewards` are rewards redeemed; active: a stamp or redemption in the last days."""

    total_customers: int
    total_stamps: int
    total_rewards: int
    pending_rewards: int
    active_7d: int
    active_30d: int
    stamps_today: int


class DayStamps(BaseModel):
    """Stamps given on a day."""

    date: Day
    stamps: int


class DayCount(BaseModel):
    """Customers who joined on a day."""

    date: Day
    count: int


class TopCustomerOut(BaseModel):
    """A customer who came often."""

    id: int
    name: str
    total_visits: int


class BranchPerformanceOut(BaseModel):
    """A branch in the range."""

    id: int
    name: str
    city: str
    stamps: int
    unique_customers: int
    rewards: int
    last_active: Moment | None


class AnalyticsOut(BaseModel):
    """Per-day lists and branches are of the range; totals, rate and top customers of all time."""

    range_days: int
    stamps_per_day: list[DayStamps]
    new_customers_per_day: list[DayCount]
    top_customers: list[TopCustomerOut]
    redemption_rate_pct: float
    total_stamps: int
    total_rewards: int
    branch_performance: list[BranchPerformanceOut]
    unassigned_stamps: int
