"""Whatever is sent to the counter, and whatever fails: an answer in JSON, and one item stops no other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from regulars import db
from regulars.counter import doing, undoing
from regulars.ledger.models import Card
from regulars.tenants import ratelimit, tries
from regulars.web.counter import api, calls
from tests.counter.given import actions, card_of, tablet
from tests.factories import Shop, make_shop
from tests.web.counter_json import PASSWORD, Counter, new_id

pytestmark = pytest.mark.django_db

NUL_IN_ADDRESS = "https://x.example/?scan&code=%00"
# Each field meets lists, objects and NUL, and a third of the rest.
ALWAYS: tuple[Any, ...] = ([], {}, "a\x00b", NUL_IN_ADDRESS)
SOME: tuple[Any, ...] = ([[]], {"a": []}, True, -1, 0, 1.5, 10**30, "", "\x1f", "x" * 3000, "2026-06-01")
DEEP: Any = None
for _ in range(300):
    DEEP = [DEEP]
OF_A_WISH = tuple(sorted(api._OF_A_WISH))
# What each call reads of its body.
READS: dict[str, tuple[str, ...]] = {
    "scan": ("client_id", "text", "member_id", "from"),
    "confirm": ("client_id", "qr_code", "from"),
    "branch": ("branch_id", "latitude", "longitude"),
    "undo": ("action_id", "client_id"),
    "preview": ("member_id", "amount"),
    "sign-in": ("email", "password", "business_id", "branch_id", "new_password", "temp_password", "code"),
    "pair": ("code", "name", "client_id"),
    "pin": ("staff_id", "pin"),
    "sign-out": ("device",),
    "act": OF_A_WISH,
}


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
def card(shop: Shop) -> Card:
    return shop.enrol("Priya Sharma", phone="+919876500001")


def odd_of(number: int) -> tuple[Any, ...]:
    """Odd values for the field with this number."""
    return (*ALWAYS, *SOME[number % 3 :: 3])


class Read(dict[str, Any]):
    """A body that notes what is read of it."""

    seen: set[str]

    def get(self, key: str, default: Any = None) -> Any:
        self.seen.add(key)
        return super().get(key, default)


@pytest.mark.parametrize("path", READS)
def test_no_value_of_any_kind_is_a_fault(
    shop: Shop, card: Card, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter, seen, read = Counter(shop), set[str](), calls._read
    Read.seen = seen
    monkeypatch.setattr(calls, "_read", lambda request: Read(read(request)))
    monkeypatch.setattr(calls, "_throttle", lambda *_: None)
    monkeypatch.setattr(tries, "ANYWHERE", 1000)
    usual = {"act": {"member_id": card.pk, "kind": "stamps"}, "scan": {"text": "-"}}.get(path, {})
    usual |= {"client_id": new_id()}
    bodies = [usual | {name: odd} for number, name in enumerate(READS[path]) for odd in odd_of(number)]
    for body in (*bodies, dict.fromkeys(READS[path], DEEP), {"unknown": DEEP, "more": "\x00"}):
        response = counter.send(path, body)
        found = counter.answer(response)
        assert response.status_code < 500, (body, found)
    assert seen - {"offline", "as_now"} <= set(READS[path])
    assert set(READS[path]) <= seen


@pytest.mark.parametrize("kind", [*doing.KINDS, doing.SCAN])
def test_no_field_of_what_waited_is_a_fault(shop: Shop, card: Card, kind: str) -> None:
    fields = sorted(doing.KINDS[kind].fields) if kind in doing.KINDS else ["code"]
    usual = {"kind": kind} if kind == "enrol" else {"kind": kind, "member_id": card.pk}
    items = [usual | {name: odd} for number, name in enumerate(fields) for odd in (*odd_of(number), DEEP)]
    for first in range(0, len(items), api.MOST_ITEMS):
        some = [item | {"client_id": new_id()} for item in items[first : first + api.MOST_ITEMS]]
        for item, one in zip(some, Counter(shop).ok("sync", items=some)["results"], strict=True):
            assert one["status"] < 500, (item, one)


def test_what_stands_encoded_in_an_address_is_looked_at_too(shop: Shop, card: Card) -> None:
    counter = Counter(shop)
    then = {"offline": True, "occurred_at": (timezone.now() - dt.timedelta(hours=1)).isoformat()}
    items = [
        {"kind": "scan", "client_id": new_id(), "code": NUL_IN_ADDRESS} | then,
        {"kind": "stamps", "client_id": DEEP, "code": NUL_IN_ADDRESS} | then,
        {"kind": "stamps", "client_id": new_id(), "member_id": card.pk} | then,
    ]
    results = counter.ok("sync", items=items)["results"]
    assert [one["status"] for one in results] == [400, 400, 200]
    assert set(results[0]["error"]["fields"]) == {"code"}
    counter.refused("scan", 400, "invalid_input", "text", text=NUL_IN_ADDRESS, client_id=new_id())


def test_one_item_that_fails_stops_no_other(
    shop: Shop, card: Card, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    counter, act, fails = Counter(shop), doing.act, new_id()

    def failing(**given: Any) -> Any:
        if str(given["wish"].client_id) == fails:
            raise RuntimeError("a fault of ours")
        return act(**given)

    monkeypatch.setattr(doing, "act", failing)
    items = [{"kind": "stamps", "client_id": one, "member_id": card.pk} for one in (fails, new_id())]
    first, second = counter.ok("sync", items=items)["results"]
    assert (first["client_id"], first["status"], first["data"]) == (fails, 500, None)
    assert (first["error"]["code"], first["error"]["fields"]) == ("internal_error", {})
    assert (second["status"], card_of(card).stamps) == (200, 1)


@pytest.mark.parametrize("away", [True, False])
def test_without_the_database_all_waits_and_of_a_busy_one_the_item_alone(
    shop: Shop, card: Card, *, away: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter, ask = Counter(shop), db.run

    def failing(**_: Any) -> None:
        raise OperationalError("canceled")

    def gone(sql: str, *more: Any) -> Any:
        if sql == "SELECT 1":
            raise OperationalError("connection lost")
        return ask(sql, *more)

    monkeypatch.setattr(doing, "act", failing)
    if away:
        monkeypatch.setattr(db, "run", gone)
    item = {"kind": "stamps", "client_id": new_id(), "member_id": card.pk}
    response = counter.send("sync", {"items": [item, item]})
    found = counter.answer(response)
    if away:
        assert (response.status_code, found["error"]["code"]) == (503, "unavailable")
    else:
        assert [one["status"] for one in found["data"]["results"]] == [503, 503]
        assert found["data"]["results"][0]["error"]["code"] == "unavailable"


def test_what_is_unexpected_is_told_in_json(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter(shop)

    def failing(**_: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(undoing, "recent", failing)
    response = counter.send("recent", method="GET")
    error = counter.answer(response)["error"]
    assert (response.status_code, error["code"]) == (500, "internal_error")
    assert error["message"] == "Something went wrong on our side. Try again in a moment."
    assert connection.is_usable()
    counter.refused("nothing-here", 404, "not_found")


def test_text_that_nothing_can_hold_is_refused_by_its_name(shop: Shop) -> None:
    counter = Counter(shop)
    for name in ("email", "password", "new_password", "temp_password", "code"):
        body = {"email": "alice@shop.example", "password": PASSWORD} | {name: "a\x00b"}
        counter.refused("sign-in", 400, "invalid_input", name, **body)
    for name in ("code", "name"):
        counter.refused("pair", 400, "invalid_input", name, **({"code": "AAAA-AAAA"} | {name: "a\x00b"}))
    counter.refused("pin", 400, "invalid_input", "pin", staff_id=shop.owner.pk, pin="73\x0091")
    counter.refused("confirm", 400, "invalid_input", "qr_code", qr_code="a\x00b", client_id=new_id())
    assert tablet(shop)
    assert actions(shop) == []
