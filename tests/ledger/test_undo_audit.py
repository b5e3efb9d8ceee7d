"""The audit finds an undo that is not what it takes back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from regulars.ledger import actions
from regulars.ledger.audit import audit
from regulars.ledger.models import Card
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

COPIED = (
    "business_id, card_id, branch_id, kind, stamps, stamps_spent, rewards, visits, points, text, "
    "stamps_after, points_after, occurred_at, day, reverses_id"
)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    """A card with an undone addition, which took a reward, and an undone redemption."""
    card = shop.enrol()
    first = shop.stamp(card, 9, branch_id=shop.branch().pk)
    redeemed = actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
    shop.stamp(card, 3)
    actions.undo(business_id=shop.id, entry_id=redeemed.entry_id)
    actions.undo(business_id=shop.id, entry_id=first.entry_id)
    assert audit().ok
    return card


def plant(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        assert cursor.rowcount == 1


def found() -> set[str]:
    return {difference["check"] for difference in audit().differences}


def wrong(kind: str, column: str, value: str) -> None:
    """Put an undo with another value in the place of the one that there is."""
    chosen = COPIED.replace(f"{column},", f"{value},")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE made AS SELECT * FROM ledger_entry WHERE kind = '{kind}'")
        cursor.execute(
            "UPDATE ledger_reward SET undone_entry_id = NULL WHERE undone_entry_id IN (SELECT id FROM made)"
        )
        cursor.execute("DELETE FROM ledger_entry WHERE id IN (SELECT id FROM made)")
        cursor.execute(f"INSERT INTO ledger_entry ({COPIED}) SELECT {chosen} FROM made")
        assert cursor.rowcount == 1
        cursor.execute("DROP TABLE made")


@pytest.mark.parametrize("kind", ["stamp_undo", "reward_undo"])
@pytest.mark.parametrize(
    ("column", "value"),
    [("stamps", "stamps - 1"), ("visits", "visits - 1"), ("text", "'Cake'"), ("branch_id", "%s")],
)
@pytest.mark.usefixtures("card")
def test_an_undo_of_something_else_is_found(shop: Shop, kind: str, column: str, value: str) -> None:
    wrong(kind, column, str(shop.branch("Elsewhere").pk) if column == "branch_id" else value)
    assert "undo of an entry" in found()


@pytest.mark.usefixtures("card")
def test_an_undo_of_another_kind_is_found() -> None:
    wrong("reward_undo", "kind", "'stamp_undo'")
    assert "undo of an entry" in found()


@pytest.mark.usefixtures("card")
def test_a_redemption_that_gave_back_more_than_one_reward_is_found() -> None:
    wrong("reward_undo", "rewards", "2")
    assert {"undo of an entry", "rewards_redeemed", "pending_rewards"} <= found()


def test_an_undo_that_took_other_rewards_than_it_says_is_found(card: Card) -> None:
    plant("UPDATE ledger_reward SET undone_entry_id = NULL WHERE card_id = %s", card.pk)
    assert found() == {"rewards waiting", "rewards taken by an undo"}


def test_an_undone_redemption_that_still_holds_its_reward_is_found(card: Card) -> None:
    plant(
        "UPDATE ledger_reward SET undone_entry_id = NULL, redeemed_entry_id = "
        "(SELECT id FROM ledger_entry WHERE kind = 'reward_redeem') WHERE card_id = %s",
        card.pk,
    )
    assert "redemption of a reward" in found()


def test_a_redemption_without_a_reward_is_found(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 8)
    actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
    plant("DELETE FROM ledger_reward WHERE card_id = %s", card.pk)
    assert found() == {"redemption of a reward"}
