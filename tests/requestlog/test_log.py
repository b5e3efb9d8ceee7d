"""Calls are noted as they were answered and written in batches; of each business the latest thousand stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import DatabaseError
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from regulars.requestlog import buffer, queries, tasks
from regulars.requestlog.buffer import Noted
from regulars.requestlog.models import Call
from regulars.tenants import api_keys, identity, ratelimit
from regulars.tenants.models import ApiKey
from tests.api.support import Rest, ok
from tests.factories import Shop, make_shop
from tests.rpc.support import Rpc

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    buffer._buffer.take()
    buffer._buffer.written.clear()
    identity.forget()
    ratelimit._store.cache_clear()
    yield
    buffer._buffer.take()


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def noted(shop: Shop, number: int = 0, **more: object) -> Noted:
    with scopes_disabled():
        key = ApiKey.objects.filter(business=shop.business).values_list("pk", flat=True)[0]
    at = NOW + dt.timedelta(seconds=number)
    made = Noted(shop.id, key, at, "rest", "GET", f"/api/{number}", 200, "", 2, "192.0.2.1")
    return made._replace(**more)  # type: ignore[arg-type]


def test_what_is_refused_of_one_business_is_lost_to_no_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, others = buffer._write, make_shop("Charlie's")

    def refuse(calls: list[Noted]) -> None:
        if calls[0].business_id == shop.id:
            raise DatabaseError("there is no such business any more")
        write(calls)

    monkeypatch.setattr(buffer, "_write", refuse)
    buffer.note(noted(shop))
    buffer.note(noted(shop, 1))
    buffer.note(noted(others))
    assert buffer.flush() == 1
    assert [call.target for call in kept(others)] == ["/api/0"]
    assert kept(shop) == []


def test_a_name_that_no_database_holds_is_lost_alone(shop: Shop) -> None:
    others = make_shop("Charlie's")
    buffer.note(noted(shop, target="\ud800"))
    buffer.note(noted(others))
    assert buffer.flush() == 1
    assert len(kept(others)) == 1


def kept(shop: Shop) -> list[Call]:
    buffer.flush()
    with scope(business=shop.id):
        return list(queries.latest())


def test_a_call_of_each_dialect_is_kept_as_it_was_answered(shop: Shop) -> None:
    rest, rpc = Rest(shop), Rpc(shop.api_key)
    ok(rest.get("/api/customers", q="Priya"))
    rest.get("/api/customers/999")
    rest.post("/api/customers", {"name": ""})
    rpc("get_members", {"email": "priya@example.com"})
    rpc("edit_member", {"code": "M1"})
    rpc("no_such_method")
    rows = kept(shop)
    assert [(row.dialect, row.method, row.target, row.status, row.code) for row in reversed(rows)] == [
        ("rest", "GET", "/api/customers", 200, ""),
        ("rest", "GET", "/api/customers/999", 404, "not_found"),
        ("rest", "POST", "/api/customers", 400, "invalid_input"),
        ("rpc", "POST", "get_members", 200, ""),
        ("rpc", "POST", "edit_member", 200, "007"),
        ("rpc", "POST", "no_such_method", 200, "004"),
    ]
    assert {row.key.name for row in rows} == {"First key"}
    assert {row.address for row in rows} == {"127.0.0.1"}
    assert all(0 <= row.milliseconds < 60_000 for row in rows)
    assert all(abs(timezone.now() - row.at) < dt.timedelta(minutes=1) for row in rows)


def test_no_question_is_kept(shop: Shop) -> None:
    Rest(shop).get("/api/customers", q="Priya Sharma", phone="+919876543210")
    Rpc(shop.api_key)("get_members", {"cell": "+919876543210"})
    for row in kept(shop):
        assert not any(text in repr(vars(row)) for text in ("Priya", "98765"))


def test_calls_without_a_valid_key_are_nobodys(shop: Shop) -> None:
    Rest().get("/api/stats")
    Rest(Authorization="Bearer rk_unknown").get("/api/stats")
    Rpc("rk_unknown")("verify_api")
    Rest(shop).get("/api/openapi.json")
    assert kept(shop) == []
    with scopes_disabled():
        assert Call.objects.count() == 0


def test_what_is_not_there_is_kept_too(shop: Shop) -> None:
    """Whoever builds a till looks here first when an address is mistyped."""
    for rest in (Rest(shop), Rest(Authorization=f"Bearer {shop.api_key}")):
        rest.get("/api/nothing")
        rest.delete("/api/stats")
    assert [(call.method, call.target, call.status, call.code) for call in kept(shop)] == [
        ("DELETE", "/api/stats", 405, "method_not_allowed"),
        ("GET", "/api/nothing", 404, "not_found"),
    ] * 2


def test_what_is_not_there_is_nobodys_without_a_valid_key(shop: Shop) -> None:
    Rest().get("/api/nothing")
    Rest(Authorization="Bearer rk_unknown").get("/api/nothing")
    with scopes_disabled():
        buffer.flush()
        assert Call.objects.count() == 0


def test_what_is_refused_for_its_number_or_its_scope_is_kept(shop: Shop) -> None:
    row, key = api_keys.create_api_key(business=shop.business, name="Till", may=["read"])
    Rest(Authorization=f"Bearer {key}").post("/api/branches", {"name": "Second"})
    (call,) = kept(shop)
    assert (call.key_id, call.status, call.code) == (row.pk, 403, "scope_required")
    assert queries.outcome_of(call) == "refused"


def test_a_thousand_are_kept_and_no_more_of_each_business(shop: Shop) -> None:
    other = make_shop("Charlie's Tea House", owner_name="Charlie")
    theirs = noted(other, 5)
    buffer.note(theirs)
    first = noted(shop)
    for number in range(buffer.KEEP + 30):
        buffer.note(first._replace(at=NOW + dt.timedelta(seconds=number), target=f"/api/{number}"))
    rows = kept(shop)
    assert [row.target for row in rows] == [f"/api/{number}" for number in range(1029, 29, -1)]
    for number in range(2000, 2000 + 150):
        buffer.note(first._replace(at=NOW + dt.timedelta(seconds=number), target=f"/api/{number}"))
    rows = kept(shop)
    assert len(rows) == buffer.KEEP
    assert (rows[0].target, rows[-1].target) == ("/api/2149", "/api/180")
    with scopes_disabled():
        assert Call.objects.filter(business=shop.business).count() == buffer.KEEP
        assert Call.objects.get(business=other.business).target == "/api/5"


def test_batches_that_come_late_stand_where_they_belong(shop: Shop) -> None:
    buffer.note(noted(shop, 7))
    buffer.flush()
    buffer.note(noted(shop, 3))
    assert [row.target for row in kept(shop)] == ["/api/7", "/api/3"]


def test_calls_are_found_by_outcome_key_and_dialect(shop: Shop) -> None:
    second, _ = api_keys.create_api_key(business=shop.business, name="Till")
    for call in (
        noted(shop, 1),
        noted(shop, 2, status=404, code="not_found"),
        noted(shop, 3, dialect="rpc", code="007", key_id=second.pk),
        noted(shop, 4, status=503, code="unavailable"),
        noted(shop, 5, dialect="rpc", status=500, code="000"),
        noted(shop, 6, status=302),
    ):
        buffer.note(call)
    buffer.flush()

    def found(**by: object) -> list[str]:
        return [row.target[5:] for row in queries.calls(**by)]  # type: ignore[arg-type]

    with scope(business=shop.id):
        assert found(outcome="ok") == ["6", "1"]
        assert found(outcome="refused") == ["3", "2"]
        assert found(outcome="failed") == ["5", "4"]
        assert found(key_id=second.pk) == ["3"]
        assert found(dialect="rpc", outcome="refused") == ["3"]
        outcomes = [queries.outcome_of(row) for row in queries.latest()]
        assert outcomes == ["ok", "failed", "failed", "refused", "refused", "ok"]


def test_old_calls_are_forgotten(shop: Shop) -> None:
    now = timezone.now()
    for days in (31, 29, 0):
        buffer.note(noted(shop, at=now - dt.timedelta(days=days), target=str(days)))
    buffer.flush()
    assert tasks.forget_old.call() == 1
    assert [row.target for row in kept(shop)] == ["0", "29"]


def test_a_call_takes_no_statement_and_waits_for_nobody(
    shop: Shop, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    call = noted(shop)
    with django_assert_num_queries(0):  # type: ignore[operator]
        buffer.note(call)
    assert len(kept(shop)) == 1


def test_anything_may_stand_in_a_name(shop: Shop) -> None:
    Rpc(shop.api_key)("\ud800".encode("utf-8", "replace").decode() + "é" * 300)
    (row,) = kept(shop)
    assert len(row.target) == 200
    assert row.code == "004"
