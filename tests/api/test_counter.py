"""`/api/counter` and PINs: what the counter offers, which devices are one."""

from __future__ import annotations

from typing import Any

import pytest

from regulars.counter import devices, signing
from regulars.counter.refusals import NotSignedIn
from tests.api.support import Rest, invalid, ok, refused
from tests.factories import Shop

USUAL: dict[str, Any] = {
    "quickscan_function": "",
    "scans_per_day": None,
    "minutes_between": None,
    "stamps_at_once": 10,
    "reasons": [],
    "reason_required": False,
    "code_changers": "owner",
    "chooses_vouchers": True,
    "enrols": True,
    "undo_minutes": 15,
}


@pytest.fixture
def rest(shop: Shop) -> Rest:
    return Rest(shop)


def test_settings_are_read_and_changed(rest: Rest, stranger: Shop) -> None:
    assert ok(rest.get("/api/counter/settings")) == USUAL
    changed = {"quickscan_function": "auto: 7", "scans_per_day": 2, "reasons": ["Friend"], "enrols": False}
    expected = USUAL | changed | {"quickscan_function": "auto:7"}
    assert ok(rest.patch("/api/counter/settings", changed)) == expected
    assert ok(rest.patch("/api/counter/settings", {"scans_per_day": None})) == expected | {
        "scans_per_day": None
    }
    assert ok(Rest(stranger).get("/api/counter/settings")) == USUAL
    for body in ({"quickscan_function": "Eggs"}, {"enrols": None}, {"reasons": [""]}, {"stamps_at_once": 11}):
        invalid(rest.patch("/api/counter/settings", body), *body)


def test_a_device_is_paired_listed_and_revoked(rest: Rest, shop: Shop) -> None:
    branch = shop.branch()
    made = ok(rest.post("/api/counter/pairings", {"branch_id": branch.pk}), 201)
    assert (made["branch_id"], len(made["code"])) == (branch.pk, 9)
    device, token = devices.pair(code=made["code"], name="Till")
    [listed] = ok(rest.get("/api/counter/devices"))
    assert (listed["id"], listed["name"], listed["revoked_at"]) == (device.pk, "Till", None)
    assert ok(rest.delete(f"/api/counter/devices/{device.pk}"))["revoked_at"]
    with pytest.raises(NotSignedIn):
        devices.device_of(token)


def test_a_retry_with_its_key_gets_the_same_code(rest: Rest) -> None:
    first, second = (
        ok(rest.post("/api/counter/pairings", {}, headers={"Idempotency-Key": "once"}), 201) for _ in range(2)
    )
    assert first == second


def test_a_pin_is_set_and_taken_away(rest: Rest, shop: Shop) -> None:
    path = f"/api/team/{shop.owner.pk}/pin"
    assert ok(rest.post(path, {"pin": "7391"})) == {"id": shop.owner.pk, "has_pin": True}
    _, token = devices.pair(code=ok(rest.post("/api/counter/pairings", {}), 201)["code"])
    signing.sign_in_with_pin(device_token=token, staff_id=shop.owner.pk, pin="7391")
    invalid(rest.post(path, {"pin": "1234"}), "pin")
    invalid(rest.post(path, {}), "pin")
    assert ok(rest.post(path, {"pin": None}))["has_pin"] is False
    for pin in ("7391", "1234"):
        refused(rest.post("/api/team/8888888/pin", {"pin": pin}), 404, "not_found")
