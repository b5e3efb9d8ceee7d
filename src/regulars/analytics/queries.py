"""The figures of a business: exact at every moment, at a cost that does not grow with its history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.analytics import tail
from regulars.analytics.models import DayTotal, LastSeen, LastSeenDay, Sums, Total
from regulars.analytics.rollup import read_watermark
from regulars.members.models import Member
from regulars.tenants.models import Branch, Business

TOP_CUSTOMERS = 10
# So many members of the tail are looked up in one statement.
_AT_ONCE = 10_000
MIN_RANGE, MAX_RANGE, DEFAULT_RANGE = 7, 90, 30


@dataclass(frozen=True, slots=True)
class Stats:
    """Key figures at a glance. `total_*` are of all time; active: a stamp or redemption in the last days."""

    total_customers: int
    total_stamps: int
    total_rewards: int
    pending_rewards: int
    active_7d: int
    active_30d: int
    stamps_today: int


@dataclass(frozen=True, slots=True)
class TopCustomer:
    """A member who came often."""

    id: int
    name: str
    total_visits: int


@dataclass(frozen=True, slots=True)
class BranchPerformance:
    """What happened at a branch in the range."""

    id: int
    name: str
    city: str
    stamps: int
    unique_customers: int
    rewards: int
    last_active: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Detail:
    """Figures of the last days; which are of the range and which of all time: docs/decisions/0005."""

    range_days: int
    stamps_per_day: list[tuple[dt.date, int]]
    new_customers_per_day: list[tuple[dt.date, int]]
    top_customers: list[TopCustomer]
    redemption_rate_pct: float
    total_stamps: int
    total_rewards: int
    branch_performance: list[BranchPerformance]
    unassigned_stamps: int


class Reading:
    """One consistent reading of a business's totals and tail. Made inside a snapshot."""

    def __init__(self, business: Business) -> None:
        self.business = business
        self.today = timezone.now().astimezone(ZoneInfo(business.timezone)).date()
        watermark, gaps = read_watermark()
        lines = tail.read_tail(business_id=business.pk, watermark=watermark, gaps=gaps)
        self.tail = tail.add_up(lines)
        recent = self.tail.totals[business.pk]
        self.total = dict(zip(Sums.COLUMNS, recent, strict=True))
        self.total["members"] -= self.tail.merged[business.pk]
        self.total["pending"] = self.total["rewards_earned"] - self.total["rewards_redeemed"]
        rolled = Total.objects.values(*self.total).first() or {}
        for column, value in rolled.items():
            self.total[column] += value
        members = sorted({member for _, _, member in self.tail.seen})
        self.known: dict[tuple[int, int], tuple[dt.date, int]] = {}
        # The tail may be long, and a statement takes 65,535 parameters at most.
        for start in range(0, len(members), _AT_ONCE):
            rows = LastSeen.objects.filter(member_id__in=members[start : start + _AT_ONCE])
            for branch_key, member, day, visits in rows.values_list(
                "branch_key", "member_id", "day", "visits"
            ):
                self.known[branch_key, member] = (day, visits)
        self.left = tail.days_left(self.tail.members_undone)

    def days(self, since: dt.date) -> list[tuple[int, dt.date, dict[str, int], dt.datetime | None]]:
        """Figures by branch and day from `since` on; a branch and day may come twice."""
        rolled = DayTotal.objects.filter(day__gte=since).values_list(
            "branch_key", "day", "last_at", *Sums.COLUMNS
        )
        found = [
            (branch, day, dict(zip(Sums.COLUMNS, sums, strict=True)), last)
            for branch, day, last, *sums in rolled
        ]
        found += [
            (branch, day, dict(zip(Sums.COLUMNS, sums, strict=False)), sums[-1])
            for (_, branch, day), sums in self.tail.days.items()
            if day >= since
        ]
        return found

    def active(self, since: dt.date) -> dict[int, int]:
        """How many different members were active since a day, by branch; under 0 in the whole business."""
        return self.active_since([since])[0]

    def active_since(self, days: Sequence[dt.date]) -> list[dict[int, int]]:
        """The same for each of some days, in one statement."""
        rows = LastSeenDay.objects.filter(day__gte=min(days)).values_list("branch_key", "day", "members")
        rolled = list(rows)
        return [self._active(since, rolled) for since in days]

    def _active(self, since: dt.date, rolled: Iterable[tuple[int, dt.date, int]]) -> dict[int, int]:
        counts: dict[int, int] = {}
        for branch, last, members in rolled:
            if last >= since:
                counts[branch] = counts.get(branch, 0) + members
        for key, (day, _) in self.tail.seen.items():
            _, branch, member = key
            known, _ = self.known.get((branch, member), (None, 0))
            before = known is not None and known >= since
            after = before or day >= since
            if key in self.tail.undone:
                left = self.left.get((branch, member))
                after = left is not None and left >= since
            counts[branch] = counts.get(branch, 0) + after - before
        return counts

    def top_customers(self) -> list[TopCustomer]:
        """The members with the most visits of all time."""
        recent = {
            member: visits for (_, branch, member), (_, visits) in self.tail.seen.items() if branch == 0
        }
        rolled = LastSeen.objects.filter(branch_key=0).order_by("-visits", "member_id")
        # Whoever is not in the tail is only overtaken, and comes up from below the first ten for nobody but
        # those whose visits were undone.
        lowered = sum(1 for number in recent.values() if number < 0)
        first = [row for row in rolled[: TOP_CUSTOMERS + lowered] if row.member_id not in recent]
        visits = {row.member_id: row.visits for row in first}
        for member, number in recent.items():
            visits[member] = number + self.known.get((0, member), (None, 0))[1]
        top = sorted(visits.items(), key=lambda item: (-item[1], item[0]))[:TOP_CUSTOMERS]
        names = dict(Member.objects.filter(pk__in=[member for member, _ in top]).values_list("pk", "name"))
        return [
            TopCustomer(member, names[member], number) for member, number in top if number and member in names
        ]


def stats(business: Business) -> Stats:
    """The key figures of a business."""
    with scope(business=business), db.snapshot():
        reading = Reading(business)
        week, month = (reading.today - dt.timedelta(days=days - 1) for days in (7, 30))
        return Stats(
            total_customers=reading.total["members"],
            total_stamps=reading.total["stamps"],
            total_rewards=reading.total["rewards_redeemed"],
            pending_rewards=reading.total["pending"],
            active_7d=reading.active(week).get(0, 0),
            active_30d=reading.active(month).get(0, 0),
            stamps_today=sum(
                sums["stamps"] for _, day, sums, _ in reading.days(reading.today) if day == reading.today
            ),
        )


def detail(business: Business, range_days: int = DEFAULT_RANGE) -> Detail:
    """The figures of the last `range_days` business days, today included; days without activity are zeros."""
    with scope(business=business), db.snapshot():
        reading = Reading(business)
        since = reading.today - dt.timedelta(days=range_days - 1)
        days = [since + dt.timedelta(days=number) for number in range(range_days)]
        stamps, joined = dict.fromkeys(days, 0), dict.fromkeys(days, 0)
        branches = {branch.pk: branch for branch in Branch.objects.order_by("id")}
        at_branch = {key: [0, 0] for key in branches}
        last_active: dict[int, dt.datetime] = {}
        unassigned = 0
        for branch, day, sums, last in reading.days(since):
            if day not in stamps:
                continue
            stamps[day] += sums["stamps"]
            joined[day] += sums["members"]
            if branch not in at_branch:
                unassigned += sums["stamps"]
                continue
            at_branch[branch][0] += sums["stamps"]
            at_branch[branch][1] += sums["rewards_earned"]
            if last is not None and (branch not in last_active or last > last_active[branch]):
                last_active[branch] = last
        unique = reading.active(since)
        earned, redeemed = reading.total["rewards_earned"], reading.total["rewards_redeemed"]
        return Detail(
            range_days=range_days,
            stamps_per_day=list(stamps.items()),
            new_customers_per_day=list(joined.items()),
            top_customers=reading.top_customers(),
            redemption_rate_pct=round(100 * redeemed / earned, 1) if earned else 0.0,
            total_stamps=reading.total["stamps"],
            total_rewards=redeemed,
            branch_performance=[
                BranchPerformance(
                    id=key,
                    name=branch.name,
                    city=branch.city,
                    stamps=at_branch[key][0],
                    unique_customers=unique.get(key, 0),
                    rewards=at_branch[key][1],
                    last_active=last_active.get(key),
                )
                for key, branch in branches.items()
            ],
            unassigned_stamps=unassigned,
        )
