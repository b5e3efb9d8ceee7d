"""Many who join at once with one contact, or send one form: one member, one card each, no link used twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django_scopes import scope

from regulars.ledger.models import Card
from regulars.members import blank_cards
from regulars.members.models import CardAlias, Member
from regulars.messages.models import Message
from regulars.portal import joining, links
from regulars.rules.errors import Conflict, NotFound
from tests.factories import Shop, make_shop
from tests.races.crowd import split, together

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 12
WORDS = {"programme": "I join."}


def join(shop: Shop, name: str, **fields: Any) -> str:
    joined = joining.join(
        business=shop.business, name=name, email="nora@mail.example", consents=WORDS, **fields
    )
    return joined.qr_code


def counts(shop: Shop) -> tuple[int, int, int]:
    """Members, aliases, mails."""
    with scope(business=shop.business):
        return Member.objects.count(), CardAlias.objects.count(), Message.objects.count()


def test_one_contact_makes_one_member() -> None:
    shop = make_shop()
    good, bad = split(together(CALLERS, lambda number: join(shop, f"Somebody {number}")))
    assert bad == []
    assert len(set(good)) == CALLERS
    # A mail brings the card of the first one; of further ones there are none for a while.
    assert counts(shop) == (1, CALLERS - 1, 1)


@pytest.mark.parametrize("known", [0, 1])
def test_one_form_makes_one_card(known: int) -> None:
    shop = make_shop()
    if known:
        shop.enrol("Nora", email="nora@mail.example")
    good, bad = split(together(CALLERS, lambda _: join(shop, "Nora", token="one form")))
    assert (len(good), len(set(good)), bad) == (CALLERS, 1, [])
    assert counts(shop) == (1, known, 1)


def test_a_printed_card_is_given_once() -> None:
    shop = make_shop()
    (blank,) = blank_cards.make_blanks(business_id=shop.id, count=1)
    good, bad = split(together(CALLERS, lambda _: join(shop, "Nora", blank_code=blank.qr_code)))
    assert (set(good), bad) == ({blank.qr_code}, [])
    assert counts(shop)[:2] == (1, 0)
    with scope(business=shop.business):
        assert Card.objects.get().qr_code == blank.qr_code


def test_of_many_with_one_printed_card_one_gets_it() -> None:
    shop = make_shop()
    shop.enrol("Noor", email="0@mail.example")  # the first one's contact is known
    (blank,) = blank_cards.make_blanks(business_id=shop.id, count=1)

    def take(number: int) -> str:
        joined = joining.join(
            business=shop.business,
            name=f"Somebody {number}",
            email=f"{number}@mail.example",
            consents=WORDS,
            blank_code=blank.qr_code,
        )
        return joined.qr_code

    good, bad = split(together(CALLERS, take))
    assert good == [blank.qr_code]
    assert [type(error) for error in bad] == [Conflict] * (CALLERS - 1)
    assert sum(counts(shop)[:2]) == 2


def test_a_link_is_used_once() -> None:
    shop = make_shop()
    card = shop.enrol("Nora", email="nora@mail.example")
    url = links.make_link(
        business_id=shop.id,
        member_id=card.pk,
        purpose="sign_in",
        address="nora@mail.example",
        lasts=dt.timedelta(minutes=30),
    )
    token = url.rpartition("/")[2]
    good, bad = split(together(CALLERS, lambda _: links.use_link(token=token, purpose="sign_in")))
    assert len(good) == 1
    assert all(isinstance(error, NotFound) for error in bad)
