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
OF_REDEMPTIONS = {"reward_redeem", "reward_undo"}
Row = dict[str, Any]


def active(rows: list[Row]) -> list[Row]:
    """What counts as activity: not what was undone, whenever that was."""
    undone = {row["reverses_id"] for row in rows}
    return [row for row in rows if row["kind"] in COUNTS_AS_ACTIVE and row["id"] not in undone]


def earned_of(rows: list[Row]) -> int:
    """Rewards that were earned, less those that an undo took back."""
    return sum(row["rewards"] for row in rows if row["kind"] not in OF_REDEMPTIONS)


def redeemed_of(rows: list[Row]) -> int:
    """Rewards that were redeemed, less the redemptions that were undone."""
    return sum(-int(row["rewards"]) for row in rows if row["kind"] in OF_REDEMPTIONS)


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

        def active_in(days: int) -> int:
            since = today - dt.timedelta(days=days - 1)
            return len({row["card_id"] for row in active(present) if row["day"] >= since})

        with scope(business=self.business):
            cards = list(Card.objects.values_list("pending_rewards", flat=True))
        return Stats(
            total_customers=len(cards),
            total_stamps=sum(row["stamps"] for row in everything),
            total_rewards=redeemed_of(everything),
            pending_rewards=sum(cards),
            active_7d=active_in(7),
            active_30d=active_in(30),
            stamps_today=sum(row["stamps"] for row in everything if row["day"] == today),
        )

    def detail(self, range_days: int) -> Detail:
        """The figures of the last days."""
        present, today = self._rows(), self.business_day(timezone.now())
        everything = present + self.erased
        days = [today - dt.timedelta(days=back) for back in reversed(range(range_days))]
        inside = set(days)
        recent = [row for row in everything if row["day"] in inside]
        earned, redeemed, counted = earned_of(everything), redeemed_of(everything), active(everything)
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
                self._branch(
                    branch,
                    [row for row in recent if row["branch_id"] == branch.pk],
                    {
                        row["card_id"]
                        for row in counted
                        if row["day"] in inside and row["branch_id"] == branch.pk
                    },
                )
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

    def _branch(self, branch: Branch, recent: list[Row], customers: set[int]) -> BranchPerformance:
        return BranchPerformance(
            id=branch.pk,
            name=branch.name,
            city=branch.city,
            stamps=sum(row["stamps"] for row in recent),
            unique_customers=len(customers),
            rewards=earned_of(recent),
            # Somebody was at work, also if it was a mistake.
            last_active=max(
                (row["occurred_at"] for row in recent if row["kind"] in COUNTS_AS_ACTIVE), default=None
            ),
        )
