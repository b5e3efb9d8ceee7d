"""Values that the documentation fixes: defaults, limits, how codes and addresses are written."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine

from regulars.tenants.models import Business
from tests.api.support import Rest, invalid, meta, ok, refused
from tests.contract.sunrise import Sunrise

pytestmark = pytest.mark.django_db

PAGED = {"/api/customers": 20, "/api/rewards": 20, "/api/transactions": 50}
WRITES_WITHOUT_KEY = [("PATCH", "/api/business"), ("POST", "/api/stamps/add"), ("DELETE", "/api/customers/1")]


@pytest.fixture
def rest(sunrise: Sunrise) -> Rest:
    return Rest(sunrise.shop)


def stamped(sunrise: Sunrise, times: int) -> None:
    for number in range(times):
        card = sunrise.shop.enrol(f"Guest {number}")
        sunrise.shop.stamp(card, 8)


@pytest.mark.parametrize(("path", "default"), PAGED.items())
def test_per_page_has_its_default_and_at_most_a_hundred(
    path: str, default: int, rest: Rest, sunrise: Sunrise
) -> None:
    stamped(sunrise, 101)
    first = rest.get(path)
    assert meta(first)["per_page"] == len(ok(first)) == default
    assert meta(first)["page"] == 1
    most = rest.get(path, per_page=100)
    assert meta(most)["per_page"] == len(ok(most)) == 100
    for more in (101, 10**9 + 1, 10**30):
        clamped = rest.get(path, per_page=more)
        assert meta(clamped) == meta(most)
        assert ok(clamped) == ok(most)
    assert meta(clamped)["pages"] == -(-meta(clamped)["total"] // 100)


@pytest.mark.parametrize("path", PAGED)
@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=x", "page=1.5", "per_page=0", "per_page=x", "page="]
)
def test_a_bad_page_number_is_refused(path: str, query: str, rest: Rest) -> None:
    invalid(rest.send("GET", path, query=query), query.partition("=")[0])


@pytest.mark.parametrize("path", PAGED)
def test_pages_hold_every_row_once(path: str, rest: Rest, sunrise: Sunrise) -> None:
    stamped(sunrise, 7)
    whole = ok(rest.get(path, per_page=100))
    pages = [ok(rest.get(path, per_page=3, page=page)) for page in range(1, -(-len(whole) // 3) + 1)]
    assert [row for page in pages for row in page] == whole
    assert ok(rest.get(path, per_page=3, page=len(pages) + 1)) == []
    assert ok(rest.get(path, per_page=3, page=1_000_000_000)) == []


def test_range_is_thirty_days_unless_said_and_from_seven_to_ninety(rest: Rest) -> None:
    usual = ok(rest.get("/api/analytics"))
    assert usual["range_days"] == 30
    for days in (7, 30, 90):
        found = ok(rest.get("/api/analytics", range=days))
        assert found["range_days"] == days
        assert len(found["stamps_per_day"]) == len(found["new_customers_per_day"]) == days
    for days in (6, 91, 0, -7):
        invalid(rest.get("/api/analytics", range=days), "range")


def test_count_is_one_unless_said_and_from_one_to_ten(rest: Rest, sunrise: Sunrise) -> None:
    code = sunrise.names["qr_code"]
    assert ok(rest.post("/api/stamps/add", {"qr_code": code}))["stamps_added"] == 1
    assert ok(rest.post("/api/stamps/add", {"qr_code": code, "count": 10}))["stamps_added"] == 10
    for count in (0, 11, -1):
        invalid(rest.post("/api/stamps/add", {"qr_code": code, "count": count}), "count")


@pytest.mark.parametrize(
    ("field", "least", "most"), [("stamps_required", 2, 50), ("birthday_bonus_stamps", 1, 10)]
)
def test_program_numbers_have_their_limits(field: str, least: int, most: int, rest: Rest) -> None:
    for number in (least, most):
        assert ok(rest.patch("/api/program", {field: number}))[field] == number
    for number in (least - 1, most + 1):
        invalid(rest.patch("/api/program", {field: number}), field)
    assert ok(rest.get("/api/program"))[field] == most


def test_codes_and_addresses_have_their_form(rest: Rest) -> None:
    join = ok(rest.get("/api/business"))["join_url"]
    assert re.fullmatch(r"https://shop\.example/join/[0-9a-f]{10}", join)
    first, second = (
        ok(rest.post("/api/customers", {"name": "Rahul Mehta", "email": f"{number}@example.com"}), 201)
        for number in (1, 2)
    )
    assert re.fullmatch("[0-9a-f]{16}", first["qr_code"])
    assert first["qr_code"] != second["qr_code"]
    assert first["card_url"] == f"https://shop.example/card/{first['qr_code']}"


@pytest.mark.parametrize(
    ("lat", "lng"), [(12.9352, 77.6245), (12.9361, 77.6250), (12.97, 77.59), (-33.9, 151.2), (90, -180)]
)
def test_metres_are_the_rounded_kilometres(lat: float, lng: float, rest: Rest) -> None:
    found = ok(rest.get("/api/branches/nearest", lat=lat, lng=lng))
    assert isinstance(found["distance_km"], float)
    assert abs(found["distance_m"] - found["distance_km"] * 1000) <= 0.5
    assert found["distance_km"] == round(found["distance_km"], 3)


def test_nearest_needs_both_coordinates(rest: Rest) -> None:
    invalid(rest.get("/api/branches/nearest"), "lat", "lng")
    invalid(rest.get("/api/branches/nearest", lat=12.9), "lng")


def test_customer_has_their_last_twenty_transactions(rest: Rest, sunrise: Sunrise) -> None:
    card = sunrise.shop.enrol("Asha Rao")
    for count in range(1, 11):
        sunrise.shop.stamp(card, count)
        sunrise.shop.stamp(card, 1)
        sunrise.shop.stamp(card, 11 - count)
    found = ok(rest.get(f"/api/customers/{card.pk}"))["recent_activity"]
    latest = ok(rest.get("/api/transactions", customer_id=card.pk))[:20]
    assert len(found) == 20
    keys = found[0].keys()
    assert found == [{key: row[key] for key in keys} for row in latest]


def test_dates_filter_inclusively(rest: Rest, sunrise: Sunrise) -> None:
    card = sunrise.shop.enrol("Asha Rao")
    for day in range(1, 6):
        sunrise.shop.stamp(card, day, occurred_at=dt.datetime(2026, 6, day, 6, tzinfo=dt.UTC))

    def given(**dates: str) -> list[Any]:
        found = ok(rest.get("/api/transactions", customer_id=card.pk, **dates))
        return [row["stamps_added"] for row in found]

    assert given(date_from="2026-06-02", date_to="2026-06-04") == [4, 3, 2]
    assert given(date_from="2026-06-05") == [5]
    assert given(date_to="2026-06-01") == [1]
    assert given(date_from="2026-06-03", date_to="2026-06-02") == []


@pytest.mark.parametrize("plan", ["trial", "basic"])
def test_a_business_without_api_in_its_plan_is_told_which_plans_have_it(plan: str, sunrise: Sunrise) -> None:
    Business.objects.filter(pk=sunrise.shop.id).update(plan=plan)
    error = refused(Rest(sunrise.shop).get("/api/stats"), 403, "plan_required")
    assert "growth" in error["message"]
    assert "professional" in error["message"]


@pytest.mark.parametrize(("method", "path"), WRITES_WITHOUT_KEY)
def test_a_key_is_needed(method: str, path: str) -> None:
    refused(Rest().send(method, path, {}), 401, "unauthorized")


def test_joined_and_visited_are_told_apart(rest: Rest, sunrise: Sunrise) -> None:
    with time_machine.travel(dt.datetime(2026, 5, 30, 10, 14, tzinfo=dt.UTC), tick=False):
        card = sunrise.shop.enrol("Asha Rao")
    assert ok(rest.get(f"/api/customers/{card.pk}"))["last_visit"] is None
    visit = dt.datetime(2026, 5, 31, 10, 14, 7, tzinfo=dt.UTC)
    sunrise.shop.stamp(card, occurred_at=visit)
    found = ok(rest.get(f"/api/customers/{card.pk}"))
    assert found["joined_at"] == "2026-05-30 15:44:00"  # in Bengaluru
    assert found["last_visit"] == "2026-05-31 15:44:07"
