"""Crowds that take back one mistake: it is taken back once, and nothing else goes with it."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.analytics.rollup import roll_up
from regulars.ledger import actions
from regulars.ledger.models import Card, Entry
from tests.analytics.recount import Recount
from tests.factories import Shop, make_shop
from tests.races.crowd import split, together

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 64


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def fresh(card: Card) -> Card:
    with scopes_disabled():
        return Card.objects.get(pk=card.pk)


def redeem(shop: Shop, card: Card) -> actions.RewardRedeemed:
    return actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)


def undo(shop: Shop, entry_id: int) -> actions.Undone:
    return actions.undo(business_id=shop.id, entry_id=entry_id)


def kinds(errors: list[Exception]) -> dict[str, int]:
    names = [type(error).__name__ for error in errors]
    return {name: names.count(name) for name in names}


@pytest.mark.parametrize("what", ["stamps", "redemption"])
def test_of_64_who_undo_one_entry_exactly_one_does(shop: Shop, what: str) -> None:
    card = shop.enrol()
    given = shop.stamp(card, 9)
    entry_id = given.entry_id if what == "stamps" else redeem(shop, card).entry_id
    got, refused = split(together(CALLERS, lambda _: undo(shop, entry_id)))
    assert (len(got), kinds(refused)) == (1, {"AlreadyUndone": CALLERS - 1})
    now = fresh(card)
    expected = (0, 0, 0) if what == "stamps" else (1, 1, 0)
    assert (now.stamps, now.pending_rewards, now.rewards_redeemed) == expected
    with scopes_disabled():
        assert Entry.objects.filter(reverses=entry_id).count() == 1
    assert audit().ok


def test_a_reward_is_redeemed_or_its_stamps_are_undone_never_both(shop: Shop) -> None:
    outcomes = set()
    for _ in range(6):
        card = shop.enrol()
        given = shop.stamp(card, 8).entry_id

        def caller(number: int, card: Card = card, given: int = given) -> object:
            return redeem(shop, card) if number % 2 else undo(shop, given)

        got, refused = split(together(8, caller))
        (done,) = {type(result).__name__ for result in got}
        outcomes.add(done)
        now = fresh(card)
        assert now.pending_rewards == 0
        if done == "Undone":
            assert kinds(refused) == {"AlreadyUndone": 3, "NothingToRedeem": 4}
            assert (now.total_stamps, now.rewards_redeemed) == (0, 0)
        else:
            assert kinds(refused) == {"StampsSpent": 4, "NothingToRedeem": 3}
            assert (now.total_stamps, now.rewards_redeemed) == (8, 1)
        assert len(got) == 1
    assert outcomes <= {"Undone", "RewardRedeemed"}
    assert audit().ok


def test_figures_agree_while_stamps_are_given_undone_and_rolled_up(shop: Shop) -> None:
    cards, branch = [shop.enrol(f"Customer {number}") for number in range(4)], shop.branch()
    recount = Recount(shop.business)

    def caller(number: int) -> int:
        card = cards[number % 4]
        for step in range(6):
            given = shop.stamp(card, 5, branch_id=branch.pk)
            if step % 2 == number % 2:
                undo(shop, given.entry_id)
            roll_up(7)
        return number

    got, refused = split(together(8, caller))
    assert (len(got), refused) == (8, [])
    recount.check()
    while roll_up():
        recount.check()
    report = audit()
    assert report.ok, report.differences
    assert sum(fresh(card).total_stamps for card in cards) == 8 * 3 * 5


def test_one_code_is_given_to_one_card(shop: Shop) -> None:
    cards = [shop.enrol(f"Customer {number}") for number in range(8)]

    def caller(number: int) -> object:
        if number % 2:
            return shop.enrol(f"Somebody {number}", qr_code="5be0d6c1a97f3e24")
        return actions.replace_card(
            business_id=shop.id, member_id=cards[number].pk, qr_code="5be0d6c1a97f3e24"
        )

    got, refused = split(together(8, caller))
    assert (len(got), kinds(refused)) == (1, {"Conflict": 7})
    with scopes_disabled():
        assert Card.objects.filter(qr_code="5be0d6c1a97f3e24").count() == 1
    assert audit().ok


def test_of_those_who_take_stamps_each_finds_what_the_others_left(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 7)
    who: dict[str, Any] = {"business_id": shop.id, "member_id": card.pk, "reason": "Rain"}
    got, refused = split(together(16, lambda _: actions.take_stamps(**who, count=2)))
    assert (len(got), kinds(refused)) == (3, {"NotEnoughStamps": 13})
    assert sorted(result.current_stamps for result in got) == [1, 3, 5]
    assert (fresh(card).stamps, fresh(card).total_stamps) == (1, 1)
    assert audit().ok


def test_stamps_are_taken_or_their_giving_is_undone_never_both(shop: Shop) -> None:
    card = shop.enrol()
    given = shop.stamp(card, 5).entry_id
    who: dict[str, Any] = {"business_id": shop.id, "member_id": card.pk, "reason": "Rain"}

    def act(number: int) -> object:
        return undo(shop, given) if number % 2 else actions.take_stamps(**who, count=5)

    got, refused = split(together(12, act))
    assert len(got) == 1
    assert set(kinds(refused)) <= {"NotEnoughStamps", "AlreadyUndone", "StampsTakenSince"}
    assert fresh(card).stamps == 0
    assert audit().ok
