"""Stamps taken off a card on its member's page, for a reason, and taken back."""

from __future__ import annotations

import pytest

from regulars.ledger import actions as ledger
from regulars.ledger.models import Card
from regulars.tenants.actions import update_program
from tests.factories import Shop
from tests.ledger.books import agree
from tests.office.seat import Seat, records
from tests.office.test_members_record import latest, now, told


@pytest.fixture
def card(shop: Shop) -> Card:
    """A card with 5 of 8 stamps, and a reward that waits."""
    card = shop.enrol("Asha Rao")
    shop.stamp(card, 8)
    shop.stamp(card, 5)
    return card


def test_stamps_are_taken_with_a_reason_and_come_back(owner: Seat, shop: Shop, card: Card) -> None:
    branch = shop.branch("Harbour")
    said = {"way": "take", "count": "3", "branch_id": branch.pk, "reason": "Given twice"}
    assert owner.post("member-stamps", said, member_id=card.pk).status_code == 303
    assert (now(card).stamps, now(card).pending_rewards, now(card).total_visits) == (2, 1, 2)
    page, entry = told(owner, card), latest(card, "stamp_take")
    for text in (
        "3 stamps taken",
        "Stamps taken",
        "\N{MINUS SIGN}3 stamps",
        "Given twice",
        "Harbour",
        "2 stamps on the card",
    ):
        assert text in page
    (record,) = records(shop)
    assert (record.action, record.reason, record.member_id) == (
        "member.stamps-taken",
        "Given twice",
        card.pk,
    )
    assert (record.before["stamps"], record.after["stamps"], record.after["entry"]) == (5, 2, entry)
    assert "Take back: Stamps taken \N{MINUS SIGN}3 stamps" in owner.text("member-undo", entry_id=entry)
    assert owner.post("member-undo", {"reason": "It was right"}, entry_id=entry).status_code == 303
    assert now(card).stamps == 5
    page = told(owner, card)
    for text in ("Stamps given back", "+3 stamps", "It was right"):
        assert text in page


def test_more_than_there_are_are_refused_where_they_were_typed(owner: Seat, shop: Shop, card: Card) -> None:
    said = {"way": "take", "count": "6", "reason": "Given twice"}
    refused = owner.post("member-stamps", said, member_id=card.pk)
    page = refused.content.decode()
    assert refused.status_code == 400
    assert page.count("There are 5 stamps on the card.") == 2  # at the field, and why it was refused
    assert ">Give or take stamps</button>" in page
    assert "Taking never touches a reward that waits" in page
    assert 'value="Given twice"' in page
    for wrong in ({"count": "50"}, {"count": "0"}, {"reason": ""}, {"way": "borrow"}):
        assert owner.post("member-stamps", said | wrong, member_id=card.pk).status_code == 400
    assert (now(card).stamps, now(card).pending_rewards, records(shop)) == (5, 1, [])


def test_stamps_that_put_something_right_are_no_visit(owner: Seat, shop: Shop, card: Card) -> None:
    visits, seen = now(card).total_visits, now(card).last_visit_at
    said = {"way": "give", "count": "2", "reason": "Lost paper card", "not_here": "on"}
    assert owner.post("member-stamps", said, member_id=card.pk).status_code == 303
    assert (now(card).stamps, now(card).total_visits, now(card).last_visit_at) == (7, visits, seen)
    page = told(owner, card)
    assert "Stamps given" in page
    entry = latest(card, "stamp_add")
    assert owner.post("member-undo", {"reason": "After all not"}, entry_id=entry).status_code == 303
    assert (now(card).stamps, now(card).total_visits, now(card).last_visit_at) == (5, visits, seen)
    assert owner.post("member-stamps", said | {"not_here": ""}, member_id=card.pk).status_code == 303
    assert now(card).total_visits == visits + 1
    agree()


def test_more_than_are_given_at_once_can_be_taken(owner: Seat, shop: Shop, card: Card) -> None:
    update_program(business_id=shop.id, stamps_required=20)
    shop.stamp(card, 10)
    said = {"way": "take", "count": "12", "reason": "A new card"}
    assert owner.post("member-stamps", said, member_id=card.pk).status_code == 303
    assert now(card).stamps == 3


def test_a_giving_whose_stamps_were_taken_says_what_to_take_back_first(owner: Seat, shop: Shop) -> None:
    card = shop.enrol("Dev")
    given = shop.stamp(card, 2).entry_id
    taken = ledger.take_stamps(business_id=shop.id, member_id=card.pk, count=1, reason="Rain").entry_id
    refused = owner.post("member-undo", {"reason": "A mistake"}, entry_id=given)
    assert refused.status_code == 400
    assert f"by transaction {taken}. Undo that first." in refused.content.decode()


def test_what_a_program_took_says_why_too(owner: Seat, shop: Shop, card: Card) -> None:
    ledger.take_stamps(business_id=shop.id, member_id=card.pk, count=1, reason="The till was wrong")
    assert "The till was wrong" in told(owner, card)
