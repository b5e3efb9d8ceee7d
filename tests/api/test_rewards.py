"""`/api/rewards` and `/api/rewards/redeem`."""

from __future__ import annotations

import pytest
from django_scopes import scope

from regulars.ledger.models import Card, Reward
from tests.api.support import Rest, invalid, meta, ok, refused, values
from tests.factories import Shop

pytestmark = pytest.mark.django_db


def with_rewards(shop: Shop, name: str, number: int) -> Card:
    card = shop.enrol(name)
    if number:
        shop.stamp(card, 8 * number)
    return card


def test_rewards_are_redeemed_oldest_first_until_none_is_left(shop: Shop, rest: Rest) -> None:
    card = with_rewards(shop, "Priya Sharma", 3)
    left = []
    for number in range(1, 4):
        found = ok(rest.post("/api/rewards/redeem", {"qr_code": card.qr_code}))
        assert found["redeemed"] is True
        assert (found["pending_rewards"], found["total_redeemed"]) == (3 - number, number)
        with scope(business=shop.business):
            left.append(
                list(Reward.objects.filter(redeemed_entry=None).order_by("id").values_list("id", flat=True))
            )
    assert left[0][1:] == left[1]
    assert left[1][1:] == left[2] == []
    error = refused(rest.post("/api/rewards/redeem", {"qr_code": card.qr_code}), 409, "no_pending_reward")
    assert error["fields"] == {}
    shown = ok(rest.get(f"/api/customers/{card.pk}"))
    assert (shown["pending_rewards"], shown["rewards_redeemed"]) == (0, 3)


def test_redeeming_is_no_visit_and_takes_no_stamp(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    shop.stamp(card, 10)
    before = ok(rest.get(f"/api/customers/{card.pk}"))
    ok(rest.post("/api/rewards/redeem", {"qr_code": card.qr_code}))
    after = ok(rest.get(f"/api/customers/{card.pk}"))
    for field in ("total_visits", "current_stamps", "last_visit"):
        assert after[field] == before[field]


def test_a_customer_without_rewards_cannot_redeem(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    shop.stamp(card, 7)
    refused(rest.post("/api/rewards/redeem", {"qr_code": card.qr_code}), 409, "no_pending_reward")
    assert values(ok(rest.get("/api/transactions")), "transaction_type") == ["stamp_add"]


def test_an_unknown_card_is_not_found(rest: Rest) -> None:
    refused(rest.post("/api/rewards/redeem", {"qr_code": "f" * 16}), 404, "not_found", "qr_code")
    invalid(rest.post("/api/rewards/redeem", {}), "qr_code")


def test_customers_with_most_rewards_come_first(shop: Shop, rest: Rest) -> None:
    cards = {number: with_rewards(shop, f"Guest {number}", number) for number in (1, 3, 0, 2)}
    also = with_rewards(shop, "Guest", 3)
    response = rest.get("/api/rewards")
    rows = ok(response)
    assert values(rows, "id") == [cards[3].pk, also.pk, cards[2].pk, cards[1].pk]
    assert values(rows, "pending_rewards") == [3, 3, 2, 1]
    assert rows[0]["qr_code"] == cards[3].qr_code
    assert meta(response) == {"total": 4, "page": 1, "per_page": 20, "pages": 1}


def test_a_redeemed_reward_leaves_the_list(shop: Shop, rest: Rest) -> None:
    one, two = with_rewards(shop, "One", 1), with_rewards(shop, "Two", 2)
    for card in (one, two):
        ok(rest.post("/api/rewards/redeem", {"qr_code": card.qr_code}))
    (row,) = ok(rest.get("/api/rewards"))
    assert (row["id"], row["pending_rewards"]) == (two.pk, 1)


def test_a_customer_without_phone_has_none_in_the_list(shop: Shop, rest: Rest) -> None:
    card = shop.enrol(email="priya@example.com")
    shop.stamp(card, 8)
    assert ok(rest.get("/api/rewards"))[0]["phone"] is None


def test_an_empty_list_is_a_list(rest: Rest) -> None:
    response = rest.get("/api/rewards")
    assert ok(response) == []
    assert meta(response) == {"total": 0, "page": 1, "per_page": 20, "pages": 0}
