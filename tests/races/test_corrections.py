"""Crowds at documents of points: each change counts once, and the ledger follows all of them."""

import pytest
from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.ledger import adjustments, points
from regulars.ledger.corrections import change_points
from regulars.ledger.models import Card, Entry, PointsAdjustment
from regulars.members.actions import delete_member
from regulars.tenants.models import Business
from tests.factories import Shop, make_shop
from tests.races.crowd import split, together

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 32


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def fresh(card: Card) -> Card:
    with scopes_disabled():
        return Card.objects.get(pk=card.pk)


def kinds(errors: list[Exception]) -> dict[str, int]:
    names = [type(error).__name__ for error in errors]
    return {name: names.count(name) for name in names}


def worth(source: str) -> int:
    """What the ledger says that a document is worth."""
    with scopes_disabled():
        rows = Entry.objects.filter(source=source).values_list("points", "shortfall")
        return sum(number - shortfall for number, shortfall in rows)


@pytest.mark.parametrize("policy", ["to_zero", "allow_negative", "keep"])
def test_documents_of_one_card_change_all_at_once(shop: Shop, policy: str) -> None:
    Business.objects.filter(pk=shop.id).update(refund_policy=policy)
    card = shop.enrol()
    who = {"business_id": shop.id, "member_id": card.pk}

    def caller(number: int) -> None:
        source, own = f"doc:{number}", 10 + number
        change_points(**who, source=source, before=0, after=own)
        if number % 3 == 0:
            points.spend_points(**who, points_to_spend=5)
        change_points(**who, source=source, before=own, after=number % 4)
        change_points(**who, source=source, before=number % 4, after=own)

    _, failed = split(together(CALLERS, caller))
    assert set(kinds(failed)) <= {"NotEnoughPoints"}
    for number in range(CALLERS):
        assert worth(f"doc:{number}") == 10 + number
    assert audit().ok


def test_everybody_edits_one_adjustment(shop: Shop) -> None:
    cards = [shop.enrol() for _ in range(4)]
    made = adjustments.add_adjustment(business_id=shop.id, member_id=cards[0].pk, points=100)

    def caller(number: int) -> None:
        to = cards[number * 7 % 4]
        adjustments.edit_adjustment(business_id=shop.id, pk=made.pk, points=number + 1, member_id=to.pk)

    _, failed = split(together(CALLERS, caller))
    assert failed == []
    with scopes_disabled():
        last = PointsAdjustment.objects.get(pk=made.pk)
    assert {card.pk: fresh(card).points for card in cards} == {
        card.pk: last.points if card.pk == last.card_id else 0 for card in cards
    }
    assert audit().ok


def test_adjustments_swap_their_members(shop: Shop) -> None:
    cards = [shop.enrol(), shop.enrol()]
    made = [
        adjustments.add_adjustment(business_id=shop.id, member_id=cards[number % 2].pk, points=10)
        for number in range(16)
    ]

    def caller(number: int) -> None:
        to = cards[(number + 1) % 2]
        adjustments.edit_adjustment(business_id=shop.id, pk=made[number].pk, member_id=to.pk)

    _, failed = split(together(16, caller))
    assert failed == []
    assert [fresh(card).points for card in cards] == [80, 80]
    assert audit().ok


def test_one_adjustment_is_deleted_once(shop: Shop) -> None:
    card = shop.enrol()
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=100)
    made = adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=30)
    got, refused = split(
        together(16, lambda _: adjustments.delete_adjustment(business_id=shop.id, pk=made.pk))
    )
    assert (len(got), kinds(refused)) == (1, {"NotFound": 15})
    assert fresh(card).points == 100
    assert audit().ok


def test_members_are_erased_while_adjustments_change_hands(shop: Shop) -> None:
    cards = [shop.enrol() for _ in range(8)]
    made = [adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=10) for card in cards]

    def caller(number: int) -> None:
        if number < 4:
            delete_member(business_id=shop.id, member_id=cards[number].pk)
        else:
            pk, to = made[number % 8].pk, cards[(number + 3) % 8].pk
            adjustments.edit_adjustment(business_id=shop.id, pk=pk, member_id=to)

    _, refused = split(together(24, caller))
    assert set(kinds(refused)) <= {"NotFound"}
    assert audit().ok


def test_an_occasion_is_given_once_however_many_give_it(shop: Shop) -> None:
    card = shop.enrol()

    def caller(_: int) -> PointsAdjustment:
        return adjustments.add_adjustment(
            business_id=shop.id, member_id=card.pk, points=10, origin="promotion", occasion="month:2026-11"
        )

    got, refused = split(together(64, caller))
    assert (len(got), kinds(refused)) == (1, {"AlreadyGiven": 63})
    with scopes_disabled():
        assert PointsAdjustment.objects.count() == 1
    assert fresh(card).points == 10
    assert audit().ok


def test_every_adjustment_gets_a_code_of_its_own(shop: Shop) -> None:
    cards = [shop.enrol() for _ in range(4)]
    adjustments.add_adjustment(business_id=shop.id, member_id=cards[0].pk, points=1, code="A000007")

    def caller(number: int) -> str:
        made = adjustments.add_adjustment(business_id=shop.id, member_id=cards[number % 4].pk, points=1)
        return made.code

    got, failed = split(together(CALLERS, caller))
    assert failed == []
    assert len(set(got) | {"A000007"}) == CALLERS + 1
    assert audit().ok


def test_one_code_is_given_once(shop: Shop) -> None:
    card = shop.enrol()

    def caller(number: int) -> object:
        code = "sorry" if number % 2 else "SORRY"
        return adjustments.add_adjustment(business_id=shop.id, member_id=card.pk, points=1, code=code)

    got, refused = split(together(16, caller))
    assert (len(got), kinds(refused)) == (1, {"Conflict": 15})
    assert fresh(card).points == 1
    assert audit().ok
