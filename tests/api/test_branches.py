"""`/api/branches`: opening, changing, finding and closing branches."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from regulars.ledger import actions as ledger
from tests.api.support import Rest, invalid, ok, refused, values
from tests.factories import Shop

pytestmark = pytest.mark.django_db

BENGALURU: dict[str, Any] = {"latitude": 12.9352, "longitude": 77.6245}


def open_branch(rest: Rest, name: str = "Indiranagar", **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = ok(rest.post("/api/branches", {"name": name, **fields}), 201)
    return made


def branch(rest: Rest, number: int) -> dict[str, Any]:
    found: list[dict[str, Any]] = [row for row in ok(rest.get("/api/branches")) if row["id"] == number]
    return found[0]


def test_a_new_branch_is_open_and_in_the_list(rest: Rest) -> None:
    with time_machine.travel(dt.datetime(2026, 6, 2, 4, 30, tzinfo=dt.UTC), tick=False):
        made = open_branch(rest, address="100 Feet Road", city="Bengaluru", **BENGALURU)
    assert ok(rest.get("/api/branches")) == [made]
    assert made == {
        "id": made["id"],
        "name": "Indiranagar",
        "address": "100 Feet Road",
        "city": "Bengaluru",
        "state": "",
        "phone": "",
        **BENGALURU,
        "is_active": 1,
        "created_at": made["created_at"],
    }


def test_the_oldest_branch_comes_first(rest: Rest) -> None:
    numbers = [open_branch(rest, name)["id"] for name in ("Zulu", "Alpha", "Mike")]
    assert values(ok(rest.get("/api/branches")), "id") == numbers


@pytest.mark.parametrize("name", [None, "", "  ", "x" * 201, 5, ["a"]])
def test_a_branch_needs_a_name(name: Any, rest: Rest) -> None:
    invalid(rest.post("/api/branches", {"name": name}), "name")
    invalid(rest.post("/api/branches", {"city": "Bengaluru"}), "name")
    assert ok(rest.get("/api/branches")) == []


@pytest.mark.parametrize("value", [90.0001, -90.0001, 1e300, "12.9", True, [1], 10**30])
def test_latitude_is_a_number_on_earth(value: Any, rest: Rest) -> None:
    invalid(rest.post("/api/branches", {"name": "Here", "latitude": value}), "latitude")


@pytest.mark.parametrize("value", [180.0001, -181, "77", False, {}])
def test_longitude_is_a_number_on_earth(value: Any, rest: Rest) -> None:
    invalid(rest.post("/api/branches", {"name": "Here", "longitude": value}), "longitude")


def test_the_edges_of_the_earth_are_on_it(rest: Rest) -> None:
    made = open_branch(rest, latitude=-90, longitude=180)
    assert (made["latitude"], made["longitude"]) == (-90.0, 180.0)


def test_a_change_leaves_the_rest(rest: Rest) -> None:
    made = open_branch(rest, city="Bengaluru", phone="9876543210", **BENGALURU)
    changed = ok(rest.patch(f"/api/branches/{made['id']}", {"latitude": 13.5}))
    assert changed == made | {"latitude": 13.5} == branch(rest, made["id"])
    assert ok(rest.patch(f"/api/branches/{made['id']}", {})) == changed


def test_null_clears_coordinates_and_texts(rest: Rest) -> None:
    made = open_branch(rest, city="Bengaluru", **BENGALURU)
    cleared = ok(
        rest.patch(f"/api/branches/{made['id']}", {"latitude": None, "longitude": None, "city": None})
    )
    assert (cleared["latitude"], cleared["longitude"], cleared["city"]) == (None, None, "")
    assert cleared["name"] == "Indiranagar"
    invalid(rest.patch(f"/api/branches/{made['id']}", {"name": None}), "name")


@pytest.mark.parametrize(("sent", "shown"), [(False, 0), (0, 0), (True, 1), (1, 1)])
def test_is_active_can_be_set(sent: Any, shown: int, rest: Rest) -> None:
    made = open_branch(rest)
    ok(rest.patch(f"/api/branches/{made['id']}", {"is_active": not shown}))
    changed = ok(rest.patch(f"/api/branches/{made['id']}", {"is_active": sent}))
    assert changed["is_active"] == shown
    assert type(changed["is_active"]) is int
    assert branch(rest, made["id"])["is_active"] == shown


@pytest.mark.parametrize("value", [None, 2, -1, "1", "true", [], 0.5])
def test_is_active_is_yes_or_no(value: Any, rest: Rest) -> None:
    made = open_branch(rest)
    invalid(rest.patch(f"/api/branches/{made['id']}", {"is_active": value}), "is_active")
    assert branch(rest, made["id"])["is_active"] == 1


@pytest.mark.parametrize("number", [0, 987_654_321, 2**63, 10**25])
def test_an_unknown_branch_is_not_found(number: int, rest: Rest) -> None:
    for body in ({}, {"name": "Mine"}, {"latitude": None}):
        refused(rest.patch(f"/api/branches/{number}", body), 404, "not_found")
    refused(rest.delete(f"/api/branches/{number}"), 404, "not_found")


def test_a_branch_without_history_is_deleted(shop: Shop, rest: Rest) -> None:
    made = open_branch(rest)
    assert ok(rest.delete(f"/api/branches/{made['id']}")) == {"deleted": True, "id": made["id"]}
    assert ok(rest.get("/api/branches")) == []
    refused(rest.delete(f"/api/branches/{made['id']}"), 404, "not_found")


def test_a_branch_with_history_stays(shop: Shop, rest: Rest) -> None:
    stamped, redeemed = open_branch(rest)["id"], open_branch(rest)["id"]
    card = shop.enrol()
    shop.stamp(card, 8, branch_id=stamped)
    ledger.redeem_reward(business_id=shop.id, qr_code=card.qr_code, branch_id=redeemed)
    for number in (stamped, redeemed):
        error = refused(rest.delete(f"/api/branches/{number}"), 409, "has_history", "code")
        assert "is_active" in error["message"]  # what to do instead
    assert len(ok(rest.get("/api/branches"))) == 2
    ok(rest.patch(f"/api/branches/{stamped}", {"is_active": False}))
    refused(rest.delete(f"/api/branches/{stamped}"), 409, "has_history", "code")


def test_nearest_finds_the_closest_open_branch(rest: Rest) -> None:
    near = open_branch(rest, "Koramangala", address="47 5th Block", city="Bengaluru", **BENGALURU)
    far = open_branch(rest, "Indiranagar", latitude=12.9784, longitude=77.6408)
    closed = open_branch(rest, "Closed", latitude=12.9360, longitude=77.6245)
    open_branch(rest, "Nowhere")
    open_branch(rest, "Half", latitude=12.9360)
    ok(rest.patch(f"/api/branches/{closed['id']}", {"is_active": False}))
    found = ok(rest.get("/api/branches/nearest", lat=12.936, lng=77.6245))
    assert found == {
        "branch_id": near["id"],
        "name": "Koramangala",
        "address": "47 5th Block",
        "city": "Bengaluru",
        **BENGALURU,
        "distance_km": 0.089,
        "distance_m": 89,
    }
    assert ok(rest.get("/api/branches/nearest", lat=12.98, lng=77.64))["branch_id"] == far["id"]
    # Across the date line the short way counts: Fiji is near to Samoa.
    samoa = open_branch(rest, "Apia", latitude=-13.83, longitude=-171.76)
    assert ok(rest.get("/api/branches/nearest", lat=-18.14, lng=178.44))["branch_id"] == samoa["id"]


def test_of_equally_near_branches_the_oldest_is_found(rest: Rest) -> None:
    first = open_branch(rest, "One", **BENGALURU)["id"]
    open_branch(rest, "Two", **BENGALURU)
    assert ok(rest.get("/api/branches/nearest", lat=12.9352, lng=77.6245)) == {
        "branch_id": first,
        "name": "One",
        "address": "",
        "city": "",
        **BENGALURU,
        "distance_km": 0.0,
        "distance_m": 0,
    }


def test_without_open_branches_that_have_coordinates_none_is_nearest(rest: Rest) -> None:
    refused(rest.get("/api/branches/nearest", lat=0, lng=0), 404, "not_found")
    number = open_branch(rest, **BENGALURU)["id"]
    open_branch(rest, "Half", longitude=77.6)
    assert ok(rest.get("/api/branches/nearest", lat=0, lng=0))["branch_id"] == number
    ok(rest.patch(f"/api/branches/{number}", {"is_active": 0}))
    refused(rest.get("/api/branches/nearest", lat=0, lng=0), 404, "not_found")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("lat=90.1&lng=0", "lat"),
        ("lat=-91&lng=0", "lat"),
        ("lat=0&lng=180.5", "lng"),
        ("lat=0&lng=-181", "lng"),
    ]
    + [
        (f"lat={bad}&lng=0", "lat")
        for bad in ("nan", "inf", "-inf", "1e400", "abc", "", "12,9", "0x1p3", "true")
    ],
)
def test_a_place_that_is_not_on_earth_is_refused(query: str, field: str, rest: Rest) -> None:
    open_branch(rest, **BENGALURU)
    invalid(rest.send("GET", "/api/branches/nearest", query=query), field)
