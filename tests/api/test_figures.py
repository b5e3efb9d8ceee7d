"""`/api/stats` and `/api/analytics`: they agree with the list of transactions at every moment."""

from __future__ import annotations

import datetime as dt
import random
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


def check_all(rest: Rest) -> None:
    """Every figure, computed anew from what the lists show."""
    rows = list(pages(rest, "/api/transactions", per_page=100))
    customers = list(pages(rest, "/api/customers", per_page=100))
    branches = ok(rest.get("/api/branches"))
    stamps = [row for row in rows if row["transaction_type"] == "stamp_add"]
    today = NOW.date()

    def since(days: int) -> str:
        return (today - dt.timedelta(days=days - 1)).isoformat()

    def active(days: int, branch: int | None = None) -> int:
        chosen = [row for row in rows if row["created_at"] >= since(days)]
        return len({row["customer_id"] for row in chosen if branch is None or row["branch_id"] == branch})

    shown = stats(rest)
    assert shown == {
        "total_customers": len(customers),
        "total_stamps": sum(values(stamps, "stamps_added")),
        "total_rewards": len(rows) - len(stamps),
        "pending_rewards": sum(values(customers, "pending_rewards")),
        "active_7d": active(7),
        "active_30d": active(30),
        "stamps_today": sum(row["stamps_added"] for row in stamps if row["created_at"] >= today.isoformat()),
    }
    for days in (7, 30, 90):
        detail = analytics(rest, days)
        expected: dict[str, int] = {}
        for row in stamps:
            if row["created_at"] >= since(days):
                expected[row["created_at"][:10]] = (
                    expected.get(row["created_at"][:10], 0) + row["stamps_added"]
                )
        assert per_day(detail["stamps_per_day"], "stamps") == expected
        joined: dict[str, int] = {}
        for customer in customers:
            if customer["joined_at"] >= since(days):
                joined[customer["joined_at"][:10]] = joined.get(customer["joined_at"][:10], 0) + 1
        assert per_day(detail["new_customers_per_day"], "count") == joined
        assert (detail["total_stamps"], detail["total_rewards"]) == (
            shown["total_stamps"],
            shown["total_rewards"],
        )
        earned = shown["total_rewards"] + shown["pending_rewards"]
        assert detail["redemption_rate_pct"] == (
            round(100 * shown["total_rewards"] / earned, 1) if earned else 0
        )
        ranked = sorted(customers, key=lambda one: (-one["total_visits"], one["id"]))
        assert detail["top_customers"] == [
            {key: one[key] for key in ("id", "name", "total_visits")}
            for one in ranked[:10]
            if one["total_visits"]
        ]
        for branch, seen in zip(branches, detail["branch_performance"], strict=True):
            here = [
                row for row in rows if row["branch_id"] == branch["id"] and row["created_at"] >= since(days)
            ]
            assert {
                key: seen[key] for key in ("id", "name", "city", "stamps", "unique_customers", "last_active")
            } == {
                "id": branch["id"],
                "name": branch["name"],
                "city": branch["city"],
                "stamps": sum(values(here, "stamps_added")),
                "unique_customers": active(days, branch["id"]),
                "last_active": max(values(here, "created_at"), default=None),
            }
        away = [row for row in stamps if row["branch_id"] is None and row["created_at"] >= since(days)]
        assert detail["unassigned_stamps"] == sum(values(away, "stamps_added"))


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
