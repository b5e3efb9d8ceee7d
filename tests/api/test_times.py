"""Days and printed times are of the business's own time zone, also at midnight and when clocks change."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from regulars.analytics.rollup import roll_up_all
from regulars.tenants.models import Business
from tests.api.support import Rest, ok, values
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

ZONES = ["Asia/Kolkata", "America/Los_Angeles", "Pacific/Kiritimati", "UTC"]


@dataclass
class Clock:
    """A shop's till whose clock on the wall can be set."""

    shop: Shop
    rest: Rest
    zone: ZoneInfo

    def moment(self, wall: str, fold: int = 0) -> dt.datetime:
        return dt.datetime.fromisoformat(wall).replace(tzinfo=self.zone, fold=fold).astimezone(dt.UTC)

    def at(self, wall: str, fold: int = 0) -> Any:
        return time_machine.travel(self.moment(wall, fold), tick=False)


@pytest.fixture(params=ZONES)
def clock(request: pytest.FixtureRequest, db: None) -> Clock:
    shop = make_shop(timezone=request.param)
    return Clock(shop, Rest(shop), ZoneInfo(request.param))


@pytest.fixture
def pacific(db: None) -> Clock:
    shop = make_shop(timezone="America/Los_Angeles")
    return Clock(shop, Rest(shop), ZoneInfo("America/Los_Angeles"))


def stamps_of(rest: Rest, **query: Any) -> list[int]:
    return values(ok(rest.get("/api/transactions", **query)), "stamps_added")


def per_day(rest: Rest, days: int = 7) -> dict[str, int]:
    rows = ok(rest.get("/api/analytics", range=days))["stamps_per_day"]
    return {row["date"]: row["stamps"] for row in rows}


def test_midnight_of_the_business_parts_the_days(clock: Clock) -> None:
    with clock.at("2026-05-20T12:00:00"):
        card = clock.shop.enrol()
    for wall, count in (("2026-05-31T23:59:59", 1), ("2026-06-01T00:00:00", 2), ("2026-06-01T23:59:59", 3)):
        with clock.at(wall):
            body = {"qr_code": card.qr_code, "count": count}
            ok(clock.rest.post("/api/stamps/add", body))
            (latest, *_) = ok(clock.rest.get("/api/transactions"))
            assert latest["created_at"] == wall.replace("T", " ")
            assert ok(clock.rest.get(f"/api/customers/{card.pk}"))["last_visit"] == wall.replace("T", " ")
    for rolled in (False, True):
        if rolled:
            roll_up_all()
        with clock.at("2026-06-01T23:59:59"):
            assert ok(clock.rest.get("/api/stats"))["stamps_today"] == 5
            assert per_day(clock.rest) == dict.fromkeys(
                [f"2026-05-{number}" for number in range(26, 31)], 0
            ) | {"2026-05-31": 1, "2026-06-01": 5}
        with clock.at("2026-06-02T00:00:00"):
            assert ok(clock.rest.get("/api/stats"))["stamps_today"] == 0
            assert list(per_day(clock.rest))[-1] == "2026-06-02"
    assert stamps_of(clock.rest, date_from="2026-06-01", date_to="2026-06-01") == [3, 2]
    assert stamps_of(clock.rest, date_to="2026-05-31") == [1]


def test_new_customers_are_counted_on_their_own_day(clock: Clock) -> None:
    for wall in ("2026-05-31T23:59:59", "2026-06-01T00:00:00", "2026-06-01T00:00:01"):
        with clock.at(wall):
            body = {"name": "Guest", "email": f"guest{wall[-8:-6]}{wall[-2:]}{wall[8:10]}@example.com"}
            made = ok(clock.rest.post("/api/customers", body), 201)
            shown = ok(clock.rest.get(f"/api/customers/{made['id']}"))
            assert shown["joined_at"] == wall.replace("T", " ")
    with clock.at("2026-06-01T12:00:00"):
        rows = ok(clock.rest.get("/api/analytics", range=7))["new_customers_per_day"]
    assert [row["count"] for row in rows[-2:]] == [1, 2]


def test_active_days_end_at_the_business_midnight(clock: Clock) -> None:
    card = clock.shop.enrol(occurred_at=clock.moment("2026-01-01T12:00:00"))
    clock.shop.stamp(card, occurred_at=clock.moment("2026-06-01T00:00:00"))
    for rolled in (False, True):
        if rolled:
            roll_up_all()
        for wall, week, month in (
            ("2026-06-07T23:59:59", 1, 1),
            ("2026-06-08T00:00:00", 0, 1),
            ("2026-06-30T23:59:59", 0, 1),
            ("2026-07-01T00:00:00", 0, 0),
        ):
            with clock.at(wall):
                found = ok(clock.rest.get("/api/stats"))
                assert (found["active_7d"], found["active_30d"]) == (week, month)


def test_two_shops_have_their_own_today(db: None) -> None:
    east, west = make_shop(timezone="Asia/Kolkata"), make_shop(timezone="America/Los_Angeles")
    moment = dt.datetime(2026, 6, 1, 3, 0, tzinfo=dt.UTC)
    with time_machine.travel(moment, tick=False):
        for shop in (east, west):
            shop.stamp(shop.enrol(), 4)
    assert ok(Rest(east).get("/api/transactions"))[0]["created_at"] == "2026-06-01 08:30:00"
    assert ok(Rest(west).get("/api/transactions"))[0]["created_at"] == "2026-05-31 20:00:00"
    with time_machine.travel(moment.replace(hour=8), tick=False):
        assert ok(Rest(east).get("/api/stats"))["stamps_today"] == 4
        assert ok(Rest(west).get("/api/stats"))["stamps_today"] == 0


def test_the_day_without_two_o_clock_and_the_day_with_two_of_them(pacific: Clock) -> None:
    card = pacific.shop.enrol(occurred_at=pacific.moment("2026-01-01T12:00:00"))
    for wall in ("2026-03-07T23:30:00", "2026-03-08T01:59:59", "2026-03-08T03:00:00", "2026-03-08T23:59:59"):
        pacific.shop.stamp(card, occurred_at=pacific.moment(wall))
    with pacific.at("2026-03-09T00:00:00"):
        assert list(per_day(pacific.rest).items())[-3:] == [
            ("2026-03-07", 1),
            ("2026-03-08", 3),
            ("2026-03-09", 0),
        ]
    first, second = pacific.moment("2026-11-01T01:30:00"), pacific.moment("2026-11-01T01:30:00", fold=1)
    assert second - first == dt.timedelta(hours=1)
    for moment in (first, second):
        pacific.shop.stamp(card, occurred_at=moment)
    with pacific.at("2026-11-01T23:59:59"):
        assert ok(pacific.rest.get("/api/stats"))["stamps_today"] == 2
        assert (
            values(ok(pacific.rest.get("/api/transactions"))[:2], "created_at") == ["2026-11-01 01:30:00"] * 2
        )


@pytest.mark.parametrize("days", [7, 30, 90])
def test_every_day_is_listed_once_in_order(days: int, pacific: Clock) -> None:
    with pacific.at("2026-04-01T12:00:00"):  # over the day that has 23 hours
        detail = ok(pacific.rest.get("/api/analytics", range=days))
    expected = [(dt.date(2026, 4, 1) - dt.timedelta(days=back)).isoformat() for back in range(days)][::-1]
    assert values(detail["stamps_per_day"], "date") == expected
    assert values(detail["new_customers_per_day"], "date") == expected
    assert set(values(detail["stamps_per_day"], "stamps")) == {0}


def test_a_branch_was_last_active_on_its_own_clock(clock: Clock) -> None:
    branch = clock.shop.branch()
    card = clock.shop.enrol(occurred_at=clock.moment("2026-05-01T12:00:00"))
    for wall in ("2026-06-01T00:10:00", "2026-06-01T23:50:00", "2026-06-01T07:00:00"):
        clock.shop.stamp(card, branch_id=branch.pk, occurred_at=clock.moment(wall))
    for rolled in (False, True):
        if rolled:
            roll_up_all()
        with clock.at("2026-06-02T09:00:00"):
            (row,) = ok(clock.rest.get("/api/analytics"))["branch_performance"]
            assert row["last_active"] == "2026-06-01 23:50:00"


def test_days_stay_when_the_business_moves(pacific: Clock) -> None:
    card = pacific.shop.enrol(occurred_at=pacific.moment("2026-05-01T12:00:00"))
    pacific.shop.stamp(card, 3, occurred_at=pacific.moment("2026-06-01T20:00:00"))
    Business.objects.filter(pk=pacific.shop.id).update(timezone="Asia/Kolkata")
    assert stamps_of(pacific.rest, date_from="2026-06-01", date_to="2026-06-01") == [3]
    with pacific.at("2026-06-02T00:00:00"):
        assert per_day(pacific.rest)["2026-06-01"] == 3


def test_times_between_seconds_are_cut(rest: Rest, shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, occurred_at=dt.datetime(2026, 6, 1, 6, 29, 59, 999_999, tzinfo=dt.UTC))
    assert ok(rest.get("/api/transactions"))[0]["created_at"] == "2026-06-01 11:59:59"
