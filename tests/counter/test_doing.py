"""Doing things at the counter: once for each client id, with reasons, within the limits."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone
from django_scopes import scope

from regulars.counter import doing
from regulars.counter.doing import Wish
from regulars.counter.models import Action
from regulars.counter.refusals import (
    ClientIdReused,
    LimitReached,
)
from regulars.ledger.models import Card
from regulars.members.actions import delete_member, edit_member
from regulars.rules.errors import (
    InvalidInput,
    NotFound,
    Suspended,
)
from tests.counter.given import actions, at_work, card_of, do, new_id, rules, scan, scans
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 1, 6, 30, tzinfo=dt.UTC)  # in Kolkata


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001")


def test_one_client_id_does_one_thing(shop: Shop, card: Card) -> None:
    operator, client_id = at_work(shop), new_id()
    first = do(operator, "stamps", card, count=2, client_id=client_id)
    again = do(operator, "stamps", card, count=2, client_id=client_id)
    assert (again.action, again.repeated, card_of(card).stamps) == (first.action, True, 2)
    # By the other way, too: it was queued because its answer was lost.
    late = do(
        operator, "stamps", card, count=2, client_id=client_id, offline=True, occurred_at=timezone.now()
    )
    assert late.repeated
    for other in ({"count": 3}, {"count": 2, "reason": "x"}):
        with pytest.raises(ClientIdReused):
            do(operator, "stamps", card, client_id=client_id, **other)
    with pytest.raises(ClientIdReused):
        do(operator, "reward", card, client_id=client_id)
    stranger = make_shop()
    do(at_work(stranger), "stamps", stranger.enrol(), count=2, client_id=client_id)
    assert card_of(card).stamps == 2


def test_a_refusal_keeps_nothing(shop: Shop, card: Card) -> None:
    operator, client_id = at_work(shop), new_id()
    edit_member(business_id=shop.id, pk=card.pk, suspended=True)
    with pytest.raises(Suspended):
        do(operator, "stamps", card, client_id=client_id)
    assert (scans(shop), actions(shop)) == ([], [])
    edit_member(business_id=shop.id, pk=card.pk, suspended=False)
    assert not do(operator, "stamps", card, client_id=client_id).repeated


def test_a_reason_is_one_of_the_list_and_needed_where_the_settings_say_so(shop: Shop, card: Card) -> None:
    rules(shop, reasons=["Forgot the card", "Friend"], reason_required=True)
    operator = at_work(shop)
    for reason in ("", "Because"):
        with pytest.raises(InvalidInput) as refused:
            do(operator, "stamps", card, reason=reason)
        assert set(refused.value.fields) == {"reason"}
    do(operator, "stamps", card, reason="Friend")
    shop.stamp(card, 8)
    do(operator, "reward", card)
    assert [action.reason for action in actions(shop)] == ["Friend", ""]


def test_a_member_is_served_so_often_a_day(shop: Shop, card: Card) -> None:
    rules(shop, scans_per_day=1)
    operator = at_work(shop)
    with time_machine.travel(NOON, tick=False) as clock:
        operator = at_work(shop)
        scan_id = new_id()
        scan(operator, card.qr_code, scan_id)
        for _ in range(2):  # within one scan as much as they like
            do(operator, "stamps", card, scan_id=scan_id)
        clock.shift(60)
        found = scan(operator, card.qr_code)
        assert found.shown is not None
        assert not found.shown.room.may_earn
        with pytest.raises(LimitReached) as refused:
            do(operator, "stamps", card, scan_id=found.scan.client_id if found.scan else None)
        midnight = dt.datetime(2026, 6, 1, 18, 30, tzinfo=dt.UTC)
        assert refused.value.details["again_at"] == midnight
        with scope(business=shop.business):
            shop.stamp(card, 6)
        do(operator, "reward", card)
        clock.move_to(midnight)
        do(at_work(shop), "stamps", card)


def test_so_many_minutes_lie_between(shop: Shop, card: Card) -> None:
    rules(shop, minutes_between=90, quickscan_function="auto:7")
    with time_machine.travel(NOON, tick=False) as clock:
        operator = at_work(shop)
        assert scan(operator, card.qr_code).given is not None
        clock.shift(89 * 60)
        found = scan(operator, card.qr_code)
        assert found.shown is not None
        assert (found.given, found.shown.room.may_earn) == (None, False)
        assert found.shown.room.again_at == NOON + dt.timedelta(minutes=90)
        clock.shift(60)
        assert scan(operator, card.qr_code).given is not None
    assert card_of(card).points == 14


def test_a_scan_lasts_half_an_hour(shop: Shop, card: Card) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        operator, scan_id = at_work(shop), new_id()
        do(operator, "stamps", card, scan_id=scan_id)
        clock.shift(29 * 60)
        do(operator, "stamps", card, scan_id=scan_id)
        clock.shift(120)
        do(operator, "stamps", card, scan_id=scan_id)
    assert [row.client_id == scan_id for row in scans(shop)] == [True, False]


@pytest.mark.parametrize("kind", ["", "stamp", "undo", "__class__"])
def test_there_is_no_such_kind(shop: Shop, card: Card, kind: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        do(at_work(shop), kind, card)
    assert set(refused.value.fields) == {"kind"}


def test_every_kind_is_known_to_the_database() -> None:
    assert set(doing.KINDS) == set(Action.Kind.values)
    assert all(kind.offline for kind in doing.KINDS.values() if kind.earns)


def test_who_is_erased_leaves_nothing_at_the_counter(shop: Shop, card: Card) -> None:
    operator = at_work(shop)
    rules(shop, quickscan_function="auto:7")
    do(at_work(shop), "stamps", card)
    do(operator, "stamps", shop.enrol("Rahul"))
    delete_member(business_id=shop.id, member_id=card.pk)
    assert (len(scans(shop)), len(actions(shop))) == (1, 1)
    with pytest.raises(NotFound):
        do(operator, "stamps", card)


def test_a_wish_is_the_same_in_every_language() -> None:
    client_id = new_id()
    both = [
        Wish("enrol", client_id, {"name": "N", "marketing_text": text}).hash() for text in ("Yes?", "Ja?")
    ]
    assert both[0] == both[1]
