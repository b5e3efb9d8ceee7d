"""`/api/transactions/{id}/undo` and `/api/customers/{id}/card/replace`: mistakes and lost cards."""

from __future__ import annotations

import pytest

from regulars.ledger import actions as ledger
from regulars.ledger import points
from regulars.members import blank_cards
from tests.api.support import Rest, invalid, ok, refused, values
from tests.factories import Shop

pytestmark = pytest.mark.django_db


def test_stamps_are_undone_and_both_rows_are_shown(shop: Shop, rest: Rest) -> None:
    card, branch = shop.enrol(), shop.branch()
    shop.stamp(card, 7)
    given = shop.stamp(card, 2, branch_id=branch.pk).entry_id
    answer = ok(rest.post(f"/api/transactions/{given}/undo"))
    assert answer == {
        "undone": True,
        "id": answer["id"],
        "transaction_type": "stamp_undo",
        "undoes": given,
        "customer_id": card.pk,
        "stamps_taken": 2,
        "rewards_taken": 1,
        "stamps_returned": 0,
        "rewards_earned": 0,
        "reward": None,
        "current_stamps": 7,
        "goal": 8,
        "pending_rewards": 0,
        "total_redeemed": 0,
    }
    undo, undone, _ = ok(rest.get("/api/transactions"))
    assert (undone["stamps_added"], undone["undone"], undone["undoes"]) == (2, True, None)
    assert undo == undone | {
        "id": answer["id"],
        "transaction_type": "stamp_undo",
        "stamps_added": -2,
        "undone": False,
        "undoes": given,
        "created_at": undo["created_at"],
    }
    assert values(ok(rest.get("/api/transactions", type="stamp_undo")), "id") == [answer["id"]]
    assert values(ok(rest.get("/api/transactions", type="stamp_add")), "undone") == [True, False]
    shown = ok(rest.get(f"/api/customers/{card.pk}"))
    assert (shown["current_stamps"], shown["total_visits"]) == (7, 1)
    assert values(shown["recent_activity"], "undone") == [False, True, False]
    assert values(shown["recent_activity"], "id")[:2] == [answer["id"], given]


def test_a_redemption_is_undone_and_is_confirmed_no_more(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    shop.stamp(card, 8)
    redeemed = ledger.redeem_reward(business_id=shop.id, qr_code=card.qr_code).entry_id
    assert values(ok(rest.get("/api/transactions")), "redemption_confirmed") == [1, None]
    answer = ok(rest.post(f"/api/transactions/{redeemed}/undo"))
    assert (answer["transaction_type"], answer["reward"]) == ("reward_undo", "Free coffee")
    assert (answer["pending_rewards"], answer["total_redeemed"], answer["stamps_taken"]) == (1, 0, 0)
    rows = ok(rest.get("/api/transactions"))
    assert values(rows, "redemption_confirmed") == [None, 0, None]
    assert values(rows, "stamps_added") == [0, 0, 8]
    again = ok(rest.post("/api/rewards/redeem", {"qr_code": card.qr_code}))
    assert (again["reward"], again["total_redeemed"]) == ("Free coffee", 1)


def test_each_refusal_has_its_code(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    earned = points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=5).entry_id
    spent = shop.stamp(card, 8).entry_id
    ledger.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
    given = shop.stamp(card).entry_id
    ok(rest.post(f"/api/transactions/{given}/undo"))
    refused(rest.post(f"/api/transactions/{given}/undo"), 409, "already_undone")
    refused(rest.post(f"/api/transactions/{spent}/undo"), 409, "stamps_spent")
    refused(rest.post(f"/api/transactions/{earned}/undo"), 409, "not_undoable")
    refused(rest.post(f"/api/transactions/{given + 1_000}/undo"), 404, "not_found")
    refused(rest.post(f"/api/transactions/{2**63}/undo"), 404, "not_found")


def test_a_retry_undoes_nothing_more_and_hears_the_same(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    given = shop.stamp(card, 3).entry_id
    key = {"Idempotency-Key": "undo-1"}
    path = f"/api/transactions/{given}/undo"
    first, second = rest.post(path, headers=key), rest.post(path, headers=key)
    assert ok(first) == ok(second)
    assert second.headers["Idempotency-Replayed"] == "true"


def test_figures_follow_the_list(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    for number in (3, 5, 2):
        given = shop.stamp(card, number).entry_id
    ok(rest.post(f"/api/transactions/{given}/undo"))
    rows = ok(rest.get("/api/transactions"))
    stats = ok(rest.get("/api/stats"))
    assert stats["total_stamps"] == sum(values(rows, "stamps_added")) == 8
    assert stats["stamps_today"] == 8
    assert stats["pending_rewards"] == 1


def test_a_lost_card_is_replaced(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    shop.stamp(card, 3)
    answer = ok(rest.post(f"/api/customers/{card.pk}/card/replace"))
    assert answer["id"] == card.pk
    assert answer["card_url"].endswith(answer["qr_code"])
    refused(rest.post("/api/stamps/add", {"qr_code": card.qr_code}), 404, "not_found", "qr_code")
    assert ok(rest.post("/api/stamps/add", {"qr_code": answer["qr_code"]}))["current_stamps"] == 4
    refused(rest.post(f"/api/customers/{card.pk + 1_000}/card/replace"), 404, "not_found")


def test_a_printed_card_is_given_to_one_customer(shop: Shop, rest: Rest) -> None:
    first, second, third = (one.qr_code for one in blank_cards.make_blanks(business_id=shop.id, count=3))
    asha = {"name": "Asha", "phone": "9876500001"}
    made = ok(rest.post("/api/customers", asha | {"qr_code": first}), 201)
    assert (made["qr_code"], made["card_url"].rpartition("/")[2]) == (first, first)
    replace = f"/api/customers/{made['id']}/card/replace"
    assert ok(rest.post(replace, {"qr_code": second.upper()}))["qr_code"] == second
    rahul = {"name": "Rahul", "phone": "9876500002"}
    for code in (first, second, "f" * 16, "?"):
        refused(rest.post("/api/customers", rahul | {"qr_code": code}), 404, "not_found", "qr_code")
        refused(rest.post(replace, {"qr_code": code}), 404, "not_found", "qr_code")
    for nothing in ({}, {"qr_code": None}, {"qr_code": ""}):
        assert ok(rest.post(replace, nothing))["qr_code"] not in {first, second}
    invalid(rest.post(replace, {"qr_code": "f" * 33}), "qr_code")
    invalid(rest.post(replace, {"zzz": 1}), "zzz")
    refused(rest.post("/api/customers", asha | {"qr_code": third}), 409, "already_enrolled", "phone")
    assert ok(rest.post("/api/customers", rahul | {"qr_code": third}), 201)["qr_code"] == third
