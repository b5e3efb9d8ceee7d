"""Codes of busy records: each business counts its own, however many of it come at once."""

from __future__ import annotations

import pytest
from django.db import transaction
from django_scopes import scopes_disabled

from regulars.ledger import adjustments
from regulars.tenants import numbers
from regulars.tenants.models import Counter
from tests.factories import make_shop
from tests.sales.till import make_till

pytestmark = pytest.mark.django_db


def drawn(business_id: int, letter: str = "T") -> str:
    with transaction.atomic():
        return numbers.draw_code(business_id=business_id, letter=letter, table="sales_sale")


def test_each_business_begins_with_one() -> None:
    busy, new = make_till("Busy"), make_till("New")
    card = busy.shop.enrol()
    assert [busy.sell(card).code for _ in range(40)] == [f"T{number:06d}" for number in range(1, 41)]
    assert new.sell(new.shop.enrol()).code == "T000001"
    assert drawn(new.shop.id, "X") == "X000001"


def test_a_number_of_whoever_was_refused_is_given_again() -> None:
    shop = make_shop()
    assert drawn(shop.id) == "T000001"
    with transaction.atomic():
        assert numbers.draw_code(business_id=shop.id, letter="T", table="sales_sale") == "T000002"
        transaction.set_rollback(True)
    assert drawn(shop.id) == "T000002"


def test_a_business_from_before_goes_on_behind_its_own() -> None:
    other, till = make_till("Other"), make_till("Old")
    for _ in range(2):
        other.sell(other.shop.enrol())
    card = till.shop.enrol()
    by_hand = till.sell(card, code="INVOICE-1")
    old = till.sell(card, code=f"T{by_hand.pk + 1:06d}")
    assert old.code == f"T{old.pk:06d}"
    assert till.sell(card).code == f"T{old.pk + 1:06d}"


def test_codes_by_hand_alone_are_no_numbers_from_before() -> None:
    other, till = make_till("Other"), make_till("Old")
    other.sell(other.shop.enrol())
    card = till.shop.enrol()
    till.sell(card, code="INVOICE-1")
    assert till.sell(card).code == "T000001"


def test_gifts_of_points_count_for_themselves() -> None:
    shop = make_shop()
    card = shop.enrol()
    made = [adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=1) for _ in range(2)]
    assert [one.code for one in made] == ["A000001", "A000002"]


def test_counters_are_few() -> None:
    shop = make_shop()
    drawn(shop.id)
    with scopes_disabled():
        assert Counter.objects.filter(business_id=shop.id, kind__startswith="T/").count() == numbers.COUNTERS
