"""`/scan/api/`: what the counter's page asks for and does (docs/counter.md)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.utils import timezone

from regulars import db
from regulars.counter import devices, doing, fields, kinds, operators, scanning, signing, undoing
from regulars.counter.doing import Done, Wish
from regulars.counter.operators import Operator
from regulars.counter.showing import show
from regulars.rules.errors import InvalidInput, NotFound, Refusal, TooManyRequests
from regulars.sales.worth import worth
from regulars.tenants import tries
from regulars.web.counter import cookies, here, refusals, shapes, texts
from regulars.web.counter.calls import (
    GUESSING_LIMIT,
    Call,
    answer,
    client_id,
    endpoint,
    identifier,
)

log = structlog.get_logger(__name__)

MOST_ITEMS: Final = 50
_OF_A_WISH: Final = frozenset(
    {
        "kind", "client_id", "member_id", "code", "enrol_id", "scan_id", "reason", "offline", "occurred_at",
        "sent_at", "branch_id", "done_by", "as_now", "from",
    }
)  # fmt: skip


@endpoint("GET")
def session(call: Call) -> dict[str, Any]:
    """Who is signed in, where, and what the counter offers."""
    return _session(call, call.operator)


def _session(call: Call, operator: Operator | None) -> dict[str, Any]:
    device = call.device
    if operator is not None:
        device = operator.device
        # At another business's device they are as on one of their own.
        if device is None and call.device is not None and call.device.business_id == operator.business_id:
            device = call.device
    business = operator.business if operator is not None else device.business if device is not None else None
    return {
        "state": "operator" if operator is not None else "device" if device is not None else "none",
        "business": None if business is None else here.business(business),
        "operator": None
        if operator is None
        else {"id": operator.staff.pk, "name": operator.staff.name, "role": operator.staff.role},
        "device": None
        if device is None
        else {"id": device.pk, "name": device.name, "branch": shapes.branch(device.branch)},
        "operators": [
            {"id": staff.pk, "name": staff.name}
            for staff in (operators.operators_at(device) if device is not None else [])
        ],
        **here.where(operator),
        "settings": None if operator is None else here.settings(operator),
        "closed": refusals.closed() if call.closed and operator is None else "",
        "server_time": shapes.iso(timezone.now()),
    }


@endpoint("POST", limit=tries.NETWORK, what=tries.NETWORK_NAME)
def sign_in(call: Call) -> HttpResponse:
    """Sign in with the password of the back office."""
    email = call.text("email").strip().lower()
    allowance = tries.of_person(email, source=call.request.META.get("REMOTE_ADDR", ""))
    if not allowance.allowed:
        raise TooManyRequests("There were too many attempts.", retry_after=allowance.retry_after)
    made = signing.sign_in_with_password(
        email=email,
        password=call.text("password", most=1000),
        business_id=call.number("business_id"),
        branch_id=call.number("branch_id"),
        new_password=call.text("new_password", most=2000),
        temp_password=call.text("temp_password"),
        code=call.text("code"),
        device_token=cookies.read(call.request, cookies.DEVICE),
    )
    return _signed_in(call, made)


@endpoint("POST", limit=GUESSING_LIMIT * 3, what="counter PIN")
def pin(call: Call) -> HttpResponse:
    """Sign in with a PIN at a paired device."""
    made = signing.sign_in_with_pin(
        device_token=cookies.read(call.request, cookies.DEVICE),
        staff_id=call.number("staff_id") or 0,
        pin=call.text("pin", most=50),
    )
    return _signed_in(call, made)


def _signed_in(call: Call, made: signing.SignedIn) -> HttpResponse:
    operator = operators.operator_of(
        token=made.token, device_token=cookies.read(call.request, cookies.DEVICE)
    )
    if call.operator is not None:  # whoever was at work here before
        operators.sign_out(call.operator)
    response = answer(_session(call, operator))
    cookies.keep(response, call.request, cookies.SESSION, made.token)
    if call.device is not None:  # before the browser forgets it
        cookies.keep(response, call.request, cookies.DEVICE, cookies.read(call.request, cookies.DEVICE))
    return response


@endpoint("POST", limit=GUESSING_LIMIT, what="counter pairing")
def pair(call: Call) -> HttpResponse:
    """Make this device a counter, with the code that an owner was shown; it is no other any more."""
    _, token = devices.pair(
        code=call.text("code"),
        name=call.text("name"),
        client_id=_uuid_or_none(call.body.get("client_id"), "client_id"),
        before=cookies.read(call.request, cookies.DEVICE),
    )
    if call.operator is not None:
        operators.sign_out(call.operator)
    device = devices.device_of(token)
    response = answer(_session(Call(call.request, call.body, None, device), None))
    cookies.keep(response, call.request, cookies.DEVICE, token)
    cookies.drop(response, cookies.SESSION)
    return response


@endpoint("POST")
def sign_out(call: Call) -> HttpResponse:
    """End the session; for an owner with `device`, also the pairing of the device."""
    device_too = call.body.get("device") is True
    if call.operator is not None:
        operators.sign_out(call.operator, device_too=device_too)
    gone = device_too and call.operator is not None and call.operator.device is not None
    left = Call(call.request, call.body, None, None if gone else call.device)
    response = answer(_session(left, None))
    cookies.drop(response, cookies.SESSION)
    if gone:
        cookies.drop(response, cookies.DEVICE)
    return response


@endpoint("POST")
def branch(call: Call) -> dict[str, Any]:
    """Say where we work: a branch, none, or the nearest to a position."""
    more: dict[str, Any] = {}
    if "latitude" in call.body or "longitude" in call.body:
        place = [_degrees(call.body.get(name), name) for name in ("latitude", "longitude")]
        distance = operators.choose_nearest(call.at_work, latitude=place[0], longitude=place[1])
        more["distance_m"] = round(distance * 1000)
    else:
        operators.choose_branch(call.at_work, branch_id=call.number("branch_id"))
    token, device_token = (cookies.read(call.request, name) for name in (cookies.SESSION, cookies.DEVICE))
    return _session(call, operators.operator_of(token=token, device_token=device_token)) | more


def _degrees(value: object, name: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InvalidInput.at(name, "must be a number")
    return float(value)


@endpoint("POST")
def scan(call: Call) -> dict[str, Any]:
    """See what was scanned or typed."""
    found = scanning.scan(
        operator=call.at_work,
        client_id=call.client_id(),
        text=call.text("text", most=2000),
        member_id=call.number("member_id"),
        gives=_gives(call.body),
    )
    return _scanned(call, found)


def _scanned(call: Call, found: scanning.Scanned) -> dict[str, Any]:
    digest = here.settings(call.at_work, found.live)["digest"]
    return shapes.scanned(found, call.at_work) | {"settings": digest}


def _gives(body: Mapping[str, Any]) -> bool:
    """Whether somebody at the counter scanned or typed it, rather than that its address was opened."""
    return fields.text(body.get("from"), "from", most=20) != "address"


@endpoint("POST")
def confirm(call: Call) -> dict[str, Any]:
    """The operator knows that a card is the member's that it says to be."""
    found = scanning.confirm(
        operator=call.at_work,
        client_id=call.client_id(),
        qr_code=call.text("qr_code", most=50),
        gives=_gives(call.body),
    )
    return _scanned(call, found)


def _wish(body: Mapping[str, Any], *, kind: str = "", sent_at: object = None) -> Wish:
    """A request to do something, read exactly; what is not known here is a field of its kind."""
    said = kind or body.get("kind")
    if not isinstance(said, str):
        raise InvalidInput.at("kind", "must be text")
    reason, code = (fields.text(body.get(name), name, most=500) for name in ("reason", "code"))
    for name in ("offline", "as_now"):
        if not isinstance(body.get(name, False), bool):
            raise InvalidInput.at(name, "must be true or false")
    more = {name: value for name, value in body.items() if name not in _OF_A_WISH}
    if said == "enrol":  # the words are the page's own, not the device's to say
        more["marketing_text"] = texts.marketing()
    return Wish(
        kind=said,
        client_id=client_id(body.get("client_id"), "client_id"),
        fields=more,
        member_id=identifier(body.get("member_id"), "member_id"),
        code=code,
        enrol_id=_uuid_or_none(body.get("enrol_id"), "enrol_id"),
        scan_id=_uuid_or_none(body.get("scan_id"), "scan_id"),
        reason=reason,
        offline=body.get("offline", False),
        occurred_at=fields.moment(body.get("occurred_at"), "occurred_at"),
        sent_at=fields.moment(body.get("sent_at") or sent_at, "sent_at"),
        branch_id=identifier(body.get("branch_id"), "branch_id"),
        done_by=_done_by(body.get("done_by")),
        as_now=body.get("as_now", False),
        gives=_gives(body),
    )


def _done_by(value: object) -> int | None:
    """Whose id it is. What is none is left out: nobody is to lose a stamp for that."""
    with suppress(InvalidInput):
        return identifier(value, "done_by")
    return None


def _uuid_or_none(value: object, name: str) -> uuid.UUID | None:
    return None if value is None else client_id(value, name)


def _done(done: Done, operator: Operator) -> dict[str, Any]:
    row = done.action
    return {
        "action": None if row is None else shapes.action(row, operator),
        "result": {} if row is None else shapes.result(row, operator),
        "repeated": done.repeated,
    }


def _with_member(found: dict[str, Any], done: Done, operator: Operator) -> dict[str, Any]:
    shown = None
    if done.member_id is not None:
        with suppress(NotFound):  # erased at this moment: what was done is done
            found_now = show(operator=operator, member_id=done.member_id, scan=done.scan)
            shown = shapes.member(found_now, operator)
    return found | {"member": shown}


@endpoint("POST")
def act(call: Call) -> dict[str, Any]:
    """Do one thing."""
    done = doing.act(operator=call.at_work, wish=_wish(call.body))
    return _with_member(_done(done, call.at_work), done, call.at_work)


@endpoint("POST")
def enrol(call: Call) -> dict[str, Any]:
    """Make somebody a member."""
    done = doing.act(operator=call.at_work, wish=_wish(call.body, kind="enrol"))
    return _with_member(_done(done, call.at_work), done, call.at_work)


@endpoint("POST")
def sync(call: Call) -> dict[str, Any]:
    """Do what waited for the network, in its order; one item that fails stops no other."""
    operator, items = call.at_work, call.body.get("items")
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        raise InvalidInput.at("items", f"must be a list of at most {MOST_ITEMS} actions")
    return {"results": [_one(item, operator, call.body.get("sent_at")) for item in items]}


def _one(item: object, operator: Operator, sent_at: object) -> dict[str, Any]:
    if not isinstance(item, dict):
        item = {}
    told: dict[str, Any] = {"client_id": item.get("client_id"), "status": 200, "data": None, "error": None}
    if not isinstance(told["client_id"], str):  # what is none may be too deep to be told
        told["client_id"] = None
    try:
        told["data"] = _done(doing.act(operator=operator, wish=_wish(item, sent_at=sent_at)), operator)
    except Refusal as refusal:
        told |= {"status": refusals.status_of(refusal), "error": refusals.told(refusal)}
    except (OperationalError, InterfaceError) as problem:
        db.run("SELECT 1")  # without the database all of them wait
        log.warning("the database refused an action that waited", error=str(problem).strip())
        told |= {"status": 503, "error": refusals.unavailable()}
    except Exception:  # the others are somebody's stamps
        log.exception("an action that waited could not be done", kind=item.get("kind"))
        told |= {"status": 500, "error": refusals.internal_error()}
    return told


@endpoint("POST")
def undo(call: Call) -> dict[str, Any]:
    """Take something back."""
    operator = call.at_work
    action_id = call.number("action_id")
    if action_id is None:
        action_id = undoing.action_of(operator=operator, client_id=call.client_id())
    row = undoing.undo(operator=operator, action_id=action_id)
    done = Done(row, row.member_id, row.scan)
    return _with_member({"action": shapes.action(row, operator)}, done, operator)


@endpoint("GET")
def recent(call: Call) -> dict[str, Any]:
    """What was done last."""
    operator = call.at_work
    return {"actions": [shapes.action(row, operator) for row in undoing.recent(operator=operator)]}


@endpoint("POST")
def preview(call: Call) -> dict[str, Any]:
    """What a sale would earn. Nothing is written."""
    operator = call.at_work
    member_id = call.number("member_id") or 0
    amount = kinds.amount_of(call.body.get("amount"))
    earned = worth(
        business_id=operator.business_id,
        member_id=member_id,
        total_value=amount,
        branch_id=operator.branch_id,
    )
    return {"amount": f"{amount:.2f}", "points": earned.points, "text": texts.points(earned.points)}
