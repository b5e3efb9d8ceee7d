"""`/api/stamps/add`: what a card becomes."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scope

from regulars.ledger.models import Card, Entry
from regulars.members.models import Member
from regulars.outbox.models import Event
from regulars.tenants import actions as tenants
from tests.api.support import Rest, invalid, ok, refused
from tests.factories import Shop

pytestmark = pytest.mark.django_db


def add(rest: Rest, card: Card, count: int = 1, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = ok(
        rest.post("/api/stamps/add", {"qr_code": card.qr_code, "count": count, **more})
    )
    return found


def goal(rest: Rest, number: int) -> None:
    ok(rest.patch("/api/program", {"stamps_required": number}))


def customer(rest: Rest, card: Card) -> dict[str, Any]:
    found: dict[str, Any] = ok(rest.get(f"/api/customers/{card.pk}"))
    return found


def suspend(shop: Shop, card: Card) -> None:
    with scope(business=shop.business):
        assert Member.objects.filter(pk=card.pk).update(suspended=True) == 1


@pytest.mark.parametrize(
    "case",  # goal, stamps on the card, stamps added; stamps left, rewards made
    [
        (8, 0, 1, 1, 0),
        (8, 6, 1, 7, 0),
        (8, 7, 1, 0, 1),
        (8, 7, 3, 2, 1),
        (8, 7, 10, 1, 2),
        (2, 0, 10, 0, 5),
        (2, 1, 10, 1, 5),
        (50, 49, 10, 9, 1),
        (3, 2, 5, 1, 2),
    ],
)
def test_stamps_beyond_the_goal_carry_over(
    case: tuple[int, int, int, int, int], shop: Shop, rest: Rest
) -> None:
    wanted, held, count, left, rewards = case
    goal(rest, wanted)
    card = shop.enrol()
    if held:
        shop.stamp(card, held)
    found = add(rest, card, count)
    assert found == {
        "customer_id": card.pk,
        "stamps_added": count,
        "current_stamps": left,
        "goal": wanted,
        "reward_earned": rewards > 0,
        "rewards_earned": rewards,
        "pending_rewards": rewards,
        "branch_id": None,
    }
    shown = customer(rest, card)
    assert (shown["current_stamps"], shown["pending_rewards"]) == (left, rewards)
    assert shown["total_visits"] == -(-held // 10) + 1


def test_a_call_is_one_visit_however_many_stamps(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    add(rest, card, 10)
    add(rest, card, 1)
    assert customer(rest, card)["total_visits"] == 2


def test_a_card_past_a_lowered_goal_earns_at_its_next_stamp(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    add(rest, card, 7)
    goal(rest, 3)
    shown = customer(rest, card)
    assert (shown["current_stamps"], shown["pending_rewards"], shown["stamps_required"]) == (7, 0, 3)
    found = add(rest, card, 1)
    assert (found["rewards_earned"], found["current_stamps"], found["goal"]) == (2, 2, 3)


def test_a_raised_goal_takes_nothing_away(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    add(rest, card, 10)
    goal(rest, 20)
    shown = customer(rest, card)
    assert (shown["current_stamps"], shown["pending_rewards"]) == (2, 1)
    assert add(rest, card, 10)["current_stamps"] == 12


def test_a_reward_keeps_the_text_it_was_earned_under(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    add(rest, card, 8)
    ok(rest.patch("/api/program", {"reward_description": "Free slice of cake"}))
    add(rest, card, 8)
    ok(rest.patch("/api/program", {"reward_description": "Free dinner"}))
    texts = [ok(rest.post("/api/rewards/redeem", {"qr_code": card.qr_code}))["reward"] for _ in range(2)]
    assert texts == ["Free coffee", "Free slice of cake"]


def test_the_branch_is_recorded(shop: Shop, rest: Rest) -> None:
    card, branch = shop.enrol(), shop.branch()
    assert add(rest, card, branch_id=branch.pk)["branch_id"] == branch.pk
    (row,) = ok(rest.get("/api/transactions"))
    assert (row["branch_id"], row["branch_name"]) == (branch.pk, "Koramangala")


def test_a_null_branch_is_no_branch(shop: Shop, rest: Rest) -> None:
    assert add(rest, shop.enrol(), branch_id=None)["branch_id"] is None


def test_closed_foreign_and_unknown_branches_are_not_found(shop: Shop, stranger: Shop, rest: Rest) -> None:
    card, closed = shop.enrol(), shop.branch()
    tenants.update_branch(business_id=shop.id, branch_id=closed.pk, is_active=False)
    for number in (closed.pk, stranger.branch().pk, 987_654_321):
        response = rest.post("/api/stamps/add", {"qr_code": card.qr_code, "branch_id": number})
        refused(response, 404, "not_found", "branch_id")
    assert customer(rest, card)["current_stamps"] == 0


def test_an_unknown_card_is_not_found(shop: Shop, rest: Rest) -> None:
    for code in ("f" * 16, "Ä" * 10, "'; --", "%"):
        refused(rest.post("/api/stamps/add", {"qr_code": code}), 404, "not_found", "qr_code")


def test_the_code_of_a_card_may_come_with_blanks_around_it(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    assert ok(rest.post("/api/stamps/add", {"qr_code": f" {card.qr_code}\r\n"}))["customer_id"] == card.pk


def test_a_suspended_customer_collects_nothing(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    add(rest, card, 8)
    suspend(shop, card)
    refused(rest.post("/api/stamps/add", {"qr_code": card.qr_code}), 403, "suspended")
    refused(rest.post("/api/rewards/redeem", {"qr_code": card.qr_code}), 403, "suspended")
    shown = customer(rest, card)
    assert (shown["total_visits"], shown["pending_rewards"], shown["rewards_redeemed"]) == (1, 1, 0)


def test_a_refusal_leaves_no_entry_and_no_event(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    with scope(business=shop.business):
        before = Entry.objects.count(), Event.objects.count()
        invalid(rest.post("/api/stamps/add", {"qr_code": card.qr_code, "count": 11}), "count")
        rest.post("/api/stamps/add", {"qr_code": card.qr_code, "branch_id": 987_654_321})
        assert (Entry.objects.count(), Event.objects.count()) == before
        add(rest, card, 8)
        assert Entry.objects.count() == before[0] + 1
        told = Event.objects.order_by("id").values_list("type", flat=True)
        assert list(told)[before[1] :] == ["stamp.added", "reward.earned"]


def test_whole_numbers_may_be_written_with_a_point(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    body = b'{"qr_code": "%s", "count": 2.0}' % card.qr_code.encode()
    assert ok(rest.post("/api/stamps/add", body))["stamps_added"] == 2


def test_missing_fields_are_named(rest: Rest) -> None:
    invalid(rest.post("/api/stamps/add", {}), "qr_code")
    invalid(rest.post("/api/stamps/add", {"qr_code": "  "}), "qr_code")
    invalid(rest.post("/api/stamps/add", {"qr_code": "a" * 33}), "qr_code")
    invalid(rest.post("/api/stamps/add", {"count": 0, "branch_id": 0}), "qr_code", "count", "branch_id")


def test_stamps_that_put_something_right_are_no_visit(rest: Rest, shop: Shop) -> None:
    card = shop.enrol()
    for visit, visits in ((False, 0), (True, 1)):
        ok(rest.post("/api/stamps/add", {"qr_code": card.qr_code, "visit": visit}))
        with scope(business=shop.business):
            assert Card.objects.get(pk=card.pk).total_visits == visits
    invalid(rest.post("/api/stamps/add", {"qr_code": card.qr_code, "visit": "perhaps"}), "visit")
