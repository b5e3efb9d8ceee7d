"""`/scan/api/devices`: which devices are counters, for an owner (docs/counter.md)."""

from __future__ import annotations

from typing import Any

from regulars.counter import own_devices
from regulars.web.counter import shapes, texts
from regulars.web.counter.calls import Call, endpoint


@endpoint("GET")
def listed(call: Call) -> dict[str, Any]:
    """The devices that are counters now."""
    operator = call.at_work
    today = shapes.today_of(operator.business)
    here = operator.device or call.device
    found = own_devices.in_use(operator=operator)
    return {
        "devices": [
            {
                "id": row.pk,
                "name": row.name,
                "branch": shapes.branch(row.branch),
                "last_seen_at": shapes.iso(row.last_seen_at),
                "last_seen_text": texts.moment(row.last_seen_at, operator.business, today),
                "is_here": here is not None and here.pk == row.pk,
            }
            for row in found
        ]
    }


@endpoint("POST")
def pairing(call: Call) -> dict[str, Any]:
    """A code for one more device. It is told once, and no list has it."""
    operator = call.at_work
    row, code = own_devices.code_for_another(operator=operator, branch_id=call.number("branch_id"))
    today = shapes.today_of(operator.business)
    return {
        "code": code,
        "branch": shapes.branch(row.branch),
        "expires_at": shapes.iso(row.expires_at),
        "expires_text": texts.moment(row.expires_at, operator.business, today),
    }


@endpoint("POST")
def end(call: Call) -> dict[str, Any]:
    """End a device: whoever is signed in at it is signed out. Again is no error."""
    own_devices.end(operator=call.at_work, device_id=call.number("device_id") or 0)
    return {}
