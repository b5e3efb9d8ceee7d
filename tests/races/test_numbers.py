"""Many who draw a number at once: each gets one of its own, and nobody waits for another's transaction."""

from __future__ import annotations

from threading import Barrier

import pytest
from django.db import transaction

from regulars import db
from regulars.tenants import numbers
from tests.factories import Shop, make_shop
from tests.races.crowd import split, together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def draw(shop: Shop) -> str:
    return numbers.draw_code(business_id=shop.id, letter="T", table="sales_sale")


def test_each_gets_a_number_of_its_own_from_the_first_on(shop: Shop) -> None:
    def caller(number: int) -> str:
        with transaction.atomic():
            return draw(shop)

    got, failed = split(together(48, caller))
    assert failed == []
    assert len(set(got)) == len(got) == 48


def test_whoever_draws_waits_for_nobody(shop: Shop) -> None:
    if not db.is_postgresql():
        pytest.skip("SQLite has one writer at a time")
    with transaction.atomic():
        draw(shop)
    all_have_one = Barrier(8, timeout=20)

    def caller(number: int) -> str:
        with transaction.atomic():
            mine = draw(shop)
            all_have_one.wait()  # nobody has committed yet
            return mine

    got, failed = split(together(8, caller))
    assert failed == []
    assert len(set(got)) == 8
    with transaction.atomic():
        assert draw(shop) <= "T000020"  # what was passed over is given next
