"""A card's code, and looking a card up by it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from regulars.ledger import actions, points
from regulars.ledger.models import Card
from regulars.ledger.queries import CardNow, card_state
from regulars.members import aliases
from regulars.members.actions import edit_member
from regulars.members.models import Member
from regulars.outbox.models import Event
from regulars.rules.errors import Conflict, InvalidInput, NotFound
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

CODE = "5be0d6c1a97f3e24"


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def members() -> int:
    with scopes_disabled():
        return Member.objects.count()


def test_somebody_joins_with_a_card_that_was_printed_before(shop: Shop) -> None:
    card = shop.enrol(qr_code=CODE)
    assert card.qr_code == CODE
    assert shop.stamp(card).customer_id == card.pk


def test_a_code_that_is_on_a_card_of_whatever_shop_is_refused(shop: Shop) -> None:
    make_shop("Charlie's").enrol(qr_code=CODE)
    before = members()
    with pytest.raises(Conflict) as refused:
        shop.enrol(qr_code=CODE)
    assert refused.value.fields == {"qr_code": "is on a card already"}
    assert members() == before
    assert shop.enrol().qr_code != CODE


@pytest.mark.parametrize(
    "code", ["5be0d6c1a97f3e2", CODE.upper(), CODE + "0", "5be0d6c1a97f3e2g", "\u0665" * 16]
)
def test_what_is_no_code_is_refused(shop: Shop, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        shop.enrol(qr_code=code)
    assert set(refused.value.fields) == {"qr_code"}
    assert members() == 0


def test_a_replaced_card_has_all_that_was_on_it_and_the_old_code_is_nobody_s(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 9)
    new = actions.replace_card(business_id=shop.id, member_id=card.pk)
    assert new.qr_code != card.qr_code
    assert (new.stamps, new.pending_rewards, new.version) == (1, 1, 1)
    assert card_state(qr_code=card.qr_code) is None
    with pytest.raises(NotFound):
        shop.stamp(card)
    assert shop.stamp(new).current_stamps == 2
    with scopes_disabled():
        event = Event.objects.get(type="card.replaced")
    assert (event.member_id, event.payload) == (card.pk, {"customer_id": card.pk, "qr_code": new.qr_code})


def test_a_card_is_replaced_by_one_that_was_printed_before(shop: Shop) -> None:
    card, other = shop.enrol(), shop.enrol()
    assert actions.replace_card(business_id=shop.id, member_id=card.pk, qr_code=CODE).qr_code == CODE
    with pytest.raises(Conflict):
        actions.replace_card(business_id=shop.id, member_id=other.pk, qr_code=CODE)
    state = card_state(qr_code=other.qr_code)
    assert state is not None
    assert state.member_id == other.pk


def test_a_replaced_card_is_opened_by_no_code_that_opened_it(shop: Shop) -> None:
    card, other = shop.enrol(), shop.enrol("Rahul", phone="9123456780")
    ids = {"business_id": shop.id, "member_id": card.pk}
    printed, waiting = (aliases.create_alias(**ids, name="Priya") for _ in range(2))
    theirs = aliases.create_alias(business_id=shop.id, member_id=other.pk, name="Rahul")
    for one in (printed, theirs):
        aliases.confirm_alias(business_id=shop.id, qr_code=one.qr_code)
    actions.replace_card(**ids)
    assert aliases.resolve(business_id=None, qr_code=printed.qr_code) is None
    with pytest.raises(NotFound):
        actions.add_stamps(business_id=shop.id, qr_code=printed.qr_code)
    with pytest.raises(NotFound):
        aliases.confirm_alias(business_id=shop.id, qr_code=printed.qr_code)
    assert aliases.resolve(business_id=None, qr_code=waiting.qr_code) is not None  # still an empty card
    assert aliases.confirmed_member(business_id=shop.id, qr_code=theirs.qr_code) == other.pk


def test_a_code_that_opens_somebody_s_card_is_taken(shop: Shop) -> None:
    card, other = shop.enrol(), shop.enrol("Rahul", phone="9123456780")
    alias = aliases.create_alias(business_id=shop.id, member_id=other.pk, name="Rahul")
    for _ in range(2):  # confirmed or not
        with pytest.raises(Conflict) as refused:
            actions.replace_card(business_id=shop.id, member_id=card.pk, qr_code=alias.qr_code)
        assert refused.value.fields == {"qr_code": "is on a card already"}
        aliases.confirm_alias(business_id=shop.id, qr_code=alias.qr_code)


def test_another_shop_s_card_is_not_replaced(shop: Shop) -> None:
    card = make_shop("Charlie's").enrol()
    with pytest.raises(NotFound):
        actions.replace_card(business_id=shop.id, member_id=card.pk)
    assert card_state(qr_code=card.qr_code) is not None


def test_the_state_of_a_card_by_its_code_alone_costs_one_statement(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 9)
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=7)
    edit_member(business_id=shop.id, pk=card.pk, suspended=True)
    make_shop("Charlie's").enrol()
    with CaptureQueriesContext(connection) as asked:
        state = card_state(qr_code=card.qr_code)
    assert len(asked) == 1
    assert state == CardNow(
        business_id=shop.id,
        member_id=card.pk,
        version=2,
        stamps=1,
        pending_rewards=1,
        points=7,
        suspended=True,
    )
    assert card_state(qr_code="0" * 16) is None


def test_everything_that_is_posted_gives_the_card_another_version(shop: Shop) -> None:
    card = shop.enrol()
    who = {"business_id": shop.id, "member_id": card.pk}
    versions = [version(card)]

    def after(_: object) -> None:
        versions.append(version(card))

    given = shop.stamp(card, 9)
    after(given)
    redeemed = actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
    after(redeemed)
    after(points.add_points(**who, points_to_add=9))
    after(points.spend_points(**who, points_to_spend=4))
    after(actions.undo(business_id=shop.id, entry_id=redeemed.entry_id))
    after(actions.undo(business_id=shop.id, entry_id=given.entry_id))
    assert versions == list(range(7))


def version(card: Card) -> int:
    state = card_state(qr_code=card.qr_code)
    assert state is not None
    return state.version
