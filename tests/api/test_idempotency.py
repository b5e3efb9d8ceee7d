"""`Idempotency-Key` on every write: one effect, one answer. Made from the table of routes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django_scopes import scopes_disabled

from regulars import seal
from regulars.ledger.models import Entry
from regulars.tenants import idempotency
from regulars.tenants.models import IdempotencyRecord
from tests.api.routes import furnish, own, schema, send, writes
from tests.api.support import Rest, answer, dump, ok, refused, text_of
from tests.api.things import Call, Things
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

WRITES = sorted(writes())


@pytest.fixture(scope="module")
def mine(kept: None) -> Things:
    return furnish(make_shop(), "Sunrise")


@pytest.fixture(scope="module")
def theirs(mine: Things) -> Things:
    return furnish(make_shop("Charlie's Tea House", owner_name="Charlie", country="DE"), "Fremdling")


def once(rest: Rest, operation: str, call: Call, key: str = "key 1") -> Any:
    return send(rest, operation, call, **{"Idempotency-Key": key})


def other_call(call: Call) -> Call:
    """The same operation with another body, with another record when it has no body, or else with a query."""
    if call.body is not None:
        field, value = next(iter(call.body.items()))
        other = value + 1 if type(value) is int else not value if isinstance(value, bool) else value[::-1]
        return Call(call.status, call.path, call.query, {**call.body, field: other})
    another = {"welcome": "birthday"}  # kinds of messages have names
    path = {name: another.get(value) or value + 1 for name, value in call.path.items()}
    return Call(call.status, path, call.query if path else {"zzz": "1"})


@pytest.mark.parametrize("operation", WRITES)
def test_a_retry_gets_the_first_answer_and_has_no_second_effect(operation: str, mine: Things) -> None:
    rest, call = Rest(mine.shop), own(mine)[operation]
    first = once(rest, operation, call)
    assert first.status_code == call.status
    assert "Idempotency-Replayed" not in first.headers
    with scopes_disabled():
        kept = IdempotencyRecord.objects.get().answer
    assert seal.unseal(kept) == text_of(first), "anybody reads in the database what was answered"
    after = dump()
    for _ in range(3):
        again = once(rest, operation, call)
        assert again.status_code == first.status_code
        assert text_of(again) == text_of(first)
        assert again.headers["Idempotency-Replayed"] == "true"
        answer(again)
    assert dump() == after


SECRET = re.compile(r"(^|_)(secret|password|pin|key|token)$")


def fields(part: Any, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The names of all fields of an answer that hold text, however deep."""
    if isinstance(part, list):
        for one in part:
            yield from fields(one, seen)
    elif isinstance(part, dict):
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            yield from fields(schema()["components"]["schemas"][name], seen | {name})
        yield from (
            field for field, said in part.get("properties", {}).items() if said.get("type") == "string"
        )
        for one in part.values():
            yield from fields(one, seen)


def test_secrets_are_answered_by_writes_alone() -> None:
    """What is kept of those for a retry is unreadable: the test above asks each."""
    telling = {
        f"{method.upper()} {path}"
        for path, methods in schema()["paths"].items()
        for method, said in methods.items()
        for status, answered in said["responses"].items()
        if int(status) < 300 and any(SECRET.search(name) for name in fields(answered))
    }
    assert telling >= {"POST /api/keys", "POST /api/team", "POST /api/webhooks", "POST /api/sso/secrets"}
    # The address of a customer's card is given out again and again, and kept for no retry.
    assert telling - {"GET /api/scratch-cards/{campaign_id}/cards"} <= set(WRITES)


@pytest.mark.parametrize("operation", WRITES)
def test_the_key_with_another_request_is_refused(operation: str, mine: Things) -> None:
    rest, calls = Rest(mine.shop), own(mine)
    call = calls[operation]
    assert once(rest, operation, call).status_code == call.status
    after = dump()
    refused(once(rest, operation, other_call(call)), 422, "idempotency_key_reused", "Idempotency-Key")
    for other in WRITES:
        if other != operation:
            response = once(rest, other, calls[other])
            refused(response, 422, "idempotency_key_reused", "Idempotency-Key")
    assert dump() == after


@pytest.mark.parametrize("operation", WRITES)
def test_a_refusal_keeps_nothing(operation: str, mine: Things) -> None:
    rest, call = Rest(mine.shop), own(mine)[operation]
    before = dump()
    if call.body or not call.path:  # what takes no body refuses each field of one
        bad = Call(400, call.path, call.query, {"zzz": 1})
    else:
        bad = Call(404, dict.fromkeys(call.path, 0))
    response = once(rest, operation, bad)
    assert response.status_code == bad.status
    assert dump() == before
    good = once(rest, operation, call)
    assert good.status_code == call.status
    assert "Idempotency-Replayed" not in good.headers


@pytest.mark.parametrize("operation", WRITES)
def test_each_business_has_its_own_keys(operation: str, mine: Things, theirs: Things) -> None:
    for things in (mine, theirs):
        response = once(Rest(things.shop), operation, own(things)[operation])
        assert response.status_code == own(things)[operation].status
        assert "Idempotency-Replayed" not in response.headers
    with scopes_disabled():
        assert sorted(IdempotencyRecord.objects.values_list("business_id", flat=True)) == [
            mine.shop.id,
            theirs.shop.id,
        ]


@pytest.mark.parametrize("operation", WRITES)
def test_without_a_key_each_request_stands_alone(operation: str, mine: Things) -> None:
    rest, call = Rest(mine.shop), own(mine)[operation]
    assert send(rest, operation, call).status_code == call.status
    with scopes_disabled():
        assert not IdempotencyRecord.objects.exists()
    assert "Idempotency-Replayed" not in send(rest, operation, call).headers


def test_two_keys_are_two_requests(shop: Shop, rest: Rest) -> None:
    card = shop.enrol()
    for number in range(1, 4):
        response = rest.post(
            "/api/stamps/add", {"qr_code": card.qr_code}, headers={"Idempotency-Key": f"visit {number}"}
        )
        assert ok(response)["current_stamps"] == number


def test_a_refusal_that_was_mended_may_be_tried_again_with_the_same_key(shop: Shop, rest: Rest) -> None:
    card, key = shop.enrol(), {"Idempotency-Key": "redeem 1"}
    body = {"qr_code": card.qr_code}
    refused(rest.post("/api/rewards/redeem", body, headers=key), 409, "no_pending_reward")
    shop.stamp(card, 8)
    assert ok(rest.post("/api/rewards/redeem", body, headers=key))["total_redeemed"] == 1
    assert ok(rest.post("/api/rewards/redeem", body, headers=key))["total_redeemed"] == 1
    with scopes_disabled():
        assert Entry.objects.filter(kind="reward_redeem").count() == 1


def test_the_bytes_of_the_body_count(shop: Shop, rest: Rest) -> None:
    card, key = shop.enrol(), {"Idempotency-Key": "k"}
    ok(rest.post("/api/stamps/add", b'{"qr_code": "%s"}' % card.qr_code.encode(), headers=key))
    other = b'{"qr_code":"%s"}' % card.qr_code.encode()
    refused(
        rest.post("/api/stamps/add", other, headers=key), 422, "idempotency_key_reused", "Idempotency-Key"
    )


def test_the_query_counts(shop: Shop, rest: Rest) -> None:
    body, key = {"city": "Mumbai"}, {"Idempotency-Key": "k"}
    ok(rest.patch("/api/business", body, headers=key))
    response = rest.patch("/api/business", body, headers=key, query="a=1")
    refused(response, 422, "idempotency_key_reused", "Idempotency-Key")


def test_the_method_counts(shop: Shop, rest: Rest) -> None:
    path, key = f"/api/branches/{shop.branch().pk}", {"Idempotency-Key": "k"}
    ok(rest.patch(path, {}, headers=key))
    response = rest.delete(path, body={}, headers=key)
    refused(response, 422, "idempotency_key_reused", "Idempotency-Key")
    assert len(ok(rest.get("/api/branches"))) == 1


def test_another_key_of_the_same_business_is_the_same_client(shop: Shop, rest: Rest) -> None:
    from regulars.tenants.actions import create_api_key  # noqa: PLC0415

    _, second = create_api_key(business=shop.business, name="Second till")
    key = {"Idempotency-Key": "k"}
    first = rest.patch("/api/business", {"city": "Mumbai"}, headers=key)
    again = rest.patch("/api/business", {"city": "Mumbai"}, headers=key | {"X-Api-Key": second})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert text_of(again) == text_of(first)


def test_a_replay_shows_the_answer_of_its_time(shop: Shop, rest: Rest) -> None:
    key = {"Idempotency-Key": "k"}
    first = ok(rest.patch("/api/business", {"city": "Mumbai"}, headers=key))
    ok(rest.patch("/api/business", {"city": "Pune"}))
    assert ok(rest.patch("/api/business", {"city": "Mumbai"}, headers=key)) == first
    assert ok(rest.get("/api/business"))["city"] == "Pune"


def test_reading_ignores_the_key(shop: Shop, rest: Rest) -> None:
    for path in ("/api/stats", "/api/business", "/api/stats"):
        response = rest.send("GET", path, headers={"Idempotency-Key": "k"})
        ok(response)
        assert "Idempotency-Replayed" not in response.headers
    with scopes_disabled():
        assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize("key", ["a", "x" * 255, "!~ #%", "0f8fad5b-d9cb-469f-a165-70867728950e"])
def test_any_printable_key_will_do(key: str, shop: Shop, rest: Rest) -> None:
    for expected in (None, "true"):
        response = rest.patch("/api/business", {"city": "Mumbai"}, headers={"Idempotency-Key": key})
        ok(response)
        assert response.headers.get("Idempotency-Replayed") == expected


def test_keys_are_kept_for_two_days_at_least(shop: Shop, rest: Rest) -> None:
    key, body = {"Idempotency-Key": "k"}, {"city": "Mumbai"}
    ok(rest.patch("/api/business", body, headers=key))
    now = dt.datetime.now(dt.UTC)
    with time_machine.travel(now + dt.timedelta(hours=48)):
        idempotency.forget_old()
        assert rest.patch("/api/business", body, headers=key).headers["Idempotency-Replayed"] == "true"
    with time_machine.travel(now + dt.timedelta(days=30)):
        assert idempotency.forget_old() == 1
        assert "Idempotency-Replayed" not in rest.patch("/api/business", body, headers=key).headers


def test_a_fault_keeps_nothing(mine: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dump()
    rest, call = Rest(mine.shop), own(mine)["POST /api/stamps/add"]
    with monkeypatch.context() as broken:
        broken.setattr("regulars.tenants.idempotency.keep", None)
        refused(once(rest, "POST /api/stamps/add", call), 500, "internal_error")
    assert dump() == before
    assert ok(once(rest, "POST /api/stamps/add", call))["stamps_added"] == 3


def test_what_sealing_takes_is_loaded_before_the_transaction(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = Rest(shop)
    loaded, claim = [], idempotency.claim

    def spied(**key: Any) -> Any:
        loaded.append(seal._fernet.cache_info().currsize)
        return claim(**key)

    monkeypatch.setattr(idempotency, "claim", spied)
    seal._fernet.cache_clear()
    rest.post("/api/branches", {"name": "A"})
    seal._fernet.cache_clear()
    ok(rest.post("/api/branches", {"name": "B"}, headers={"Idempotency-Key": "k"}), 201)
    assert loaded == [1]
