"""`/api/stats` and `/api/analytics`: they agree with the list of transactions at every moment."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from typing import Any

import pytest
import time_machine

from regulars.analytics.rollup import roll_up, roll_up_all
from regulars.ledger import actions as ledger
from regulars.ledger.models import Card
from tests.api.support import Rest, ok, pages, values
from tests.factories import Shop

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 10, 6, 30, tzinfo=dt.UTC)


def stats(rest: Rest) -> dict[str, Any]:
    found: dict[str, Any] = ok(rest.get("/api/stats"))
    return found


def analytics(rest: Rest, days: int = 30) -> dict[str, Any]:
    found: dict[str, Any] = ok(rest.get("/api/analytics", range=days))
    return found


def per_day(rows: list[dict[str, Any]], key: str) -> dict[str, int]:
    return {row["date"]: row[key] for row in rows if row[key]}


def day(back: int, hour: int = 6) -> dt.datetime:
    return NOW.replace(hour=hour) - dt.timedelta(days=back)


def redeem(shop: Shop, card: Card, at: dt.datetime, **more: Any) -> None:
    ledger.redeem_reward(business_id=shop.id, qr_code=card.qr_code, occurred_at=at, **more)


@pytest.fixture
def _june() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


class Lists:
    """What the lists of a shop show, and the figures that follow from it."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.rows = list(pages(rest, "/api/transactions", per_page=100))
        self.stamps = [row for row in self.rows if row["transaction_type"] == "stamp_add"]
        self.customers = list(pages(rest, "/api/customers", per_page=100))
        self.branches = ok(rest.get("/api/branches"))

    @staticmethod
    def since(days: int) -> str:
        return (NOW.date() - dt.timedelta(days=days - 1)).isoformat()

    def active(self, days: int) -> int:
        return len({row["customer_id"] for row in self.rows if row["created_at"] >= self.since(days)})

    def by_day(
        self, rows: list[dict[str, Any]], at: str, days: int, key: str | None = None
    ) -> dict[str, int]:
        """The rows of the last days by their day: added up by a key, or counted."""
        found: Counter[str] = Counter()
        for row in rows:
            if row[at] >= self.since(days):
                found[row[at][:10]] += row[key] if key else 1
        return dict(found)

    def stats(self) -> dict[str, int]:
        return {
            "total_customers": len(self.customers),
            "total_stamps": sum(values(self.stamps, "stamps_added")),
            "total_rewards": len(self.rows) - len(self.stamps),
            "pending_rewards": sum(values(self.customers, "pending_rewards")),
            "active_7d": self.active(7),
            "active_30d": self.active(30),
            "stamps_today": sum(self.by_day(self.stamps, "created_at", 1, "stamps_added").values()),
        }

    def performance(self, branch: dict[str, Any], days: int) -> dict[str, Any]:
        since, number = self.since(days), branch["id"]
        here = [row for row in self.rows if row["branch_id"] == number and row["created_at"] >= since]
        return {
            "id": number,
            "name": branch["name"],
            "city": branch["city"],
            "stamps": sum(values(here, "stamps_added")),
            "unique_customers": len(set(values(here, "customer_id"))),
            "last_active": max(values(here, "created_at"), default=None),
        }

    def top(self) -> list[dict[str, Any]]:
        ranked = sorted(self.customers, key=lambda one: (-one["total_visits"], one["id"]))
        shown = [{key: one[key] for key in ("id", "name", "total_visits")} for one in ranked[:10]]
        return [one for one in shown if one["total_visits"]]

    def check_detail(self, days: int) -> None:
        detail, total = analytics(self.rest, days), self.stats()
        stamps = self.by_day(self.stamps, "created_at", days, "stamps_added")
        assert per_day(detail["stamps_per_day"], "stamps") == stamps
        joined = self.by_day(self.customers, "joined_at", days)
        assert per_day(detail["new_customers_per_day"], "count") == joined
        for field in ("total_stamps", "total_rewards"):
            assert detail[field] == total[field]
        earned = total["total_rewards"] + total["pending_rewards"]
        rate = round(100 * total["total_rewards"] / earned, 1) if earned else 0
        assert detail["redemption_rate_pct"] == rate
        assert detail["top_customers"] == self.top()
        shown = detail["branch_performance"]
        for row in shown:
            assert row.pop("rewards") >= 0  # no list shows where a reward was earned
        assert shown == [self.performance(branch, days) for branch in self.branches]
        away = [row for row in self.stamps if row["branch_id"] is None]
        assert detail["unassigned_stamps"] == sum(
            self.by_day(away, "created_at", days, "stamps_added").values()
        )


def check_all(rest: Rest) -> None:
    """Every figure against the lists."""
    lists = Lists(rest)
    assert stats(rest) == lists.stats()
    for days in (7, 30, 90):
        lists.check_detail(days)


@pytest.mark.usefixtures("_june")
def test_a_shop_where_nothing_happened_has_zeros(rest: Rest) -> None:
    assert set(stats(rest).values()) == {0}
    detail = analytics(rest, 7)
    assert values(detail["stamps_per_day"], "date") == [f"2026-06-{number:02d}" for number in range(4, 11)]
    assert set(values(detail["stamps_per_day"], "stamps")) == {0}
    assert detail["new_customers_per_day"] == [
        {"date": row["date"], "count": 0} for row in detail["stamps_per_day"]
    ]
    assert detail["redemption_rate_pct"] == 0.0
    assert detail["top_customers"] == detail["branch_performance"] == []
    check_all(rest)


@pytest.mark.usefixtures("_june")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_figures_and_lists_agree_after_anything(seed: int, shop: Shop, rest: Rest) -> None:
    chance = random.Random(seed)
    branches = [None, *(shop.branch(f"Branch {number}", city="Bengaluru").pk for number in range(3))]
    cards: list[Card] = []
    for number in range(70):
        at, branch = day(chance.randrange(100), chance.randrange(24)), chance.choice(branches)
        what = chance.random()
        if what < 0.2 or not cards:
            cards.append(shop.enrol(f"Guest {number}", occurred_at=at))
        elif what < 0.85:
            shop.stamp(chance.choice(cards), chance.randrange(1, 11), branch_id=branch, occurred_at=at)
        elif what < 0.95:
            card = chance.choice(cards)
            if ok(rest.get(f"/api/customers/{card.pk}"))["pending_rewards"]:
                redeem(shop, card, at, branch_id=branch)
        else:
            roll_up(limit=chance.randrange(1, 20))
    check_all(rest)
    roll_up_all()
    check_all(rest)
    shop.stamp(cards[0], 3, branch_id=branches[1], occurred_at=NOW)
    check_all(rest)


@pytest.mark.usefixtures("_june")
def test_a_client_sees_its_own_stamp_in_the_figures_at_once(shop: Shop, rest: Rest) -> None:
    card = shop.enrol(occurred_at=NOW)
    for number in range(1, 10):
        ok(rest.post("/api/stamps/add", {"qr_code": card.qr_code}))
        assert (stats(rest)["stamps_today"], stats(rest)["total_stamps"]) == (number, number)
        assert analytics(rest)["stamps_per_day"][-1] == {"date": "2026-06-10", "stamps": number}
    ok(rest.post("/api/rewards/redeem", {"qr_code": card.qr_code}))
    assert (stats(rest)["total_rewards"], stats(rest)["pending_rewards"]) == (1, 0)
    assert analytics(rest)["redemption_rate_pct"] == 100.0


@pytest.mark.usefixtures("_june")
def test_active_counts_the_last_days_with_today(shop: Shop, rest: Rest) -> None:
    for back in (0, 6, 7, 29, 30, 60):
        shop.stamp(shop.enrol(occurred_at=day(90)), occurred_at=day(back))
    assert (stats(rest)["active_7d"], stats(rest)["active_30d"]) == (2, 4)
    roll_up_all()
    assert (stats(rest)["active_7d"], stats(rest)["active_30d"]) == (2, 4)


@pytest.mark.usefixtures("_june")
def test_a_redemption_makes_active_and_an_enrolment_does_not(shop: Shop, rest: Rest) -> None:
    shop.enrol(occurred_at=NOW)
    card = shop.enrol(occurred_at=day(90))
    shop.stamp(card, 8, occurred_at=day(90))
    assert stats(rest)["active_30d"] == 0
    redeem(shop, card, day(2))
    assert (stats(rest)["active_7d"], stats(rest)["active_30d"]) == (1, 1)


@pytest.mark.usefixtures("_june")
@pytest.mark.parametrize("rolled", [True, False])
def test_deleting_a_customer_leaves_the_figures_of_the_past(rolled: bool, shop: Shop, rest: Rest) -> None:  # noqa: FBT001
    branch = shop.branch(city="Bengaluru").pk
    gone, stays = shop.enrol("Gone", occurred_at=day(20)), shop.enrol("Stays", occurred_at=day(10))
    shop.stamp(gone, 17, branch_id=branch, occurred_at=day(5))
    shop.stamp(gone, 2, occurred_at=day(0))
    redeem(shop, gone, day(0))
    shop.stamp(stays, 4, branch_id=branch, occurred_at=day(3))
    if rolled:
        roll_up_all()
    totals, detail = stats(rest), analytics(rest)
    assert (totals["pending_rewards"], totals["total_customers"], totals["active_7d"]) == (1, 2, 2)
    ok(rest.delete(f"/api/customers/{gone.pk}"))
    for _ in range(2):
        assert stats(rest) == totals | {
            "total_customers": 1,
            "pending_rewards": 0,
            "active_7d": 1,
            "active_30d": 1,
        }
        after = analytics(rest)
        assert values(after["top_customers"], "id") == [stays.pk]
        for field in (
            "stamps_per_day",
            "new_customers_per_day",
            "total_stamps",
            "total_rewards",
            "unassigned_stamps",
        ):
            assert after[field] == detail[field]
        assert after["branch_performance"] == detail["branch_performance"]
        roll_up_all()
    shop.stamp(stays, 1, occurred_at=NOW)
    assert stats(rest)["total_stamps"] == totals["total_stamps"] + 1


@pytest.mark.usefixtures("_june")
def test_top_customers_are_ten_by_visits(shop: Shop, rest: Rest) -> None:
    cards = [shop.enrol(f"Guest {number}", occurred_at=day(50)) for number in range(12)]
    for number, card in enumerate(cards):
        for back in range(number):
            shop.stamp(card, occurred_at=day(back + 40))
    top = analytics(rest, 7)["top_customers"]
    assert values(top, "total_visits") == list(range(11, 1, -1))
    assert values(top, "id") == [card.pk for card in cards[:1:-1]]


@pytest.mark.usefixtures("_june")
def test_branches_of_the_range_and_what_names_none(shop: Shop, rest: Rest) -> None:
    one, two = shop.branch("One", city="Bengaluru"), shop.branch("Two")
    card, other = shop.enrol(occurred_at=day(60)), shop.enrol(occurred_at=day(60))
    shop.stamp(card, 9, branch_id=one.pk, occurred_at=day(1))
    shop.stamp(other, 2, branch_id=one.pk, occurred_at=day(2))
    shop.stamp(card, 3, occurred_at=day(0))
    shop.stamp(card, 5, branch_id=two.pk, occurred_at=day(40))
    detail = analytics(rest, 30)
    assert detail["branch_performance"] == [
        {
            "id": one.pk,
            "name": "One",
            "city": "Bengaluru",
            "stamps": 11,
            "unique_customers": 2,
            "rewards": 1,
            "last_active": "2026-06-09 12:00:00",
        },
        {
            "id": two.pk,
            "name": "Two",
            "city": "",
            "stamps": 0,
            "unique_customers": 0,
            "rewards": 0,
            "last_active": None,
        },
    ]
    assert detail["unassigned_stamps"] == 3
    assert sum(values(detail["stamps_per_day"], "stamps")) == 14
