"""Second codes of a member's card."""

from typing import Any

import pytest

from regulars.ledger import actions as ledger
from regulars.ledger import post as poster
from regulars.ledger import settle
from regulars.members import actions, aliases
from regulars.members.models import CardAlias
from regulars.rules.errors import InvalidInput, NotFound
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def alias(shop: Shop) -> CardAlias:
    card = shop.enrol("Priya")
    return aliases.create_alias(business_id=shop.id, member_id=card.pk, name=" Pri ")


def test_an_alias_has_a_code_of_its_own_and_is_nobodys_yet(shop: Shop, alias: CardAlias) -> None:
    found = aliases.resolve(business_id=None, qr_code=alias.qr_code)
    assert found is not None
    assert (found.pk, found.member_id, found.name, found.confirmed_at) == (
        alias.pk,
        alias.member_id,
        "Pri",
        None,
    )
    assert found.created_at == alias.created_at
    assert len(alias.qr_code) == 16
    assert aliases.confirmed_member(business_id=shop.id, qr_code=alias.qr_code) is None


def test_it_stays_confirmed_since_the_first_time(shop: Shop, alias: CardAlias) -> None:
    first = aliases.confirm_alias(business_id=shop.id, qr_code=alias.qr_code)
    assert first.confirmed_at is not None
    again = aliases.confirm_alias(business_id=shop.id, qr_code=alias.qr_code)
    assert again.confirmed_at == first.confirmed_at
    assert aliases.confirmed_member(business_id=shop.id, qr_code=alias.qr_code) == alias.member_id


def test_another_business_has_no_such_alias(alias: CardAlias) -> None:
    stranger = make_shop("Charlie's")
    assert aliases.resolve(business_id=stranger.id, qr_code=alias.qr_code) is None
    assert aliases.confirmed_member(business_id=stranger.id, qr_code=alias.qr_code) is None
    with pytest.raises(NotFound):
        aliases.confirm_alias(business_id=stranger.id, qr_code=alias.qr_code)
    with pytest.raises(NotFound):
        aliases.create_alias(business_id=stranger.id, member_id=alias.member_id, name="Eve")
    found = aliases.resolve(business_id=None, qr_code=alias.qr_code)
    assert found is not None
    assert found.confirmed_at is None


@pytest.mark.parametrize("code", ["", "0123456789abcdef", "a\0b", "x" * 200])
def test_other_codes_are_none(shop: Shop, alias: CardAlias, code: str) -> None:
    assert aliases.resolve(business_id=None, qr_code=code) is None
    assert aliases.resolve(business_id=shop.id, qr_code=code) is None


def test_a_printed_card_may_be_the_alias(shop: Shop) -> None:
    card = shop.enrol()
    made = aliases.create_alias(
        business_id=shop.id, member_id=card.pk, name="Pri", qr_code="feedbeeffeedbeef"
    )
    assert made.qr_code == "feedbeeffeedbeef"


def test_a_name_has_an_end(shop: Shop) -> None:
    card = shop.enrol()
    with pytest.raises(InvalidInput):
        aliases.create_alias(business_id=shop.id, member_id=card.pk, name="x" * 201)


def test_aliases_go_with_the_member(shop: Shop, alias: CardAlias) -> None:
    actions.delete_member(business_id=shop.id, member_id=alias.member_id)
    assert aliases.resolve(business_id=None, qr_code=alias.qr_code) is None


def test_a_confirmed_alias_is_a_code_of_the_card(shop: Shop, alias: CardAlias) -> None:
    with pytest.raises(NotFound):
        ledger.add_stamps(business_id=shop.id, qr_code=alias.qr_code)
    aliases.confirm_alias(business_id=shop.id, qr_code=alias.qr_code)
    assert (
        ledger.add_stamps(business_id=shop.id, qr_code=alias.qr_code, count=8).customer_id == alias.member_id
    )
    redeemed = ledger.redeem_reward(business_id=shop.id, qr_code=alias.qr_code)
    assert redeemed.customer_id == alias.member_id
    with pytest.raises(NotFound):
        ledger.add_stamps(business_id=make_shop("Charlie's").id, qr_code=alias.qr_code)


def test_a_crowd_at_an_alias_queues_at_the_card(
    shop: Shop, alias: CardAlias, monkeypatch: pytest.MonkeyPatch
) -> None:
    aliases.confirm_alias(business_id=shop.id, qr_code=alias.qr_code)
    monkeypatch.setattr(settle, "_FREE_TRIES", 1)
    post = poster.post
    tries: list[Any] = []

    def late_once(*args: Any) -> int | None:
        tries.append(args)
        return None if len(tries) == 1 else post(*args)

    monkeypatch.setattr(poster, "post", late_once)
    assert ledger.add_stamps(business_id=shop.id, qr_code=alias.qr_code).current_stamps == 1
    assert len(tries) == 2
