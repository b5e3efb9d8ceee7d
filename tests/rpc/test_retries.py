"""`global[idempotency_key]`: a write takes effect once, whatever the retry's time, key, format and way."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django_scopes import scope, scopes_disabled

from regulars import seal
from regulars.api.rpc import methods
from regulars.api.rpc.answers import Answer
from regulars.api.rpc.method import Caller, Method
from regulars.api.rpc.tree import Call
from regulars.rules.errors import Conflict, HasHistory
from regulars.tenants import actions as tenants
from regulars.tenants import idempotency
from regulars.tenants.models import Branch, IdempotencyRecord
from regulars.tenants.queries import business_by_id
from tests.api.support import Rest, dump, ok, refused
from tests.factories import Shop
from tests.rpc.support import Answered, Rpc, answered, gmt

pytestmark = pytest.mark.django_db


def open_branch(caller: Caller, call: Call) -> Answer:
    """A write that can be counted."""
    branch = tenants.create_branch(business=business_by_id(caller.business_id), name=call.fields["name"])
    return Answer("API call succeeded", [[("code", branch.code), ("name", branch.name), ("city", None)]])


@pytest.fixture(autouse=True)
def _open(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, write in (("open", True), ("look", False)):
        monkeypatch.setitem(methods.METHODS, name, Method(name, write=write, run=open_branch))


def branches(shop: Shop) -> int:
    with scope(business=shop.business):
        return Branch.objects.count()


def replayed(found: Answered) -> bool:
    return found.response.headers.get("Idempotency-Replayed") == "true"


def test_a_retry_gets_the_first_answer_and_has_no_effect(rpc: Rpc, shop: Shop) -> None:
    first = rpc("open", {"name": "Zoë & <Söhne>"}, idempotency_key="k")
    assert not replayed(first)
    after = dump()
    _, second_key = tenants.create_api_key(business=shop.business, name="Second till")
    fields = {"name": "Zoë & <Söhne>"}
    options: dict[str, Any] = {"idempotency_key": "k", "api_format": "json"}
    again = [
        rpc("open", fields, **options),
        rpc("open", fields, api_time=gmt(minutes=5), **options),
        Rpc(second_key)("open", fields, **options),
        answered(rpc.query(rpc.pairs("open", fields, **options))),
        answered(rpc.json(rpc.tree("open", fields, **options))),
    ]
    for found in again:
        assert replayed(found)
        assert found.text == first.text
    assert branches(shop) == 1
    assert dump()["tenants_branch"] == after["tenants_branch"]


def test_a_replay_comes_in_the_format_that_the_retry_asks_for(rpc: Rpc) -> None:
    first = rpc("open", {"name": "Zoë & <Söhne>"}, idempotency_key="k")
    for form in ("xml", "xml_rooted"):
        found = rpc("open", {"name": "Zoë & <Söhne>"}, idempotency_key="k", api_format=form)
        assert replayed(found)
        assert found.text.startswith("<?xml")
        assert found.status == first.status
        assert found.row == {**first.row, "city": ""}


def test_the_same_key_with_another_call_is_refused(rpc: Rpc, shop: Shop) -> None:
    rpc("open", {"name": "One"}, idempotency_key="k").done.row["code"]
    rpc("open", {"name": "Two"}, idempotency_key="k").refused("008", "idempotency_key")
    rpc("open", {"name": "One", "code": ""}, idempotency_key="k").refused("008", "idempotency_key")
    rpc("open", {"name": "One"}, idempotency_key="k", limit=5).refused("008", "idempotency_key")
    rpc("add_branch", {"name": "One"}, idempotency_key="k").refused("008", "idempotency_key")
    assert branches(shop) == 1
    assert not replayed(rpc("open", {"name": "One"}, idempotency_key="K"))
    assert branches(shop) == 2


def test_the_dialects_share_their_keys(rpc: Rpc, shop: Shop) -> None:
    rest = Rest(shop)
    ok(rest.patch("/api/business", {"city": "Pune"}, headers={"Idempotency-Key": "rest"}))
    rpc("open", {"name": "One"}, idempotency_key="rest").refused("008", "idempotency_key")
    rpc("open", {"name": "One"}, idempotency_key="rpc").done.row["code"]
    response = rest.patch("/api/business", {"city": "Pune"}, headers={"Idempotency-Key": "rpc"})
    refused(response, 422, "idempotency_key_reused", "Idempotency-Key")
    assert branches(shop) == 1


def test_another_business_has_keys_of_its_own(rpc: Rpc, stranger: Shop, shop: Shop) -> None:
    rpc("open", {"name": "One"}, idempotency_key="k").done.row["code"]
    found = Rpc(stranger.api_key)("open", {"name": "One"}, idempotency_key="k")
    assert not replayed(found)
    assert (branches(shop), branches(stranger)) == (1, 1)


@pytest.mark.parametrize("key", ["", "x" * 256, "ü", "a\nb", "\t"])
def test_a_key_that_is_none_is_refused(key: str, rpc: Rpc, shop: Shop) -> None:
    rpc("open", {"name": "One"}, idempotency_key=key).refused("006", "idempotency_key")
    assert branches(shop) == 0


def test_reading_ignores_the_key(rpc: Rpc) -> None:
    for _ in range(2):
        assert not replayed(rpc("look", {"name": "One"}, idempotency_key="k"))
    with scopes_disabled():
        assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize("error", [HasHistory("It has a history."), RuntimeError("a fault")])
def test_what_failed_may_be_sent_again_with_the_same_key(
    error: Exception, rpc: Rpc, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(caller: Caller, call: Call) -> Answer:
        open_branch(caller, call)
        raise error

    before = dump()
    with monkeypatch.context() as broken:
        broken.setitem(methods.METHODS, "open", Method("open", write=True, run=fail))
        code = "009" if isinstance(error, Conflict) else "000"
        assert rpc("open", {"name": "One"}, idempotency_key="k").code == code
    assert dump() == before
    assert not replayed(rpc("open", {"name": "One"}, idempotency_key="k"))
    assert branches(shop) == 1


@pytest.mark.django_db(transaction=True)
def test_a_row_that_vanished_meanwhile_is_looked_for_again(
    rpc: Rpc, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def vanishing(caller: Caller, call: Call) -> Answer:
        tries.append(call.fields["name"])
        if len(tries) == 1:
            raise IntegrityError("FOREIGN KEY constraint failed")
        return open_branch(caller, call)

    monkeypatch.setitem(methods.METHODS, "open", Method("open", write=True, run=vanishing))
    for key in ({}, {"idempotency_key": "k"}):
        tries.clear()
        assert rpc("open", {"name": "One"}, **key).row["name"] == "One"
        assert tries == ["One", "One"]
    assert branches(shop) == 2


@pytest.mark.django_db(transaction=True)
def test_while_the_first_call_runs_its_retry_waits(shop: Shop, database: str) -> None:
    """PostgreSQL says 009 at once; SQLite, with one writer at a time, lets the retry wait and replays."""
    rpc = Rpc(shop.api_key)
    rpc("verify_api").done.text.index("succeeded")
    entered, leave, found = threading.Event(), threading.Event(), []
    keep = idempotency.keep

    def slow_keep(**stored: Any) -> None:
        entered.set()
        assert leave.wait(20)
        keep(**stored)

    def first() -> None:
        try:
            found.append(Rpc(shop.api_key)("open", {"name": "One"}, idempotency_key="k"))
        finally:
            connection.close()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(idempotency, "keep", slow_keep)
        thread = threading.Thread(target=first)
        thread.start()
        assert entered.wait(20)
        running = rpc("open", {"name": "One"}, idempotency_key="k") if database == "postgresql" else None
        threading.Timer(0.1, leave.set).start()
        if running is not None:
            thread.join(30)
        again = rpc("open", {"name": "One"}, idempotency_key="k")
        thread.join(30)
    if running is not None:
        running.refused("009", "idempotency_key", "still running")
        assert running.response.headers["Retry-After"] == "1"
    assert replayed(again)
    assert again.text == found[0].text
    assert branches(shop) == 1


def test_what_sealing_takes_is_loaded_before_the_transaction(
    rpc: Rpc, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, claim = [], idempotency.claim

    def spied(**key: Any) -> Any:
        loaded.append(seal._fernet.cache_info().currsize)
        return claim(**key)

    monkeypatch.setattr(idempotency, "claim", spied)
    seal._fernet.cache_clear()
    rpc("open", {"name": "A"})
    seal._fernet.cache_clear()
    rpc("open", {"name": "B"}, idempotency_key="k")
    assert loaded == [1]
