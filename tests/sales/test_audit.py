"""The audit finds a sale that does not agree with the ledger, or with itself."""

import pytest
from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.ledger.models import Card
from regulars.sales.models import Sale, SalePromotion
from tests.sales.till import Till, make_till

pytestmark = pytest.mark.django_db


@pytest.fixture
def till() -> Till:
    made = make_till()
    made.promotion("10")
    return made


@pytest.fixture
def card(till: Till) -> Card:
    return till.shop.enrol()


def checks() -> set[str]:
    """Which checks find a difference."""
    return {one["check"] for one in audit().differences}


def test_a_sale_worth_more_than_the_ledger_says(till: Till, card: Card) -> None:
    sale = till.sell(card)
    assert checks() == set()
    with scopes_disabled():
        Sale.objects.filter(pk=sale.pk).update(points=9)
    assert checks() == {"points of each sale"}


def test_a_sale_that_vanished_and_one_without_an_entry(till: Till, card: Card) -> None:
    sale, nothing = till.sell(card), till.sell(card, "1")
    with scopes_disabled():
        SalePromotion.objects.all().delete()
        Sale.objects.filter(pk=sale.pk).delete()
    assert checks() == {"points of each sale"}
    with scopes_disabled():
        Sale.objects.filter(pk=nothing.pk).update(points=5)
    assert checks() == {"points of each sale", "promotions of a sale"}


def test_a_sale_on_the_wrong_card(till: Till, card: Card) -> None:
    sale = till.sell(card)
    with scopes_disabled():
        Sale.objects.filter(pk=sale.pk).update(member=till.shop.enrol("Bob").pk)
    assert checks() == {"points of each sale"}


def test_promotions_that_gave_less_than_the_sale_is_worth(till: Till, card: Card) -> None:
    till.sell(card)
    with scopes_disabled():
        SalePromotion.objects.update(points=9)
    assert checks() == {"promotions of a sale"}


def test_what_belongs_to_another_business(till: Till, card: Card) -> None:
    sale, other = till.sell(card, "1"), make_till("Charlie's")
    with scopes_disabled():
        Sale.objects.filter(pk=sale.pk).update(branch=other.shop.branch().pk)
    assert checks() == {"business of a sale"}
