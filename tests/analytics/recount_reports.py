"""The reports of a business counted the slow way: row by row, nothing rolled up, no SQL to trust."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django_scopes import scope

from regulars.analytics import people, reports
from regulars.analytics.reports import Figures
from regulars.ledger.models import Card, Entry, Lot
from regulars.members.actions import delete_member
from regulars.sales.models import Sale
from regulars.tenants.models import Branch, Business
from regulars.vouchers.models import VoucherCode

Row = dict[str, Any]
_TABLES = {"entries": (Entry, "card_id"), "sales": (Sale, "member_id"), "codes": (VoucherCode, "member_id")}


@dataclass
class Recount:
    """What the reports must say. Whoever erases a member does it by `delete`, which remembers their rows."""

    business: Business
    erased: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in _TABLES})

    def delete(self, member_id: int) -> None:
        """Erase a member, keeping what they did in mind."""
        rows = {name: self._rows(name, member_id) for name in _TABLES}
        delete_member(business_id=self.business.pk, member_id=member_id)
        for name, found in rows.items():
            self.erased[name] += found

    def _rows(self, name: str, member_id: int | None = None) -> list[Row]:
        model, whose = _TABLES[name]
        which = {} if member_id is None else {whose: member_id}
        with scope(business=self.business):
            return [dict(row) for row in model.objects.filter(**which).order_by("id").values()]  # type: ignore[attr-defined]

    def all(self, name: str) -> list[Row]:
        """All rows that ever were and were not deleted by anybody but their own members."""
        return self._rows(name) + self.erased[name]

    def local(self, moment: dt.datetime) -> dt.datetime:
        """A moment in the business's time zone."""
        return moment.astimezone(ZoneInfo(self.business.timezone))

    def entries(self) -> list[Row]:
        """Entries, each with `origin`, where and when it counts, and the day on which its member joined."""
        rows = self.all("entries")
        by_id = {row["id"]: row for row in rows}
        joined = {row["card_id"]: row["day"] for row in rows if row["kind"] == "enrol"}
        return [
            {
                **row,
                "origin": by_id[row["reverses_id"]] if row["reverses_id"] else row,
                "joined": joined[row["card_id"]],
            }
            for row in rows
        ]

    def by_day(self, days: reports.Days, branch_id: int | None = None) -> dict[dt.date, Figures]:
        """The figures of each day."""
        first, last = days
        found = {first + dt.timedelta(days=later): Figures() for later in range((last - first).days + 1)}

        def here(day: dt.date, branch: int | None) -> bool:
            return day in found and branch_id in (None, branch)

        for row in self.entries():
            if row["kind"] == "enrol" and row["day"] in found:
                found[row["day"]].members += 1
            if here(row["day"], row["branch_id"]):
                _add_entry(found[row["day"]], row)
            origin = row["origin"]
            if here(origin["day"], origin["branch_id"]) and origin["day"] > row["joined"]:
                found[origin["day"]].came_back += row["visits"]
        self._trade(found, here)
        return found

    def _trade(self, found: dict[dt.date, Figures], here: Callable[[dt.date, int | None], bool]) -> None:
        for row in self.all("sales"):
            if here(day := self.local(row["occurred_at"]).date(), row["branch_id"]):
                found[day].sales += 1
                found[day].amount += row["total_value"]
        for row in self.all("codes"):
            if here(day := self.local(row["created_at"]).date(), None):
                found[day].vouchers_issued += 1
            if row["redeemed_at"] and here(
                day := self.local(row["redeemed_at"]).date(), row["redeemed_branch_id"]
            ):
                found[day].vouchers_redeemed += 1
                found[day].vouchers_value += row["redeemed_value"] or Decimal(0)

    def by_staff(self, days: reports.Days) -> dict[int | None, Figures]:
        """What each of the team did."""
        found: dict[int | None, Figures] = {}
        for row in self.entries():
            origin = row["origin"]
            if days[0] <= origin["day"] <= days[1]:
                figures = found.setdefault(origin["staff_id"], Figures())
                one = Figures()
                _add_entry(one, row)
                for name in ("stamps", "visits", "rewards_redeemed", "points_earned"):
                    setattr(figures, name, getattr(figures, name) + getattr(one, name))
        for row in self.all("sales"):
            if days[0] <= self.local(row["occurred_at"]).date() <= days[1]:
                figures = found.setdefault(row["staff_id"], Figures())
                figures.sales += 1
                figures.amount += row["total_value"]
        vouchers = found.setdefault(None, Figures())
        for figures in self.by_day(days).values():
            for name in ("vouchers_issued", "vouchers_redeemed", "vouchers_value"):
                setattr(vouchers, name, getattr(vouchers, name) + getattr(figures, name))
        return {staff: figures for staff, figures in found.items() if figures != Figures()}

    def by_hour(self, days: reports.Days) -> list[list[int]]:
        """Visits by weekday and hour."""
        table = [[0] * 24 for _ in range(7)]
        for row in self.entries():
            origin = row["origin"]
            if days[0] <= origin["day"] <= days[1]:
                table[origin["day"].weekday()][self.local(origin["occurred_at"]).hour] += row["visits"]
        return table

    def cohorts(self) -> dict[tuple[dt.date, dt.date], int]:
        """How many of those who joined in one month came in another."""
        visits: Counter[tuple[int, dt.date, dt.date]] = Counter()
        for row in self.entries():
            month = row["origin"]["day"].replace(day=1)
            visits[row["card_id"], row["joined"].replace(day=1), month] += row["visits"]
        return Counter((joined, month) for (_, joined, month), number in visits.items() if number > 0)

    def due(self) -> Counter[dt.date | None]:
        """Points by the month in which they expire."""
        with scope(business=self.business):
            lots = list(Lot.objects.filter(remaining__gt=0).values_list("expires_on", "remaining"))
        found: Counter[dt.date | None] = Counter()
        for day, points in lots:
            found[day and day.replace(day=1)] += points
        return found

    def check(self, days: reports.Days, today: dt.date) -> None:
        """Every report is what was counted here, to the last one."""
        business = self.business
        with scope(business=business):
            branches = [None, *Branch.objects.values_list("pk", flat=True)]
            visits = Counter(Card.objects.filter(total_visits__gt=0).values_list("total_visits", flat=True))
        for branch_id in branches:
            told = {one.day: one.figures for one in reports.by_day(business, days, branch_id)}
            assert told == self.by_day(days, branch_id)
        for at in reports.by_branch(business, days):
            if at.branch_id is not None:
                mine = reports.total(reports.by_day(business, days, at.branch_id))
                mine.members = 0
                assert at.figures == mine
        assert {one.staff_id: one.figures for one in reports.by_staff(business, days)} == self.by_staff(days)
        assert reports.by_hour(business, days) == self.by_hour(days)
        cohorts = self.cohorts()
        for joined in people.retention(business, today, 3):
            months = [people.add_months(joined.month, later) for later in range(len(joined.came))]
            assert joined.came == [cohorts.get((joined.month, month), 0) for month in months]
        spread = people.visits(business).spread
        assert [band.members for band in spread] == [
            sum(n for times, n in visits.items() if band.least <= times <= (band.most or times))
            for band in spread
        ]
        assert {due.month: due.points for due in people.points_due(business)} == self.due()


def _add_entry(figures: Figures, row: Row) -> None:
    figures.stamps += row["stamps"]
    figures.visits += row["visits"]
    redeems, earns = "reward_redeem", ("points_earn", "points_reverse")
    if row["kind"] in (redeems, "reward_undo"):
        figures.rewards_redeemed -= row["rewards"]
    else:
        figures.rewards_earned += row["rewards"]
    if row["kind"] in earns:
        figures.points_earned += row["points"]
    else:
        figures.points_used -= row["points"]
    if row["kind"] == "points_expire":
        figures.points_expired -= row["points"]
