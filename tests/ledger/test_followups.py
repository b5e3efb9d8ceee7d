"""What other rooms do when a card is opened or earns points: in the same transaction, or not at all."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from regulars.ledger import adjustments, followups, points
from regulars.ledger.corrections import change_points
from regulars.ledger.followups import Handlers
from regulars.ledger.models import Card, Entry
from regulars.members.models import Member
from regulars.rules.errors import NotFound, Suspended
from tests.factories import Shop, make_shop
from tests.ledger.books import balance, set_policy

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


class Room:
    """A room above that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.fails = False

    def __call__(self, **facts: Any) -> None:
        self.told.append(facts)
        if self.fails:
            raise RuntimeError("this room burns")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Handlers]:
    """As if no room had entered yet."""
    empty: dict[str, Handlers] = {}
    monkeypatch.setattr(followups, "_registry", empty)
    return empty


@pytest.fixture
def earned(registry: dict[str, Handlers]) -> Room:
    room = Room()
    followups.register("test", earned=room)
    return room


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol()


def add(card: Card, number: int, **more: Any) -> points.PointsChanged:
    return points.add_points(business_id=card.business_id, member_id=card.pk, points_to_add=number, **more)


def change(card: Card, before: int, after: int) -> int:
    return change_points(
        business_id=card.business_id, member_id=card.pk, source="doc:1", before=before, after=after
    )


def test_every_enrolment_is_followed(registry: dict[str, Handlers], shop: Shop) -> None:
    room = Room()
    followups.register("test", enrolled=room)
    card = shop.enrol(occurred_at=NOON)
    assert room.told == [{"business_id": shop.id, "member_id": card.pk, "at": NOON}]
    room.fails = True
    with pytest.raises(RuntimeError, match="burns"):
        shop.enrol("Bob")
    with scopes_disabled():
        assert Member.objects.count() == 1


def test_all_rooms_are_told_in_the_order_in_which_they_entered(
    registry: dict[str, Handlers], card: Card
) -> None:
    order: list[str] = []
    followups.register("first", earned=lambda **_: order.append("first"))
    followups.register("second", enrolled=lambda **_: order.append("never"))
    followups.register("third", earned=lambda **_: order.append("third"))
    add(card, 1)
    assert order == ["first", "third"]


def test_points_are_followed_whichever_way_they_were_earned(earned: Room, card: Card) -> None:
    changed = add(card, 5, occurred_at=NOON)
    assert earned.told == [
        {
            "business_id": card.business_id,
            "member_id": card.pk,
            "entry_id": changed.entry_id,
            "points": 5,
            "balance": 5,
            "at": NOON,
        }
    ]
    change(card, 0, 7)
    made = adjustments.add_adjustment(business_id=card.business_id, member_id=card.pk, points=9)
    adjustments.edit_adjustment(business_id=card.business_id, pk=made.pk, points=10)
    assert [(one["points"], one["balance"]) for one in earned.told] == [(5, 5), (7, 12), (9, 21), (1, 22)]
    with scopes_disabled():
        entries = Entry.objects.filter(kind="points_earn").order_by("id").values_list("pk", flat=True)
        assert [one["entry_id"] for one in earned.told] == list(entries)


def test_nothing_else_is_earning(earned: Room, shop: Shop, card: Card) -> None:
    set_policy(shop, "keep")
    change(card, 0, 40)
    earned.told.clear()
    shop.stamp(card, 3)
    change(card, 40, 10)
    change(card, 10, 30)  # of what the member had kept, nothing is earned again
    change_points(business_id=shop.id, member_id=card.pk, source="doc:2", before=0, after=-9)
    change_points(business_id=shop.id, member_id=card.pk, source="doc:2", before=-9, after=0)
    assert earned.told == []


def test_a_room_that_fails_undoes_what_it_follows(earned: Room, card: Card) -> None:
    earned.fails = True
    attempts = (
        lambda: add(card, 5),
        lambda: change(card, 0, 5),
        lambda: adjustments.add_adjustment(business_id=card.business_id, member_id=card.pk, points=5),
    )
    for act in attempts:
        with pytest.raises(RuntimeError, match="burns"), transaction.atomic():
            act()
    assert balance(card) == 0


def test_a_room_may_move_points_itself(registry: dict[str, Handlers], card: Card) -> None:
    def spend(*, business_id: int, member_id: int, points: int, **_: Any) -> None:
        from regulars.ledger import points as ledger  # noqa: PLC0415 - the name is taken here

        if points >= 10:
            ledger.spend_points(business_id=business_id, member_id=member_id, points_to_spend=10)

    followups.register("test", earned=spend)
    add(card, 9)
    assert balance(card) == 9
    add(card, 10)
    assert balance(card) == 9


def test_a_refusal_comes_before_anybody_is_told(earned: Room, shop: Shop, card: Card) -> None:
    with pytest.raises(NotFound):
        add(card, 5, branch_id=10**6)
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(suspended=True)
    with pytest.raises(Suspended):
        add(card, 5)
    assert earned.told == []
    assert add(card, 5, suspended_too=True).balance == 5
    assert len(earned.told) == 1


@pytest.mark.django_db(transaction=True)
def test_without_a_room_no_transaction_is_opened(registry: dict[str, Handlers], card: Card) -> None:
    def statements() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            add(card, 5)
        return [query["sql"].split()[0] for query in queries]

    without = statements()
    followups.register("test", earned=Room())
    followed = statements()
    if connection.vendor == "postgresql":
        assert without == ["SELECT", "WITH"]
        assert followed == ["BEGIN", "SELECT", "WITH", "COMMIT"]
    else:
        assert without[:2] == ["SELECT", "BEGIN"]
        assert followed[:2] == ["BEGIN", "SELECT"]
