"""`/api/groups`, `/api/segments`, `/api/labels`."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.ledger import points
from regulars.members import filters
from regulars.outbox.fanout import pass_on_all
from tests.api.support import Rest, meta, ok, refused
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def rest(shop: Shop) -> Rest:
    return Rest(shop)


def test_a_tier_is_made_reached_changed_and_deleted(shop: Shop, rest: Rest) -> None:
    made = ok(rest.post("/api/groups", {"code": "gold", "measure": "points", "threshold": 100}), 201)
    assert made == {
        "id": made["id"],
        "code": "gold",
        "name": "gold",
        "measure": "points",
        "threshold": 100,
        "window_months": None,
        "stays": False,
        "members": 0,
    }
    card = shop.enrol()
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=100)
    pass_on_all()
    assert ok(rest.get("/api/groups")) == [made | {"members": 1}]
    address = f"/api/groups/{made['id']}"
    changed = ok(rest.patch(address, {"name": "Gold", "window_months": 12, "stays": True}))
    assert changed == made | {"name": "Gold", "window_months": 12, "stays": True, "members": 1}
    refused(rest.patch(address, {"stays": None}), 400, "invalid_input", "stays")
    refused(rest.patch(address, {"threshold": None}), 400, "invalid_input", "threshold")
    refused(rest.post("/api/groups", {"code": "GOLD"}), 409, "conflict", "code")
    assert ok(rest.delete(address)) == {"deleted": True, "id": made["id"]}
    assert ok(rest.get("/api/groups")) == []


def test_a_customer_is_put_into_a_group_and_left_to_the_tiers(shop: Shop, rest: Rest) -> None:
    gold = ok(rest.post("/api/groups", {"code": "gold", "measure": "visits", "threshold": 9}), 201)["id"]
    card = shop.enrol()
    address = f"/api/customers/{card.pk}/group"
    assert ok(rest.post(address, {"group_id": gold})) == {"id": card.pk, "group_id": gold, "by_hand": True}
    assert ok(rest.post(address, {"by_itself": True})) == {
        "id": card.pk,
        "group_id": None,
        "by_hand": False,
    }
    assert ok(rest.post(address, {}))["by_hand"] is True
    refused(rest.post(address, {"group_id": gold, "by_itself": True}), 400, "invalid_input", "group_id")


def test_a_segment_is_kept_read_and_changed(shop: Shop, rest: Rest) -> None:
    cards = [shop.enrol(name) for name in ("Anna", "Bob", "Bea")]
    made = ok(rest.post("/api/segments", {"name": "With B", "filters": {"name": "b*", "q": None}}), 201)
    assert (made["filters"], made["members"]) == ({"name": "b*"}, 2)
    address = f"/api/segments/{made['id']}"
    listed = rest.get(f"{address}/customers", per_page=1)
    assert [row["id"] for row in ok(listed)] == [cards[2].pk]
    assert meta(listed)["total"] == 2
    changed = ok(rest.patch(address, {"filters": {"points_from": 1}}))
    assert changed == made | {"filters": {"points_from": 1}, "members": 0}
    assert ok(rest.get(address)) == changed
    # The list counts nobody: there may be many segments.
    row = {name: value for name, value in changed.items() if name != "members"}
    assert ok(rest.get("/api/segments")) == [row]
    refused(rest.patch(address, {"filters": {"points_from": "x"}}), 400, "invalid_input", "points_from")
    refused(rest.post("/api/segments", {"name": "All", "filters": {}}), 400, "invalid_input", "filters")
    ok(rest.delete(address))
    refused(rest.get(address), 404, "not_found")


def test_all_filters_are_listed(rest: Rest) -> None:
    found = ok(rest.get("/api/segments/filters"))
    assert [row["name"] for row in found] == list(filters.FILTERS)
    assert all(row["label"] and row["kind"] for row in found)


def test_own_fields_are_named(rest: Rest) -> None:
    named = ok(rest.patch("/api/labels", {"metadata01": "Pet", "metadata02": "Tea"}))
    assert (named["metadata01"], named["metadata02"], named["metadata03"]) == ("Pet", "Tea", "")
    assert ok(rest.patch("/api/labels", {"metadata01": None}))["metadata01"] == ""
    assert ok(rest.get("/api/labels"))["metadata02"] == "Tea"
    refused(rest.patch("/api/labels", {"metadata03": "tea"}), 400, "invalid_input", "metadata03")


def test_the_list_of_segments_asks_the_same_for_one_and_for_many(rest: Rest) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            ok(rest.get("/api/segments"))
        return len(asked)

    ok(rest.post("/api/segments", {"name": "First", "filters": {"name": "b*"}}), 201)
    cost()
    before = cost()
    for number in range(3):
        ok(rest.post("/api/segments", {"name": f"Further {number}", "filters": {"points_from": 1}}), 201)
    assert cost() == before
