"""Printed cards: their codes, whose they are, and that each is given once."""

from __future__ import annotations

import pytest
from django_scopes import scope

from regulars.members import actions as members
from regulars.members import blank_cards
from regulars.members.models import BlankCard
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from tests.factories import make_shop

pytestmark = pytest.mark.django_db


def test_cards_are_numbered_on_from_those_printed_before() -> None:
    shop, other = make_shop(), make_shop("Charlie's")
    first = blank_cards.make_blanks(business_id=shop.id, count=3)
    blank_cards.make_blanks(business_id=other.id, count=2)
    second = blank_cards.make_blanks(business_id=shop.id, count=2)
    assert [blank.number for blank in (*first, *second)] == [1, 2, 3, 4, 5]
    assert len({blank.qr_code for blank in (*first, *second)}) == 5
    assert all(len(blank.qr_code) == 16 for blank in first)


@pytest.mark.parametrize("count", [0, -1, 501])
def test_too_few_and_too_many_are_refused(count: int) -> None:
    shop = make_shop()
    with pytest.raises(InvalidInput, match="count must be a whole number from 1 to 500"):
        blank_cards.make_blanks(business_id=shop.id, count=count)
    assert [blank.number for blank in blank_cards.make_blanks(business_id=shop.id, count=1)] == [1]


def test_no_more_than_so_many_lie_about_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blank_cards, "MOST_UNUSED", 4)
    shop = make_shop()
    blank, *_ = blank_cards.make_blanks(business_id=shop.id, count=4)
    with pytest.raises(Conflict, match="4 printed cards are still unused"):
        blank_cards.make_blanks(business_id=shop.id, count=1)
    blank_cards.use_blank(business_id=shop.id, qr_code=blank.qr_code, member_id=shop.enrol().pk)
    assert [made.number for made in blank_cards.make_blanks(business_id=shop.id, count=1)] == [5]


def test_a_card_is_found_until_somebody_has_it() -> None:
    shop, other = make_shop(), make_shop("Charlie's")
    blank, spare = blank_cards.make_blanks(business_id=shop.id, count=2)
    for business_id in (shop.id, None):
        assert blank_cards.find_blank(business_id=business_id, qr_code=blank.qr_code) == blank
        assert blank_cards.find_blank(business_id=business_id, qr_code="f" * 16) is None
    assert blank_cards.find_blank(business_id=other.id, qr_code=blank.qr_code) is None
    member = shop.enrol().pk
    used = blank_cards.use_blank(business_id=shop.id, qr_code=blank.qr_code, member_id=member)
    assert (used.member_id, used.used_at is None) == (member, False)
    for business_id in (shop.id, None):
        assert blank_cards.find_blank(business_id=business_id, qr_code=blank.qr_code) is None
    assert blank_cards.find_blank(business_id=shop.id, qr_code=spare.qr_code) == spare


def test_cards_are_made_once_for_one_look() -> None:
    shop = make_shop()
    assert blank_cards.make_blanks(business_id=shop.id, count=2, after=0)[-1].number == 2
    with pytest.raises(Conflict, match="after 0 were made") as refused:
        blank_cards.make_blanks(business_id=shop.id, count=2, after=0)
    assert refused.value.fields.keys() == {"after"}
    assert [blank.number for blank in blank_cards.make_blanks(business_id=shop.id, count=1, after=2)] == [3]


def test_cards_are_counted() -> None:
    shop = make_shop()
    assert blank_cards.counts(shop.id) == blank_cards.Counts(0, 0, None)
    blank, *_ = blank_cards.make_blanks(business_id=shop.id, count=3)
    blank_cards.make_blanks(business_id=make_shop("Charlie's").id, count=5)
    blank_cards.use_blank(business_id=shop.id, qr_code=blank.qr_code, member_id=shop.enrol().pk)
    assert blank_cards.counts(shop.id) == blank_cards.Counts(3, 2, 3)


def test_a_card_is_given_once_and_by_its_own_shop() -> None:
    shop, other = make_shop(), make_shop("Charlie's")
    blank, *_ = blank_cards.make_blanks(business_id=shop.id, count=1)
    member = shop.enrol().pk
    with pytest.raises(NotFound):
        blank_cards.use_blank(business_id=other.id, qr_code=blank.qr_code, member_id=other.enrol().pk)
    blank_cards.use_blank(business_id=shop.id, qr_code=blank.qr_code, member_id=member)
    with pytest.raises(Conflict, match="given to somebody already"):
        blank_cards.use_blank(business_id=shop.id, qr_code=blank.qr_code, member_id=shop.enrol().pk)
    with scope(business=shop.id):
        assert BlankCard.objects.get().member_id == member


def test_the_card_of_somebody_who_was_erased_is_never_given_again() -> None:
    shop = make_shop()
    blank, *_ = blank_cards.make_blanks(business_id=shop.id, count=1)
    member = shop.enrol().pk
    blank_cards.use_blank(business_id=shop.id, qr_code=blank.qr_code, member_id=member)
    members.delete_member(business_id=shop.id, member_id=member)
    assert blank_cards.find_blank(business_id=shop.id, qr_code=blank.qr_code) is None
    with scope(business=shop.id):
        kept = BlankCard.objects.get()
    assert (kept.member_id, kept.used_at is None) == (None, False)
