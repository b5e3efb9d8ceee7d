"""Totals that were rolled up from ledger entries. All of them can be computed anew from the ledger,
except what erased members left behind (docs/decisions/0003).

`branch_key` is a branch's id, or 0: in `DayTotal` and `Total` for what happened at no branch, in `LastSeen`
and `LastSeenDay` for the business as a whole.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from regulars.analytics.facet_models import (
    Change,
    Cohort,
    Erasing,
    HourTotal,
    MemberMonth,
    PointsDue,
    RewardCost,
    StaffTotal,
    VisitCount,
)
from regulars.tenants.models import Business

__all__ = [
    "Change",
    "Cohort",
    "DayTotal",
    "Erased",
    "Erasing",
    "HourTotal",
    "LastSeen",
    "LastSeenDay",
    "MemberMonth",
    "PointsDue",
    "RewardCost",
    "StaffTotal",
    "Sums",
    "Total",
    "VisitCount",
    "Watermark",
]


class Watermark(models.Model):
    """Up to which entry the totals go. One row.

    `gaps` are ranges of ids below it whose entries were not there to be rolled up, because their
    transactions had not committed: [first, last, horizon]. Transactions from the horizon on
    cannot write them; 0: not known yet, -1: all before it have ended.
    """

    entry_id = models.BigIntegerField(default=0)
    gaps = models.JSONField(default=list)

    def __str__(self) -> str:
        return str(self.entry_id)


class Sums(models.Model):
    """The figures that are added up."""

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "stamps",
        "visits",
        "members",
        "rewards_earned",
        "rewards_redeemed",
        "points_earned",
        "points_used",
        "points_expired",
    )

    stamps = models.BigIntegerField(default=0)
    visits = models.BigIntegerField(default=0)
    members = models.BigIntegerField(default=0)
    rewards_earned = models.BigIntegerField(default=0)
    rewards_redeemed = models.BigIntegerField(default=0)
    points_earned = models.BigIntegerField(default=0)
    points_used = models.BigIntegerField(default=0)
    # Those of the used points that ran out.
    points_expired = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class DayTotal(Sums):
    """What happened on one business day at one branch. Kept when members are erased.

    `stamps_erased` of the `stamps` are those of members who were erased; fewer than none when theirs of
    another day were taken back on this one.
    """

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    branch_key = models.BigIntegerField()
    day = models.DateField()
    last_at = models.DateTimeField(null=True)
    stamps_erased = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager[DayTotal]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("business", "day", "branch_key"), name="day_total_unique"),
        )

    def __str__(self) -> str:
        return f"{self.day} at {self.branch_key}"


class Total(Sums):
    """All that ever happened in a business. `members` and `pending` count what is still there."""

    business = models.OneToOneField(
        Business, primary_key=True, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    pending = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager[Total]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return f"totals of {self.business_id}"


class Erased(Sums):
    """What members who were erased had done, all together: with it the totals still prove right.

    Amounts are in hundredths of the business's currency.
    """

    business = models.OneToOneField(
        Business, primary_key=True, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    sales = models.BigIntegerField(default=0, db_default=0)
    amount = models.BigIntegerField(default=0, db_default=0)
    vouchers_issued = models.BigIntegerField(default=0, db_default=0)
    vouchers_redeemed = models.BigIntegerField(default=0, db_default=0)
    vouchers_value = models.BigIntegerField(default=0, db_default=0)

    objects: ClassVar[models.Manager[Erased]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return f"erased from {self.business_id}"


class LastSeen(models.Model):
    """When a member was last active at a branch, and how often they came."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    member_id = models.BigIntegerField()
    branch_key = models.BigIntegerField()
    day = models.DateField()
    visits = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager[LastSeen]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("member_id", "branch_key"), name="last_seen_unique"),)
        indexes = (
            models.Index(
                fields=("business", "-visits", "member_id"),
                name="last_seen_visits",
                condition=models.Q(branch_key=0),
            ),
        )

    def __str__(self) -> str:
        return f"{self.member_id} on {self.day}"


class LastSeenDay(models.Model):
    """How many members were last active at a branch on a day: its sum over the last days is how many
    different members were active in them.
    """

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    branch_key = models.BigIntegerField()
    day = models.DateField()
    members = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager[LastSeenDay]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("business", "day", "branch_key"), name="last_seen_day_unique"),
        )

    def __str__(self) -> str:
        return f"{self.members} on {self.day}"
