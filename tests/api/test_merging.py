"""`/api/customers/{id}/merge` and `/api/duplicates`."""

from __future__ import annotations

import pytest

from regulars.members.actions import edit_member
from tests.api.support import Rest, answer, invalid, ok, refused
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def rest(shop: Shop) -> Rest:
    return Rest(shop)


def test_a_merge_says_what_became_of_both_and_again_says_the_same(shop: Shop, rest: Rest) -> None:
    kept, other = shop.enrol("Nora Whitfield"), shop.enrol("N. Whitfield", email="nora@mail.example")
    shop.stamp(kept, 5)
    shop.stamp(other, 4)
    address, body = f"/api/customers/{kept.pk}/merge", {"customer_id": other.pk, "take": ["name"]}
    first = ok(rest.post(address, body))
    assert first == {
        "customer_id": kept.pk,
        "merged_customer_id": other.pk,
        "current_stamps": 1,
        "points_balance": 0,
        "pending_rewards": 1,
        "total_visits": 2,
        "rewards_earned": 1,
        "brought": {"stamps": 4, "points": 0, "pending_rewards": 0, "total_visits": 1},
        "already_merged": False,
    }
    again = ok(rest.post(address, body))
    assert again == first | {"already_merged": True, "rewards_earned": 0}
    customer = ok(rest.get(f"/api/customers/{kept.pk}"))
    assert (customer["name"], customer["email"]) == ("N. Whitfield", "nora@mail.example")
    assert len(customer["recent_activity"]) == 2


def test_an_old_number_is_answered_with_the_new_one(shop: Shop, rest: Rest) -> None:
    kept, other, third = shop.enrol(), shop.enrol(), shop.enrol()
    ok(rest.post(f"/api/customers/{kept.pk}/merge", {"customer_id": other.pk}))
    for response in (
        rest.get(f"/api/customers/{other.pk}"),
        rest.post(f"/api/customers/{third.pk}/merge", {"customer_id": other.pk}),
        rest.post(f"/api/customers/{other.pk}/merge", {"customer_id": third.pk}),
    ):
        error = refused(response, 404, "merged")
        assert error["customer_id"] == kept.pk


def test_refusals_name_the_field(shop: Shop, rest: Rest) -> None:
    kept, other = shop.enrol(), shop.enrol()
    address = f"/api/customers/{kept.pk}/merge"
    invalid(rest.post(address, {"customer_id": kept.pk}), "customer_id")
    wrong = rest.post(address, {"customer_id": other.pk, "take": ["password"]})
    invalid(wrong, "take")
    refused(rest.post(address, {"customer_id": 9_999_999}), 404, "not_found")


def test_possible_duplicates_are_listed_with_what_is_the_same(shop: Shop, rest: Rest) -> None:
    born = {"birthday": "1990-04-02"}
    first = shop.enrol("Asha Rao", phone="+919876500001")
    twin = shop.enrol("Asha R", phone="+919876500002")
    edit_member(business_id=shop.id, pk=twin.pk, phone=first.member.cell)
    pair = [
        ok(rest.post("/api/customers", {"name": name, "phone": phone} | born), 201)["id"]
        for name, phone in (("Ravi Kumar", "9876500003"), ("RAVI KUMAR", "9876500004"))
    ]
    shop.enrol("Alone", phone="+919876500005")
    make_shop("Charlie's").enrol("Asha Rao", phone="+919876500001")
    listed = answer(rest.get("/api/duplicates"))
    found = [(one["same"], one["number"], [row["id"] for row in one["customers"]]) for one in listed["data"]]
    assert found == [("birthday", 2, pair), ("phone", 2, [first.pk, twin.pk])]
    assert listed["meta"]["total"] == 2
    ok(rest.post(f"/api/customers/{first.pk}/merge", {"customer_id": twin.pk}))
    assert answer(rest.get("/api/duplicates"))["meta"]["total"] == 1
