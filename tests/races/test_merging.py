"""Two records of one person are merged while others merge them, too, or give, take and sell."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from regulars.analytics.audit import audit
from regulars.analytics.rollup import roll_up_all
from regulars.ledger import actions, points, post
from regulars.ledger.merging import merge_members
from regulars.ledger.models import Card, Entry
from regulars.ledger.post import CardState, Posting
from regulars.ledger.settle import Decision, settle
from regulars.members.models import Member, MergedMember
from regulars.promotions.actions import add_promotion
from regulars.rules.errors import Merged, NotFound
from regulars.sales.actions import add_sale
from regulars.sales.models import Sale
from tests.factories import Shop, make_shop
from tests.races.crowd import PATIENCE, Elsewhere, split, together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Shop:
    shop = make_shop()
    add_promotion(business_id=shop.id, percent_of_spend=Decimal(100))
    return shop


def merge(shop: Shop, kept: Card, other: Card) -> Any:
    return merge_members(business_id=shop.id, member_id=kept.pk, other_id=other.pk)


def agree() -> None:
    roll_up_all()
    report = audit()
    assert report.ok, report.differences


def test_of_two_merges_in_opposite_directions_one_happens(shop: Shop) -> None:
    one, two = shop.enrol(), shop.enrol()
    shop.stamp(one, 2)
    shop.stamp(two, 3)
    pairs = [(one, two), (two, one)] * 2
    good, bad = split(together(4, lambda number: merge(shop, *pairs[number])))
    assert {result.stamps for result in good} == {5}
    assert [result.already for result in good].count(False) == 1
    assert [type(error) for error in bad] == [Merged, Merged]
    with scope(business=shop.business):
        assert (Card.objects.count(), MergedMember.objects.count()) == (1, 1)
        assert Entry.objects.filter(kind="merge").count() == 1
    agree()


def test_a_chain_of_merges_at_once_leaves_one_member_with_everything(shop: Shop) -> None:
    cards = [shop.enrol() for _ in range(4)]
    for card in cards:
        shop.stamp(card, 1)
    pairs = [(cards[0], other) for other in cards[1:]]
    good, bad = split(together(3, lambda number: merge(shop, *pairs[number])))
    assert (len(good), bad) == (3, [])
    with scope(business=shop.business):
        assert Card.objects.get().stamps == 4
    agree()


def test_nothing_that_is_given_during_a_merge_is_lost(shop: Shop) -> None:
    kept, other = shop.enrol(), shop.enrol()

    def give(number: int) -> int:
        """How many stamps came on one of the cards, by the codes that both customers hold."""
        if number == 0:
            time.sleep(0.02)
            merge(shop, kept, other)
            return 0
        card = other if number % 2 else kept
        for _ in range(5):
            actions.add_stamps(business_id=shop.id, qr_code=card.qr_code)
        return 5

    good, bad = split(together(6, give))
    assert bad == []
    with scope(business=shop.business):
        assert Card.objects.get().total_stamps == sum(good) == 25
    agree()


def test_points_and_sales_of_the_record_that_goes_are_there_or_refused(shop: Shop) -> None:
    kept, other = shop.enrol(), shop.enrol()
    points.add_points(business_id=shop.id, member_id=other.pk, points_to_add=50)

    def act(number: int) -> int:
        if number == 0:
            merge(shop, kept, other)
            return 0
        if number % 2:
            sale = add_sale(business_id=shop.id, member_id=other.pk, total_value=Decimal(10))
            return sale.points
        points.spend_points(business_id=shop.id, member_id=other.pk, points_to_spend=5)
        return -5

    good, bad = split(together(7, act))
    assert {type(error) for error in bad} <= {Merged, NotFound}
    with scopes_disabled():
        assert Card.objects.get(business_id=shop.id).points == 50 + sum(good)
        assert set(Sale.objects.values_list("member_id", flat=True)) <= {kept.pk}
        assert Member.objects.filter(business_id=shop.id).count() == 1
    agree()


waiting = pytest.mark.skipif(
    "config.getoption('--database') == 'sqlite'",
    reason="SQLite has one writer at a time: nobody waits within a transaction",
)


@waiting
def test_who_waited_for_a_card_that_is_gone_holds_the_one_that_has_its_code(shop: Shop) -> None:
    cards = [shop.enrol() for _ in range(3)]
    asked: list[Future[Any]] = []

    def decide(state: CardState) -> Decision:
        asked.append(till.begin(actions.add_stamps, business_id=shop.id, qr_code=cards[0].qr_code))
        assert wait(asked, timeout=0.3).done == set(), "nobody else may stamp it now"
        return Posting(kind=Entry.Kind.STAMP_ADD.value, occurred_at=timezone.now(), stamps=1, visits=1), []

    with Elsewhere() as till, Elsewhere() as owner, Elsewhere() as counter:
        owner.open_transaction()
        owner(post.lock_cards, business_id=shop.id, member_ids=[cards[2].pk])
        pending = counter.begin(settle, decide, locked=True, business_id=shop.id, qr_code=cards[2].qr_code)
        time.sleep(0.1)  # it waits for the card
        owner(merge, shop, cards[1], cards[2])
        owner(merge, shop, cards[0], cards[1])
        owner.commit()
        state, _, _ = pending.result(PATIENCE)
        assert asked[0].result(PATIENCE).current_stamps == 2
    assert (state.member_id, len(asked)) == (cards[0].pk, 1)
    agree()


@waiting
@pytest.mark.parametrize("which", [0, 1], ids=["the kept one's", "the other one's"])
def test_it_gives_way_to_who_has_a_card_and_wants_the_member(shop: Shop, which: int) -> None:
    pair = shop.enrol(), shop.enrol()
    steps: tuple[Callable[[], Any], ...] = (
        lambda: post.lock_cards(business_id=shop.id, member_ids=[pair[which].pk]),
        lambda: add_sale(business_id=shop.id, member_id=pair[which].pk, total_value=Decimal(10)),
    )
    with Elsewhere() as till, Elsewhere() as owner:
        till.open_transaction()
        till(steps[0])
        pending = owner.begin(merge, shop, *pair)
        time.sleep(0.1)  # it has what it can get, and waits
        till(steps[1])
        till.commit()
        assert pending.result(PATIENCE).points == 10
    agree()
