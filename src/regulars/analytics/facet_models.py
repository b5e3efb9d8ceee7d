"""Totals of the back office: by hour, by staff, by month, by expiry; and what is on its way into them.

Keys and their 0 are as in `models`; `staff_key` is who did it, or 0. Amounts are in hundredths of the
business's currency (docs/decisions/0025).
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Final

from django.db import models
from django_scopes import ScopedManager

from regulars.tenants.models import Business

# The day on which points expire that never do.
NEVER: Final = dt.date(9999, 12, 31)


def _of_business() -> models.ForeignKey[Business, Business]:
    return models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )


class HourTotal(models.Model):
    """Visits in one hour of a business day; `came_back` are those of members who had joined before that day.

    What was undone is taken from the hour in which it was done.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("visits", "came_back")

    id = models.BigAutoField(primary_key=True)
    business = _of_business()
    branch_key = models.BigIntegerField()
    day = models.DateField()
    hour = models.PositiveSmallIntegerField()
    visits = models.BigIntegerField(default=0)
    came_back = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager[HourTotal]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("business", "day", "branch_key", "hour"), name="hour_total_unique"
            ),
        )

    def __str__(self) -> str:
        return f"{self.day}, {self.hour} o'clock"


class StaffTotal(models.Model):
    """What somebody of the team did on one business day at one branch, with sales and vouchers.

    The first columns come from the ledger, those of `TRADE` from `Change`.
    """

    LEDGER: ClassVar[tuple[str, ...]] = ("stamps", "visits", "rewards_redeemed", "points_earned")
    TRADE: ClassVar[tuple[str, ...]] = (
        "sales",
        "amount",
        "vouchers_issued",
        "vouchers_redeemed",
        "vouchers_value",
    )

    id = models.BigAutoField(primary_key=True)
    business = _of_business()
    branch_key = models.BigIntegerField()
    staff_key = models.BigIntegerField()
    day = models.DateField()
    stamps = models.BigIntegerField(default=0, db_default=0)
    visits = models.BigIntegerField(default=0, db_default=0)
    rewards_redeemed = models.BigIntegerField(default=0, db_default=0)
    points_earned = models.BigIntegerField(default=0, db_default=0)
    sales = models.BigIntegerField(default=0, db_default=0)
    amount = models.BigIntegerField(default=0, db_default=0)
    vouchers_issued = models.BigIntegerField(default=0, db_default=0)
    vouchers_redeemed = models.BigIntegerField(default=0, db_default=0)
    vouchers_value = models.BigIntegerField(default=0, db_default=0)

    objects: ClassVar[models.Manager[StaffTotal]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("business", "day", "branch_key", "staff_key"), name="staff_total_unique"
            ),
        )

    def __str__(self) -> str:
        return f"{self.staff_key} on {self.day}"


class MemberMonth(models.Model):
    """How often a member came in a calendar month, `month` being its first day."""

    id = models.BigAutoField(primary_key=True)
    business = _of_business()
    member_id = models.BigIntegerField()
    month = models.DateField()
    visits = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager[MemberMonth]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("member_id", "month"), name="member_month_unique"),)

    def __str__(self) -> str:
        return f"{self.member_id} in {self.month:%Y-%m}"


class Cohort(models.Model):
    """How many of the members who joined in one month came in another. Kept when members are erased."""

    id = models.BigAutoField(primary_key=True)
    business = _of_business()
    joined = models.DateField()
    month = models.DateField()
    members = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager[Cohort]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("business", "joined", "month"), name="cohort_unique"),)

    def __str__(self) -> str:
        return f"joined {self.joined:%Y-%m}, came {self.month:%Y-%m}"


class VisitCount(models.Model):
    """How many members came so many times, ever."""

    id = models.BigAutoField(primary_key=True)
    business = _of_business()
    visits = models.BigIntegerField()
    members = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager[VisitCount]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("business", "visits"), name="visit_count_unique"),)

    def __str__(self) -> str:
        return f"{self.members} came {self.visits} times"


class PointsDue(models.Model):
    """How many points that members still have expire on a day, or `NEVER`."""

    id = models.BigAutoField(primary_key=True)
    business = _of_business()
    expires_on = models.DateField()
    points = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager[PointsDue]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("business", "expires_on"), name="points_due_unique"),)

    def __str__(self) -> str:
        return f"{self.points} until {self.expires_on}"


class Change(models.Model):
    """What became of a sale or a voucher, not yet in `StaffTotal`. Written by triggers of the database.

    `erased` counts what was deleted with its member, which the days of the past keep.
    """

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    at = models.DateTimeField()
    branch_key = models.BigIntegerField()
    staff_key = models.BigIntegerField()
    sales = models.BigIntegerField()
    amount = models.BigIntegerField()
    vouchers_issued = models.BigIntegerField()
    vouchers_redeemed = models.BigIntegerField()
    vouchers_value = models.BigIntegerField()
    erased = models.BooleanField()

    objects: ClassVar[models.Manager[Change]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return f"change {self.pk}"


class Erasing(models.Model):
    """A member is being erased: a row of the transaction that does it, seen by its triggers alone.

    What they delete meanwhile stays counted on its day.
    """

    id = models.BigAutoField(primary_key=True)
    business = _of_business()

    objects: ClassVar[models.Manager[Erasing]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return f"erasing in {self.business_id}"


class RewardCost(models.Model):
    """What handing out one reward costs the business, as its owner says."""

    business = models.OneToOneField(
        Business, primary_key=True, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    cost = models.DecimalField(max_digits=12, decimal_places=2)

    objects: ClassVar[models.Manager[RewardCost]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(cost__gte=0), name="reward_cost_not_negative"),
        )

    def __str__(self) -> str:
        return str(self.cost)
