"""Which counter a browser is: paired once, over another one, with somebody of another business at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars.counter import devices, pins
from regulars.counter.models import Device, OperatorSession
from regulars.tenants import ratelimit
from regulars.web.counter import cookies
from tests.counter.given import PIN
from tests.factories import Shop, make_shop
from tests.web.counter_json import PASSWORD, Counter, new_id

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.REGULARS_DATA_DIR = tmp_path
    ratelimit._store.cache_clear()
    yield
    ratelimit._store.cache_clear()


@pytest.fixture
def shop() -> Shop:
    return make_shop(owner_email="alice@shop.example")


@pytest.fixture
def other() -> Shop:
    return make_shop("Charlie's", owner_email="charlie@shop.example")


def pair(counter: Counter, shop: Shop, **more: Any) -> Any:
    return counter.ok("pair", code=devices.create_pairing(business_id=shop.id)[1], **more)


def live(shop: Shop) -> list[int]:
    """The devices that are a business's counters now."""
    return [one.pk for one in devices.devices(shop.id) if one.revoked_at is None]


def sessions() -> int:
    with scopes_disabled():
        return OperatorSession.objects.count()


def by_pin(counter: Counter, shop: Shop) -> Any:
    pins.set_pin(business_id=shop.id, staff_id=shop.owner.pk, pin=PIN)
    return counter.ok("pin", staff_id=shop.owner.pk, pin=PIN)


def test_at_the_device_of_another_business_an_operator_sees_nothing_of_it(shop: Shop, other: Shop) -> None:
    counter = Counter()
    pins.set_pin(business_id=other.id, staff_id=other.owner.pk, pin=PIN)
    paired = pair(counter, other)["device"]
    found = counter.ok("sign-in", email="alice@shop.example", password=PASSWORD)
    assert (found["business"]["id"], found["device"], found["operators"]) == (shop.id, None, [])
    left = counter.ok("sign-out", device=True)
    assert (left["state"], left["device"], live(other)) == ("device", paired, [paired["id"]])
    assert [one["id"] for one in left["operators"]] == [other.owner.pk]


def test_an_owner_of_the_same_business_works_at_the_device(shop: Shop) -> None:
    counter = Counter()
    paired = pair(counter, shop)["device"]
    found = counter.ok("sign-in", email="alice@shop.example", password=PASSWORD)
    assert found["device"] == paired
    assert counter.ok("sign-out", device=True)["state"] == "none"
    assert (live(shop), counter.client.cookies[cookies.DEVICE].value) == ([], "")


def test_pairing_again_ends_what_the_browser_was_before(shop: Shop, other: Shop) -> None:
    counter = Counter()
    first = pair(counter, shop)["device"]["id"]
    by_pin(counter, shop)
    second = pair(counter, shop)["device"]["id"]
    assert (live(shop), sessions()) == ([second], 0)
    assert first != second
    by_pin(counter, shop)
    pair(counter, other)  # whose owner has no say over the first one's devices
    assert (live(shop), len(live(other)), sessions()) == ([second], 1, 0)
    mine = Counter(shop)
    pair(mine, other)
    assert sessions() == 0


def test_a_pairing_whose_answer_was_lost_is_answered_again(shop: Shop) -> None:
    code, client_id = devices.create_pairing(business_id=shop.id)[1], new_id()
    lost, counter = Counter(), Counter()
    first = lost.ok("pair", code=code, name="Till", client_id=client_id)["device"]
    assert counter.ok("pair", code=code, name="Till", client_id=client_id)["device"] == first
    assert by_pin(counter, shop)["device"] == first
    assert live(shop) == [first["id"]]
    # Nobody else: not without the name that the first browser made, nor with another code.
    for named in ({}, {"client_id": new_id()}):
        counter.refused("pair", 404, "not_found", "code", code=code, **named)
    counter.refused("pair", 404, "not_found", "code", code="AAAA-AAAA", client_id=client_id)
    counter.refused("pair", 400, "invalid_input", "client_id", code=code, client_id="7")
    devices.revoke_device(business_id=shop.id, device_id=first["id"])
    Counter().refused("pair", 404, "not_found", "code", code=code, client_id=client_id)


def test_a_pairing_is_not_answered_again_later_than_its_code_lasts(shop: Shop) -> None:
    code, client_id = devices.create_pairing(business_id=shop.id)[1], new_id()
    counter = Counter()
    made = counter.ok("pair", code=code, client_id=client_id)["device"]
    with scopes_disabled():
        row = Device.objects.get(pk=made["id"])
        row.paired_at -= devices.CODE_LASTS
        row.save()
    Counter().refused("pair", 404, "not_found", "code", code=code, client_id=client_id)


def test_a_device_stays_one_as_long_as_somebody_signs_in_at_it(shop: Shop) -> None:
    counter = Counter()
    pair(counter, shop)
    kept = counter.client.cookies[cookies.DEVICE].value
    response = counter.send("session", method="GET")
    assert cookies.DEVICE not in response.cookies
    pins.set_pin(business_id=shop.id, staff_id=shop.owner.pk, pin=PIN)
    for path, body in (
        ("pin", {"staff_id": shop.owner.pk, "pin": PIN}),
        ("sign-in", {"email": "alice@shop.example", "password": PASSWORD}),
    ):
        cookie = counter.send(path, body).cookies[cookies.DEVICE]
        assert (cookie.value, cookie["max-age"]) == (kept, 400 * 24 * 3600)
    assert cookies.DEVICE not in Counter().send("sign-in", body).cookies
