"""Events are written in the transaction that they tell about, with a payload that never changes again."""

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scopes_disabled
from hypothesis import given
from hypothesis import strategies as st

from regulars.ledger import actions, points
from regulars.ledger.models import Card
from regulars.members.actions import delete_member
from regulars.outbox.actions import forget_member
from regulars.outbox.emit import NewEvent, emit, new_uid
from regulars.outbox.models import Event
from regulars.rules.errors import Refusal
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def events(shop: Shop) -> list[Event]:
    with scopes_disabled():
        return list(Event.objects.filter(business=shop.business).order_by("id"))


def told(shop: Shop) -> list[tuple[str, dict[str, Any]]]:
    return [(event.type, event.payload) for event in events(shop)]


def of_type(shop: Shop, kind: str) -> dict[str, Any]:
    """The payload of the one event of a kind."""
    (payload,) = [payload for name, payload in told(shop) if name == kind]
    return payload


def test_enrolling_tells_who_came(shop: Shop) -> None:
    card = shop.enrol("Priya Sharma", phone="+919876543210", email="priya@mail.example")
    assert told(shop) == [
        (
            "member.enrolled",
            {
                "customer_id": card.pk,
                "code": "M000001",
                "qr_code": card.qr_code,
                "name": "Priya Sharma",
                "email": "priya@mail.example",
                "phone": "+919876543210",
            },
        )
    ]


def test_a_stamp_tells_what_the_card_became(shop: Shop) -> None:
    card, branch = shop.enrol(), shop.branch()
    result = shop.stamp(card, 3, branch_id=branch.pk)
    assert of_type(shop, "stamp.added") == {
        "customer_id": card.pk,
        "stamps_added": 3,
        "current_stamps": 3,
        "goal": 8,
        "rewards_earned": 0,
        "pending_rewards": 0,
        "branch_id": branch.pk,
        "transaction_id": result.entry_id,
    }
    assert "reward.earned" not in dict(told(shop))


def test_a_full_card_tells_of_the_stamp_first_and_then_of_the_reward() -> None:
    shop = make_shop(stamps_required=2)
    result = shop.stamp(shop.enrol(), 5)
    assert [kind for kind, _ in told(shop)] == ["member.enrolled", "stamp.added", "reward.earned"]
    assert of_type(shop, "reward.earned") == {
        "customer_id": result.customer_id,
        "reward": "Free coffee",
        "count": 2,
        "pending_rewards": 2,
        "transaction_id": result.entry_id,
    }


def test_a_redemption_tells_which_reward_and_what_is_left(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 16)
    result = actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
    assert of_type(shop, "reward.redeemed") == {
        "customer_id": card.pk,
        "reward": "Free coffee",
        "pending_rewards": 1,
        "total_redeemed": 1,
        "branch_id": None,
        "transaction_id": result.entry_id,
    }


def test_points_tell_the_change_and_the_balance(shop: Shop) -> None:
    card = shop.enrol()
    who = {"business_id": shop.id, "member_id": card.pk}
    yesterday = dt.date(2020, 1, 1)
    earned = points.add_points(**who, points_to_add=10)
    points.add_points(**who, points_to_add=5, expires_on=yesterday)
    spent = points.spend_points(**who, points_to_spend=4)
    points.expire_points(business_id=shop.id)
    found = [(kind, payload["points"], payload["balance"]) for kind, payload in told(shop)[1:]]
    assert found == [
        ("points.earned", 10, 10),
        ("points.earned", 5, 15),
        ("points.spent", -4, 11),
        ("points.expired", -5, 6),
    ]
    ids = [payload["transaction_id"] for _, payload in told(shop)[1:]]
    assert (ids[0], ids[2]) == (earned.entry_id, spent.entry_id)
    assert ids == sorted(set(ids))


def test_the_birthday_bonus_tells_like_any_stamp() -> None:
    shop = make_shop(birthday_bonus_stamps=2)
    card = shop.enrol(birthday=dt.date(2000, 1, 1))
    given_to = actions.add_birthday_bonus(business_id=shop.id, member_id=card.pk, year=2020)
    assert given_to is not None
    assert of_type(shop, "stamp.added")["transaction_id"] == given_to.entry_id


def test_what_is_taken_back_was_never_told(shop: Shop) -> None:
    card = shop.enrol()
    before = told(shop)
    with transaction.atomic():
        shop.stamp(card, 8)
        actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)
        points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=5)
        shop.enrol("Somebody Else")
        delete_member(business_id=shop.id, member_id=card.pk)
        assert len(told(shop)) == 2  # of the other one who enrolled, and of the deletion
        transaction.set_rollback(True)
    assert told(shop) == before


def test_a_refusal_tells_nothing(shop: Shop) -> None:
    card = shop.enrol(phone="+919876543210")
    before = told(shop)
    for act in (
        lambda: shop.enrol(phone="+919876543210"),
        lambda: shop.stamp(card, 1, branch_id=10**9),
        lambda: actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code),
        lambda: points.spend_points(business_id=shop.id, member_id=card.pk, points_to_spend=1),
    ):
        with pytest.raises(Refusal):
            act()
    assert told(shop) == before


def test_an_event_belongs_to_its_business_and_member_and_has_its_own_name(shop: Shop) -> None:
    cards: list[Card] = [shop.enrol(), make_shop("Charlie's").enrol()]
    with scopes_disabled():
        found = list(Event.objects.order_by("id"))
    assert [(event.business_id, event.member_id) for event in found] == [
        (card.business_id, card.pk) for card in cards
    ]
    assert len({event.uid for event in found}) == 2


def test_forgetting_a_member_leaves_the_events_of_others(shop: Shop) -> None:
    gone, stays, other = shop.enrol(), shop.enrol("Stays"), make_shop("Charlie's")
    emit(business_id=other.id, events=[NewEvent("x", gone.pk, {})])  # the same number in another business
    forget_member(business_id=shop.id, member_id=gone.pk)
    assert [event.member_id for event in events(shop)] == [stays.pk]
    assert len(events(other)) == 1


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.just("k"), inner)),
    max_leaves=6,
)


def test_a_payload_arrives_as_it_was_given() -> None:
    shop = make_shop()

    @given(st.dictionaries(st.text(st.characters(codec="ascii", min_codepoint=32), max_size=8), json_values))
    def same(data: dict[str, Any]) -> None:
        emit(business_id=shop.id, events=[NewEvent("test", 7, data)])
        assert events(shop)[-1].payload == data
        emit(business_id=shop.id, events=[NewEvent("test", 7, data)], entry_id=5)
        assert events(shop)[-1].payload == {**data, "transaction_id": 5}
        with scopes_disabled():
            Event.objects.all().delete()

    same()


def test_names_of_events_sort_by_time_and_never_repeat() -> None:
    names = [new_uid() for _ in range(2_000)]
    assert len(set(names)) == len(names)
    assert [name[:16] for name in names] == sorted(name[:16] for name in names)
    assert {len(name) for name in names} == {36}
