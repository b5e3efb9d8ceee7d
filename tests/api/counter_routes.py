"""The operations about the counter, with requests that they accept and requests for others' records."""

from __future__ import annotations

from regulars.counter import devices
from tests.api.things import Call, Things
from tests.factories import Shop

_DEVICE = "devices device_id"
_REVOKE = "DELETE /api/counter/devices/{device_id}"
_PIN = "POST /api/team/{staff_id}/pin"
_PAIR = "POST /api/counter/pairings"

NOBODY = {_DEVICE: 8_888_040}


def furnish(shop: Shop, word: str) -> dict[str, int]:
    """A tablet."""
    _, code = devices.create_pairing(business_id=shop.id)
    return {_DEVICE: devices.pair(code=code, name=f"Tablet of {word}")[0].pk}


def own(mine: Things) -> dict[str, Call]:
    """What each operation accepts."""
    return {
        "GET /api/counter/settings": Call(),
        "PATCH /api/counter/settings": Call(body={"quickscan_function": "3,5", "scans_per_day": 2}),
        "GET /api/counter/devices": Call(),
        _PAIR: Call(201, body={"branch_id": mine.branch_id}),
        _REVOKE: Call(path={"device_id": mine.ids[_DEVICE]}),
        _PIN: Call(path={"staff_id": mine.staff_id}, body={"pin": "7391"}),
    }


def foreign(mine: Things, theirs: Things) -> dict[str, list[Call]]:
    """Each way to name another shop's branch, device or member of staff."""
    return {
        _PAIR: [Call(404, body={"branch_id": theirs.branch_id})],
        _REVOKE: [Call(404, path={"device_id": theirs.ids[_DEVICE]})],
        _PIN: [Call(404, path={"staff_id": theirs.staff_id}, body={"pin": "7391"})],
    }
