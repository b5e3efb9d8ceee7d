"""PINs: which ones there may be, and how few of them anybody can try."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django_scopes import scopes_disabled

from regulars.counter import pins
from regulars.counter.models import OperatorSession
from regulars.counter.refusals import PinClosed, WrongPin
from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants.models import Staff
from tests.counter.given import PIN, by_pin, tablet
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def give(shop: Shop, pin: str = PIN) -> Staff:
    return pins.set_pin(business_id=shop.id, staff_id=shop.owner.pk, pin=pin)


def prove(shop: Shop, pin: str = PIN) -> None:
    pins.prove(business_id=shop.id, staff_id=shop.owner.pk, pin=pin)


@pytest.mark.parametrize(
    "pin",
    ["739", "739182645", "73a1", "7777", "1234", "8901", "4321", "0987", "1212", "123123", "2580", "७३९१"],
)
def test_a_pin_that_everybody_tries_is_none(shop: Shop, pin: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        give(shop, pin)
    assert set(refused.value.fields) == {"pin"}


def test_a_pin_is_kept_hashed_and_can_be_taken_away(shop: Shop) -> None:
    assert PIN not in give(shop).pin
    prove(shop)
    assert give(shop, "").pin == ""
    with pytest.raises(WrongPin):
        prove(shop, "")


def test_five_wrong_ones_close_it_for_a_minute_and_each_further_one_for_longer(shop: Shop) -> None:
    give(shop)
    with time_machine.travel(NOON, tick=False) as clock:
        left = []
        for _ in range(5):
            with pytest.raises(WrongPin) as wrong:
                prove(shop, "8264")
            left.append(wrong.value.details["tries_left"])
        assert left == [4, 3, 2, 1, 0]
        waits = []
        for _ in range(9):
            with pytest.raises(PinClosed) as closed:
                prove(shop)  # the right one, too
            waits.append((closed.value.retry_after or 0) // 60)
            clock.shift(closed.value.retry_after or 0)
            with pytest.raises(WrongPin):
                prove(shop, "8264")
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        clock.shift(3600)
        prove(shop)
        with pytest.raises(WrongPin) as wrong:
            prove(shop, "8264")
        assert wrong.value.details["tries_left"] == 4


def test_a_new_pin_opens_what_was_closed_and_signs_out(shop: Shop) -> None:
    _, token = tablet(shop)
    by_pin(shop, token)
    for _ in range(5):
        with pytest.raises(WrongPin):
            prove(shop, "8264")
    give(shop, "6408")
    prove(shop, "6408")
    with scopes_disabled():
        assert not OperatorSession.objects.exists()


def test_who_is_nobody_is_refused_like_a_wrong_pin(shop: Shop) -> None:
    stranger = make_shop()
    give(stranger)
    for staff_id in (stranger.owner.pk, 8_888_888, shop.owner.pk):
        with pytest.raises(WrongPin) as wrong:
            pins.prove(business_id=shop.id, staff_id=staff_id, pin=PIN)
        assert "tries_left" not in wrong.value.details
    with pytest.raises(NotFound):
        pins.set_pin(business_id=shop.id, staff_id=stranger.owner.pk, pin=PIN)
