"""One printed card, and many who want it at once: at the counter, by the API, on the joining page."""

from __future__ import annotations

import pytest
from django_scopes import scope

from regulars.ledger import printed
from regulars.ledger.models import Card
from regulars.members import blank_cards
from regulars.members.models import BlankCard, Member
from regulars.portal import joining
from regulars.rules.errors import Conflict, NotFound
from tests.factories import Shop, make_shop
from tests.races.crowd import split, together

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 6


def by_page(shop: Shop, number: int, code: str) -> str:
    joined = joining.join(
        business=shop.business,
        name=f"Page {number}",
        email=f"{number}@mail.example",
        consents={"programme": "I join."},
        blank_code=code,
    )
    return joined.qr_code


@pytest.mark.parametrize("page", [0, 1])
def test_of_many_with_one_printed_card_one_gets_it(page: int) -> None:
    shop = make_shop()
    (blank,) = blank_cards.make_blanks(business_id=shop.id, count=1)
    lost = [shop.enrol(f"Lost {number}") for number in range(CALLERS)]
    code = blank.qr_code

    def take(number: int) -> str:
        if number % 2:
            mine = lost[number].pk
            return printed.replace_card(business_id=shop.id, member_id=mine, qr_code=code).qr_code
        if page and number % 4:
            return by_page(shop, number, code)
        contact = f"+9198760000{number:02d}"
        return printed.enrol(business=shop.business, name="New", phone=contact, qr_code=code).qr_code

    good, bad = split(together(CALLERS, take))
    assert good == [code]
    assert [error for error in bad if not isinstance(error, (Conflict, NotFound))] == []
    with scope(business=shop.business):
        card = Card.objects.get(qr_code=code)
        assert BlankCard.objects.get().member_id == card.pk
        assert Member.objects.count() == CALLERS + (card.pk not in {one.pk for one in lost})
        kept = Card.objects.filter(qr_code__in=[one.qr_code for one in lost])
        assert kept.count() == CALLERS - (card.pk in {one.pk for one in lost})


def test_the_note_of_who_has_it_is_made_once() -> None:
    shop = make_shop()
    (blank,) = blank_cards.make_blanks(business_id=shop.id, count=1)
    members = [shop.enrol(f"Member {number}").pk for number in range(CALLERS)]

    def take(number: int) -> int | None:
        return blank_cards.use_blank(
            business_id=shop.id, qr_code=blank.qr_code, member_id=members[number]
        ).member_id

    good, bad = split(together(CALLERS, take))
    assert [type(error) for error in bad] == [Conflict] * (CALLERS - 1)
    with scope(business=shop.business):
        assert good == [BlankCard.objects.get().member_id]
