"""`/api/customers/{id}/stamps/take`: stamps come off a card, for a reason."""

from __future__ import annotations

import pytest
from django.http.response import HttpResponseBase

from regulars.ledger.models import Card
from regulars.members.actions import edit_member
from tests.api.support import Rest, invalid, ok, refused, values
from tests.factories import Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def card(shop: Shop) -> Card:
    card = shop.enrol()
    shop.stamp(card, 8)
    shop.stamp(card, 5)
    return card


def take(rest: Rest, card: Card, **said: object) -> HttpResponseBase:
    body = {"count": 2, "reason": "Given twice"} | said
    return rest.post(f"/api/customers/{card.pk}/stamps/take", body)


def test_stamps_are_taken_and_the_list_says_why(shop: Shop, rest: Rest, card: Card) -> None:
    branch = shop.branch()
    answer = ok(take(rest, card, branch_id=branch.pk))
    assert answer == {
        "customer_id": card.pk,
        "stamps_taken": 2,
        "current_stamps": 3,
        "goal": 8,
        "pending_rewards": 1,
        "branch_id": branch.pk,
        "transaction_id": answer["transaction_id"],
    }
    (row,) = ok(rest.get("/api/transactions", type="stamp_take"))
    assert (row["id"], row["stamps_added"], row["reason"], row["branch_id"]) == (
        answer["transaction_id"],
        -2,
        "Given twice",
        branch.pk,
    )
    assert (row["redemption_confirmed"], row["undone"], row["undoes"]) == (None, False, None)
    assert values(ok(rest.get("/api/transactions", type="stamp_add")), "reason") == [None, None]
    shown = ok(rest.get(f"/api/customers/{card.pk}"))
    assert (shown["current_stamps"], shown["total_visits"]) == (3, 2)
    assert values(shown["recent_activity"], "transaction_type")[0] == "stamp_take"
    assert ok(rest.get("/api/stats"))["total_stamps"] == 11


def test_a_taking_is_undone_as_any_transaction_is(rest: Rest, card: Card) -> None:
    taken = ok(take(rest, card, count=3))["transaction_id"]
    ok(rest.post("/api/stamps/add", {"qr_code": card.qr_code, "count": 5}))
    answer = ok(rest.post(f"/api/transactions/{taken}/undo"))
    assert (answer["transaction_type"], answer["undoes"], answer["reward"]) == ("stamp_undo", taken, None)
    assert (answer["stamps_taken"], answer["rewards_taken"]) == (0, 0)
    assert (answer["stamps_returned"], answer["rewards_earned"]) == (3, 1)
    assert (answer["current_stamps"], answer["pending_rewards"]) == (2, 2)
    undo = ok(rest.get("/api/transactions"))[0]
    assert (undo["stamps_added"], undo["undoes"], undo["reason"]) == (3, taken, None)


def test_each_refusal_has_its_code_and_names_the_field(shop: Shop, rest: Rest, card: Card) -> None:
    error = refused(take(rest, card, count=6), 409, "not_enough_stamps", "count")
    assert (error["stamps"], error["available"]) == (6, 5)
    for field, value in (("count", 0), ("count", 50), ("count", "x"), ("reason", ""), ("reason", "x" * 301)):
        invalid(take(rest, card, **{field: value}), field)
    invalid(rest.post(f"/api/customers/{card.pk}/stamps/take", {"count": 1}), "reason")
    invalid(rest.post(f"/api/customers/{card.pk}/stamps/take", {"reason": "Rain"}), "count")
    refused(take(rest, card, branch_id=card.pk + 1_000), 404, "not_found", "branch_id")
    given = ok(rest.get("/api/transactions", type="stamp_add"))[0]["id"]
    ok(take(rest, card, count=5))
    edit_member(business_id=shop.id, pk=card.pk, suspended=True)
    refused(take(rest, card, count=1), 403, "suspended")
    ok(rest.post(f"/api/transactions/{given}/undo"))  # out of the reward that waits


def test_what_was_taken_since_has_to_come_back_first(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    given = shop.stamp(card, 2).entry_id
    taken = ok(take(rest, card, count=1))["transaction_id"]
    error = refused(rest.post(f"/api/transactions/{given}/undo"), 409, "stamps_taken")
    assert str(taken) in error["message"]


def test_a_retry_takes_nothing_more(rest: Rest, card: Card) -> None:
    path, key = f"/api/customers/{card.pk}/stamps/take", {"Idempotency-Key": "take-1"}
    first, second = (rest.post(path, {"count": 2, "reason": "Rain"}, headers=key) for _ in range(2))
    assert ok(first) == ok(second)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert ok(rest.get(f"/api/customers/{card.pk}"))["current_stamps"] == 3
    refused(
        rest.post(path, {"count": 3, "reason": "Rain"}, headers=key),
        422,
        "idempotency_key_reused",
        "Idempotency-Key",
    )
