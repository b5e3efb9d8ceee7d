"""The devices of a business at the counter: an owner makes a code for one more, and ends one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django_scopes import scopes_disabled
from pytest_django import Settings

from regulars.counter import devices, pins
from regulars.counter.models import Pairing
from regulars.tenants import ratelimit
from tests.counter.given import PIN, bob
from tests.factories import Shop, make_shop
from tests.web.counter_json import PASSWORD, Counter

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


def test_an_owner_makes_a_device_a_counter_and_ends_it(shop: Shop) -> None:
    branch = shop.branch("Koramangala")
    owner, tablet = Counter(shop), Counter()
    assert owner.get("devices") == {"devices": []}
    made = owner.ok("devices/pairing", branch_id=branch.pk)
    assert (made["branch"], made["expires_text"][:7]) == ({"id": branch.pk, "name": "Koramangala"}, "today, ")
    paired = tablet.ok("pair", code=made["code"], name="Tablet")["device"]
    (listed,) = owner.get("devices")["devices"]
    assert (listed["id"], listed["name"], listed["branch"], listed["is_here"]) == (
        paired["id"], "Tablet", made["branch"], False,
    )  # fmt: skip
    with scopes_disabled():
        assert Pairing.objects.get().made_by_id == shop.owner.pk
    pins.set_pin(business_id=shop.id, staff_id=shop.owner.pk, pin=PIN)
    tablet.ok("pin", staff_id=shop.owner.pk, pin=PIN)
    assert [one["is_here"] for one in tablet.get("devices")["devices"]] == [True]
    for _again in range(2):
        assert owner.ok("devices/end", device_id=paired["id"]) == {}
    assert owner.get("devices") == {"devices": []}
    assert tablet.get("session")["state"] == "none"


def test_only_owners_say_which_devices_are_counters(shop: Shop) -> None:
    _, code = devices.create_pairing(business_id=shop.id)
    device, _token = devices.pair(code=code)
    staff, stranger = Counter(), Counter()
    staff.ok("sign-in", email=bob(shop).user.email, password=PASSWORD)
    for counter, status, why in ((staff, 403, "not_allowed"), (stranger, 401, "not_signed_in")):
        counter.refused("devices/pairing", status, why)
        counter.refused("devices/end", status, why, device_id=device.pk)
        response = counter.send("devices", method="GET")
        assert (response.status_code, counter.answer(response)["error"]["code"]) == (status, why)
    assert [one.revoked_at for one in devices.devices(shop.id)] == [None]
    with scopes_disabled():
        assert Pairing.objects.count() == 1


def test_devices_and_branches_of_another_business_are_not_there(shop: Shop) -> None:
    other = make_shop("Charlie's", owner_email="charlie@shop.example")
    _, code = devices.create_pairing(business_id=other.id)
    device, _token = devices.pair(code=code)
    owner = Counter(shop)
    assert owner.get("devices") == {"devices": []}
    for device_id in (device.pk, 0, None):
        owner.refused("devices/end", 404, "not_found", "device_id", device_id=device_id)
    owner.refused("devices/end", 400, "invalid_input", "device_id", device_id="7")
    owner.refused("devices/pairing", 404, "not_found", "branch_id", branch_id=other.branch("Far").pk)
    assert [one.revoked_at for one in devices.devices(other.id)] == [None]
