"""The audit finds every kind of difference that somebody could plant behind the product's back."""

import json
from typing import Any

import pytest
from django.db import connection
from django_scopes import scopes_disabled

from regulars.ledger import actions, adjustments, points
from regulars.ledger import audit as ledger_audit
from regulars.ledger.audit import AuditReport, audit
from regulars.ledger.corrections import change_points
from regulars.ledger.models import Card, Entry, Lot, PointsAdjustment, Reward
from regulars.members.models import Member
from tests.factories import Shop, make_shop
from tests.ledger.books import set_policy

pytestmark = pytest.mark.django_db

COLUMNS = "business_id, card_id, kind, stamps, stamps_spent, rewards, visits, points, text, occurred_at, day"


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    """A card on which everything has happened once."""
    card = shop.enrol()
    shop.stamp(card, 20)
    actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=50)
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=5)
    points.spend_points(business_id=shop.id, member_id=card.pk, points_to_spend=20)
    return card


def plant(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        assert cursor.rowcount == 1


def found(report: AuditReport) -> set[str]:
    return {difference["check"] for difference in report.differences}


def test_a_sound_ledger_has_no_difference_and_says_what_was_checked(shop: Shop, card: Card) -> None:
    shop.enrol("Somebody Else")
    report = audit()
    assert report.ok
    assert report.differences == []
    assert report.checked == {"card": 2, "entry": 8, "reward": 2, "lot": 2}
    line = report.as_json()
    assert "\n" not in line
    assert json.loads(line) == {"ok": True, "checked": report.checked, "differences": []}


def test_an_empty_installation_is_sound() -> None:
    assert audit().ok


# What is planted on the card; the database itself asks that a total and its parts stay in step, so both move.
CARD_PLANTS = {
    "stamps, total_stamps": (
        "stamps = stamps + 1, total_stamps = total_stamps + 1",
        {"stamps", "total_stamps"},
    ),
    "stamps_spent": ("stamps = stamps - 1, stamps_spent = stamps_spent + 1", {"stamps", "stamps_spent"}),
    "total_visits": ("total_visits = total_visits - 1", {"total_visits"}),
    "rewards_earned": (
        "pending_rewards = pending_rewards + 1, rewards_earned = rewards_earned + 1",
        {"pending_rewards", "rewards_earned", "rewards waiting"},
    ),
    "rewards_redeemed": (
        "pending_rewards = pending_rewards - 1, rewards_redeemed = rewards_redeemed + 1",
        {"pending_rewards", "rewards_redeemed", "rewards waiting"},
    ),
    "points_earned": (
        "points = points + 1, points_earned = points_earned + 1",
        {"points", "points_earned", "points in lots", "balance after the last entry"},
    ),
    "points_spent": (
        "points = points - 1, points_spent = points_spent + 1",
        {"points", "points_spent", "points in lots", "balance after the last entry"},
    ),
    "points_expired": (
        "points = points - 1, points_expired = points_expired + 1",
        {"points", "points_expired", "points in lots", "balance after the last entry"},
    ),
    "spent for expired": (
        "points_spent = points_spent - 1, points_expired = points_expired + 1",
        {"points_spent", "points_expired"},
    ),
    "version": ("version = version + 1", {"version"}),
}


@pytest.mark.parametrize("name", CARD_PLANTS)
def test_a_changed_total_is_found(shop: Shop, card: Card, name: str) -> None:
    change, expected = CARD_PLANTS[name]
    bystander = shop.enrol("Bystander")
    plant(f"UPDATE ledger_card SET {change} WHERE member_id = %s", card.pk)
    report = audit()
    assert not report.ok
    assert expected <= found(report) <= expected | {"balance after the last entry"}
    assert {difference["customer_id"] for difference in report.differences} == {card.pk}
    assert bystander.pk != card.pk


def test_a_difference_says_whose_it_is_and_both_figures(shop: Shop, card: Card) -> None:
    plant("UPDATE ledger_card SET total_visits = total_visits + 5 WHERE member_id = %s", card.pk)
    assert audit().differences == [
        {
            "check": "total_visits",
            "business_id": shop.id,
            "customer_id": card.pk,
            "stored": 7,
            "computed": 2,
        }
    ]


def test_a_lost_entry_is_found(card: Card) -> None:
    with scopes_disabled():
        last = Entry.objects.filter(card=card, kind="stamp_add").latest("id")
        Reward.objects.filter(earned_entry=last).update(earned_entry=Entry.objects.earliest("id"))
    plant("DELETE FROM ledger_entry WHERE id = %s", last.pk)
    assert {"stamps", "total_stamps", "total_visits", "version"} <= found(audit())


def test_an_entry_that_nobody_posted_is_found(shop: Shop, card: Card) -> None:
    plant(
        f"INSERT INTO ledger_entry ({COLUMNS}, stamps_after, points_after) "
        "SELECT business_id, card_id, kind, stamps, 0, 0, visits, 0, '', occurred_at, day, stamps_after, "
        "points_after FROM ledger_entry WHERE card_id = %s AND kind = 'stamp_add' ORDER BY id LIMIT 1",
        card.pk,
    )
    assert {"stamps", "total_stamps", "total_visits", "version"} <= found(audit())


def test_an_entry_of_another_business_is_found(shop: Shop, card: Card) -> None:
    charlie = make_shop("Charlie's")
    plant(
        f"INSERT INTO ledger_entry ({COLUMNS}, stamps_after, points_after) "
        "SELECT %s, card_id, kind, 0, 0, 0, 0, 0, '', occurred_at, day, 0, 0 "
        "FROM ledger_entry WHERE card_id = %s AND kind = 'enrol'",
        charlie.id,
        card.pk,
    )
    assert "business of an entry" in found(audit())


def test_a_card_of_another_business_is_found(shop: Shop, card: Card) -> None:
    charlie = make_shop("Charlie's")
    plant("UPDATE ledger_card SET business_id = %s WHERE member_id = %s", charlie.id, card.pk)
    assert {"business of an entry", "business of a card"} <= found(audit())


def test_a_member_without_a_card_is_found(shop: Shop) -> None:
    card = shop.enrol()
    plant("DELETE FROM ledger_entry WHERE card_id = %s", card.pk)
    plant("DELETE FROM ledger_card WHERE member_id = %s", card.pk)
    assert found(audit()) == {"member without a card"}
    with scopes_disabled():
        assert Member.objects.filter(pk=card.pk).exists()


def test_a_lost_reward_is_found(card: Card) -> None:
    plant("DELETE FROM ledger_reward WHERE card_id = %s AND redeemed_entry_id IS NULL", card.pk)
    assert found(audit()) == {"rewards waiting"}


def test_a_reward_redeemed_without_an_entry_of_its_own_is_found(card: Card) -> None:
    with scopes_disabled():
        enrolled = Entry.objects.get(card=card, kind="enrol")
    plant(
        "UPDATE ledger_reward SET redeemed_entry_id = %s WHERE card_id = %s AND redeemed_entry_id IS NULL",
        enrolled.pk,
        card.pk,
    )
    assert found(audit()) == {"rewards waiting"}


def test_points_that_a_lot_lost_are_found(card: Card) -> None:
    with scopes_disabled():
        lot = Lot.objects.filter(card=card).latest("id")
    plant("UPDATE ledger_lot SET remaining = remaining - 1 WHERE id = %s", lot.pk)
    assert found(audit()) == {"points in lots", "points left in a lot"}


def test_points_that_moved_from_one_lot_to_another_are_found(card: Card) -> None:
    with scopes_disabled():
        first, second = Lot.objects.filter(card=card).order_by("id")
    plant("UPDATE ledger_lot SET remaining = remaining + 1 WHERE id = %s", first.pk)
    plant("UPDATE ledger_lot SET remaining = remaining - 1 WHERE id = %s", second.pk)
    assert found(audit()) == {"points left in a lot"}


def test_a_lot_that_paid_a_debt_is_sound(shop: Shop, card: Card) -> None:
    plant(
        "UPDATE ledger_card SET points = -10, points_spent = points_spent + 45 WHERE member_id = %s", card.pk
    )
    for number in (4, 30):
        points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=number)
    assert "points left in a lot" not in found(audit())


def test_points_taken_from_no_lot_are_found(card: Card) -> None:
    plant("DELETE FROM ledger_lotuse WHERE lot_id IN (SELECT id FROM ledger_lot WHERE card_id = %s)", card.pk)
    assert found(audit()) == {"points taken by entry", "points left in a lot"}


def test_a_wrong_balance_on_the_last_entry_is_found(shop: Shop, card: Card) -> None:
    plant("UPDATE ledger_card SET version = version + 1 WHERE member_id = %s", card.pk)
    plant(
        f"INSERT INTO ledger_entry ({COLUMNS}, stamps_after, points_after) "
        "SELECT business_id, card_id, 'stamp_add', 0, 0, 0, 0, 0, '', occurred_at, day, 3, 35 "
        "FROM ledger_entry WHERE card_id = %s AND kind = 'enrol'",
        card.pk,
    )
    assert found(audit()) == {"balance after the last entry"}


def test_the_report_is_cut_off_at_a_hundred_a_check(shop: Shop) -> None:
    for number in range(101):
        shop.enrol(f"Customer {number}")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_card SET version = 7")
    report = audit()
    assert not report.ok
    assert len(report.differences) == 100


def document(card: Card, before: int, after: int, source: str = "doc:1") -> None:
    change_points(business_id=card.business_id, member_id=card.pk, source=source, before=before, after=after)


@pytest.mark.parametrize("policy", ["to_zero", "allow_negative", "keep"])
def test_a_ledger_with_corrections_is_sound(shop: Shop, card: Card, policy: str) -> None:
    set_policy(shop, policy)
    document(card, 0, 60)
    document(card, 0, -90, "doc:2")
    document(card, 60, 0)  # more than is left
    document(card, -90, -20, "doc:2")  # the debt, and then the lots
    document(card, 0, 30)
    report = audit()
    assert report.differences == []


CORRECTION_PLANTS = {
    "points taken by entry": "UPDATE ledger_lotuse SET points = points - 1 WHERE id = ("
    "SELECT MAX(u.id) FROM ledger_lotuse u JOIN ledger_entry e ON e.id = u.entry_id WHERE e.kind = '{kind}')",
    "points left in a lot": "UPDATE ledger_lot SET remaining = remaining - 1 WHERE id = ("
    "SELECT MAX(u.lot_id) FROM ledger_lotuse u JOIN ledger_entry e ON e.id = u.entry_id "
    "WHERE e.kind = '{kind}')",
}


@pytest.mark.parametrize("kind", ["points_reverse", "points_return"])
@pytest.mark.parametrize("check", CORRECTION_PLANTS)
def test_a_correction_that_moved_other_lots_is_found(card: Card, check: str, kind: str) -> None:
    document(card, 0, 60)
    document(card, 0, -90, "doc:2")
    document(card, -90, -20, "doc:2")
    document(card, 60, 10)
    assert audit().ok
    plant(CORRECTION_PLANTS[check].format(kind=kind))
    assert check in found(audit())


@pytest.mark.parametrize(
    ("kind", "number", "shortfall"),
    [
        ("points_earn", -1, 0),
        ("points_return", -1, 0),
        ("points_spend", 1, 0),
        ("points_expire", 1, 0),
        ("points_reverse", 1, 0),
        ("stamp_add", 1, 0),
        ("points_spend", 0, 1),
        ("points_earn", 0, 1),
        ("points_reverse", 0, -1),
    ],
)
def test_an_entry_of_a_wrong_sign_is_found(card: Card, kind: str, number: int, shortfall: int) -> None:
    plant(
        f"INSERT INTO ledger_entry ({COLUMNS}, stamps_after, points_after, shortfall) "
        "SELECT business_id, card_id, %s, 0, 0, 0, 0, %s, '', occurred_at, day, 0, 0, %s "
        "FROM ledger_entry WHERE card_id = %s AND kind = 'enrol'",
        kind,
        number,
        shortfall,
        card.pk,
    )
    assert "signs of an entry" in found(audit())


def test_points_earned_without_a_lot_are_found(card: Card) -> None:
    plant(
        f"INSERT INTO ledger_entry ({COLUMNS}, stamps_after, points_after) "
        "SELECT business_id, card_id, 'points_earn', 0, 0, 0, 0, 9, '', occurred_at, day, 0, 9 "
        "FROM ledger_entry WHERE card_id = %s AND kind = 'enrol'",
        card.pk,
    )
    assert "lot of an entry" in found(audit())


@pytest.fixture
def adjustment(shop: Shop, card: Card) -> PointsAdjustment:
    made = adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=30)
    adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=-5)
    points.spend_points(business_id=shop.id, member_id=card.pk, points_to_spend=55)
    adjustments.edit_adjustment(business_id=shop.id, pk=made.pk, points=10)
    assert audit().ok
    return made


DOCUMENT_PLANTS = {
    "worth more": "points = points + 1",
    "of another member": "card_id = (SELECT MAX(member_id) FROM ledger_card)",
    "of no business": "business_id = business_id + 1",
}


@pytest.mark.parametrize("name", DOCUMENT_PLANTS)
def test_a_document_that_the_ledger_does_not_follow_is_found(
    shop: Shop, adjustment: PointsAdjustment, name: str
) -> None:
    shop.enrol("Bystander")
    plant(f"UPDATE ledger_pointsadjustment SET {DOCUMENT_PLANTS[name]} WHERE id = %s", adjustment.pk)
    assert found(audit()) == {"points of each adjustment"}


def test_entries_of_a_document_that_is_gone_are_found(adjustment: PointsAdjustment) -> None:
    plant("DELETE FROM ledger_pointsadjustment WHERE id = %s", adjustment.pk)
    (difference,) = audit().differences
    assert difference == {
        "check": "points of each adjustment",
        "business_id": adjustment.business_id,
        "customer_id": adjustment.card_id,
        "stored": 0,
        "computed": 10,
    }


def test_a_document_without_entries_is_found(shop: Shop, card: Card) -> None:
    with scopes_disabled():
        PointsAdjustment.objects.create(
            business_id=shop.id, card=card, code="x", points=7, occurred_at=card.member.joined_at
        )
    (difference,) = audit().differences
    assert (difference["stored"], difference["computed"]) == (7, 0)


def test_rooms_above_add_checks_of_their_own(monkeypatch: pytest.MonkeyPatch, shop: Shop, card: Card) -> None:
    monkeypatch.setattr(ledger_audit, "_registered", {})
    ledger_audit.register("too many cards", "SELECT member_id, business_id, 1, 0 FROM ledger_card")
    ledger_audit.register_documents("doc", table="ledger_pointsadjustment", worth="-points", member="card_id")
    document(card, 0, -5, "doc:1")
    document(card, 0, 3, "docs:1")  # another kind, whose name begins alike
    checks = [(one["check"], one["stored"], one["computed"]) for one in audit().differences]
    assert checks == [("too many cards", 1, 0), ("points of each doc", 0, -5)]
