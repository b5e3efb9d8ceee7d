"""A member is erased while something is sold or given to them, which locks rows in an order of its own."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError
from django_scopes import scope

from regulars import db
from regulars.analytics.audit import audit
from regulars.ledger import post
from regulars.ledger.models import Card
from regulars.members.actions import delete_member
from regulars.members.models import Member
from regulars.promotions.actions import add_promotion
from regulars.sales import actions as sales
from regulars.sales import store
from regulars.sales.models import Sale
from regulars.vouchers.actions import add_voucher
from regulars.vouchers.issuing import issue_voucher
from tests.factories import Shop, make_shop
from tests.races.crowd import PATIENCE, Elsewhere, split, together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "config.getoption('--database') == 'sqlite'",
        reason="SQLite has one writer at a time: nobody waits within a transaction",
    ),
]

Steps = tuple[Callable[[], Any], Callable[[], Any]]


@pytest.fixture
def shop() -> Shop:
    shop = make_shop()
    add_promotion(business_id=shop.id, percent_of_spend=Decimal(100))
    return shop


def a_voucher_is_issued(shop: Shop, card: Card) -> Steps:
    voucher = add_voucher(business_id=shop.id, name="Five off", value=5)
    return (
        lambda: post.lock_cards(business_id=shop.id, member_ids=[card.pk]),
        lambda: issue_voucher(business_id=shop.id, voucher_id=voucher.pk, member_id=card.pk),
    )


def something_is_sold(shop: Shop, card: Card) -> Steps:
    sale = {"business_id": shop.id, "member_id": card.pk, "total_value": Decimal(10)}
    return lambda: store.keep_member(business_id=shop.id, member_id=card.pk), lambda: sales.add_sale(**sale)


def a_sale_is_changed(shop: Shop, card: Card) -> Steps:
    sale = sales.add_sale(business_id=shop.id, member_id=card.pk, total_value=Decimal(10))

    def lock() -> None:
        with scope(business=shop.business):
            Sale.objects.select_for_update().get(pk=sale.pk)

    return lock, lambda: sales.edit_sale(business_id=shop.id, pk=sale.pk, total_value=Decimal(20))


CASES = [a_voucher_is_issued, something_is_sold, a_sale_is_changed]


def erase_during(shop: Shop, card: Card, steps: Steps) -> list[Exception]:
    """What failed when a member was erased between two steps of something else."""
    failed: list[Exception] = []
    with Elsewhere() as till, Elsewhere() as owner:
        till.open_transaction()
        till(steps[0])
        pending = owner.begin(delete_member, business_id=shop.id, member_id=card.pk)
        time.sleep(0.1)  # it has what it can get, and waits
        try:
            till(steps[1])
            till.commit()
        except OperationalError as error:
            failed.append(error)
            till.rollback()
        if (problem := pending.exception(PATIENCE)) is not None:
            assert isinstance(problem, Exception)
            failed.append(problem)
    return failed


@pytest.mark.parametrize("case", CASES)
def test_both_succeed_and_nothing_is_left(case: Callable[[Shop, Card], Steps], shop: Shop) -> None:
    card = shop.enrol()
    assert erase_during(shop, card, case(shop, card)) == []
    with scope(business=shop.business):
        assert not Member.objects.exists()
        assert not Sale.objects.exists()
    assert audit().ok


def test_without_giving_way_somebody_fails(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "patience", lambda _: nullcontext())
    card = shop.enrol()
    (error,) = erase_during(shop, card, a_voucher_is_issued(shop, card))
    assert "deadlock" in str(error)


def test_who_waits_longer_than_there_is_patience_gets_in_all_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regulars.members.actions._PATIENT_TRIES", 2)
    card = shop.enrol()
    with Elsewhere() as till, Elsewhere() as owner:
        till.open_transaction()
        till(post.lock_cards, business_id=shop.id, member_ids=[card.pk])
        pending = owner.begin(delete_member, business_id=shop.id, member_id=card.pk)
        with pytest.raises(TimeoutError):
            pending.result(1)
        till.commit()
        pending.result(PATIENCE)
    with scope(business=shop.business):
        assert not Member.objects.exists()


def test_a_crowd_that_sells_to_somebody_who_is_erased_fails_only_by_not_finding_them(shop: Shop) -> None:
    card = shop.enrol()

    def sell(number: int) -> Any:
        if number == 5:
            return delete_member(business_id=shop.id, member_id=card.pk)
        return sales.add_sale(business_id=shop.id, member_id=card.pk, total_value=Decimal(10))

    _, refused = split(together(16, sell))
    assert {type(error).__name__ for error in refused} <= {"NotFound"}
    with scope(business=shop.business):
        assert not Sale.objects.exists()
    assert audit().ok
