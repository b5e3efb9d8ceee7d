"""The figures of a business counted the slow way: entry by entry, nothing rolled up, no SQL to trust."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from regulars.analytics import queries
from regulars.analytics.queries import BranchPerformance, Detail, Stats, TopCustomer
from regulars.ledger.models import Card, Entry
from regulars.members import actions as members
from regulars.members.models import Member
from regulars.tenants.models import Branch, Business

COUNTS_AS_ACTIVE = {"stamp_add", "reward_redeem"}
Row = dict[str, Any]


@dataclass
class Recount:
    """What the figures of a business must be at this moment.

    Whoever erases a member does it by `delete`, which remembers what the ledger forgets: what happened on
    the days of the past stays counted, while the member is no longer one of the people.
    """

    business: Business
    erased: list[Row] = field(default_factory=list)

    def delete(self, member_id: int) -> None:
        """Erase a member, keeping what they did in mind."""
        with transaction.atomic():
            with scope(business=self.business):
                # Whoever stamps this card at the same moment comes before or finds nobody.
                Card.objects.select_for_update().get(pk=member_id)
            rows = self._rows(card_id=member_id)
            members.delete_member(business_id=self.business.pk, member_id=member_id)
        self.erased += rows

    def check(self, range_days: int = 30) -> None:
        """The product's figures are these, to the last one."""
        assert queries.stats(self.business) == self.stats()
        assert queries.detail(self.business, range_days) == self.detail(range_days)

    def _rows(self, **which: Any) -> list[Row]:
        with scope(business=self.business):
            return [dict(row) for row in Entry.objects.filter(**which).order_by("id").values()]

    def business_day(self, moment: dt.datetime) -> dt.date:
        """The business's own calendar day at a moment."""
        return moment.astimezone(ZoneInfo(self.business.timezone)).date()

    def stats(self) -> Stats:
        """The key figures."""
        present, today = self._rows(), self.business_day(timezone.now())
        everything = present + self.erased

        def active(days: int) -> int:
            since = today - dt.timedelta(days=days - 1)
            return len(
                {row["card_id"] for row in present if row["kind"] in COUNTS_AS_ACTIVE and row["day"] >= since}
            )

        with scope(business=self.business):
            cards = list(Card.objects.values_list("pending_rewards", flat=True))
        return Stats(
            total_customers=len(cards),
            total_stamps=sum(row["stamps"] for row in everything),
            total_rewards=sum(1 for row in everything if row["kind"] == "reward_redeem"),
            pending_rewards=sum(cards),
            active_7d=active(7),
            active_30d=active(30),
            stamps_today=sum(row["stamps"] for row in everything if row["day"] == today),
        )

    def detail(self, range_days: int) -> Detail:
        """The figures of the last days."""
        present, today = self._rows(), self.business_day(timezone.now())
        everything = present + self.erased
        days = [today - dt.timedelta(days=back) for back in reversed(range(range_days))]
        recent = [row for row in everything if row["day"] in set(days)]
        earned = sum(row["rewards"] for row in everything if row["rewards"] > 0)
        redeemed = sum(1 for row in everything if row["rewards"] < 0)
        with scope(business=self.business):
            branches = list(Branch.objects.order_by("id"))
        return Detail(
            range_days=range_days,
            stamps_per_day=[(day, sum(row["stamps"] for row in recent if row["day"] == day)) for day in days],
            new_customers_per_day=[
                (day, sum(1 for row in recent if row["day"] == day and row["kind"] == "enrol"))
                for day in days
            ],
            top_customers=self._top(present),
            redemption_rate_pct=round(100 * redeemed / earned, 1) if earned else 0.0,
            total_stamps=sum(row["stamps"] for row in everything),
            total_rewards=redeemed,
            branch_performance=[
                self._branch(branch, [row for row in recent if row["branch_id"] == branch.pk])
                for branch in branches
            ],
            unassigned_stamps=sum(row["stamps"] for row in recent if row["branch_id"] is None),
        )

    def _top(self, present: list[Row]) -> list[TopCustomer]:
        visits: Counter[int] = Counter()
        for row in present:
            visits[row["card_id"]] += row["visits"]
        order = sorted((-number, member) for member, number in visits.items() if number)[:10]
        with scope(business=self.business):
            names = dict(Member.objects.values_list("pk", "name"))
        return [TopCustomer(member, names[member], -number) for number, member in order]

    def _branch(self, branch: Branch, recent: list[Row]) -> BranchPerformance:
        active = [row for row in recent if row["kind"] in COUNTS_AS_ACTIVE]
        return BranchPerformance(
            id=branch.pk,
            name=branch.name,
            city=branch.city,
            stamps=sum(row["stamps"] for row in recent),
            unique_customers=len({row["card_id"] for row in active}),
            rewards=sum(row["rewards"] for row in recent if row["rewards"] > 0),
            last_active=max((row["occurred_at"] for row in active), default=None),
        )
