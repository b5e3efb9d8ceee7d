"""Every documented status can be met, in our envelope; strange addresses, queries and hosts do no harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http.response import HttpResponseBase

from regulars.tenants import identity, ratelimit
from regulars.tenants.models import Business
from tests.api.printing_routes import FILES
from tests.api.routes import furnish, operations, own, send, writes
from tests.api.support import Rest, answer, dump, forget, invalid, meta, no_trace, ok, refused
from tests.api.things import Call, Things
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

OPERATIONS = sorted(operations())
# What makes something below something else.
MAKES = {
    "POST /api/scratch-cards/{campaign_id}/issue",
    "POST /api/scratch-cards/{campaign_id}/batches",
    "POST /api/counter/pairings",
    "POST /api/sso/secrets",
}


@pytest.fixture(scope="module")
def mine(kept: None) -> Things:
    return furnish(make_shop(), "Sunrise")


def on_plan(shop: Shop, plan: str) -> Rest:
    Business.objects.filter(pk=shop.id).update(plan=plan)
    (settings.REGULARS_DATA_DIR / "run" / "rate-limits").unlink(missing_ok=True)
    forget()
    return Rest(shop)


@contextmanager
def database_gone(error: type[Exception] = OperationalError) -> Iterator[None]:
    """Every statement fails, as when the server went away."""

    def fail(*_: Any) -> Any:
        raise error("server closed the connection unexpectedly: password=geheim")

    with connection.execute_wrapper(fail):
        yield
    connection.set_rollback(False)  # the test's own transaction goes on


def without_key(things: Things, name: str, call: Call) -> HttpResponseBase:
    return send(Rest(), name, call)


def with_a_wrong_key(things: Things, name: str, call: Call) -> HttpResponseBase:
    return send(Rest(), name, call, **{"X-Api-Key": "rk_" + "2" * 40})


def without_api_in_the_plan(things: Things, name: str, call: Call) -> HttpResponseBase:
    return send(on_plan(things.shop, "basic"), name, call)


def over_plain_http(things: Things, name: str, call: Call) -> HttpResponseBase:
    method, address = name.split()
    plain: dict[str, Any] = {"wsgi.url_scheme": "http"}
    return Rest(things.shop).send(method, address.format(**call.path), call.body, query=call.query, **plain)


def with_a_nul_in_the_query(things: Things, name: str, call: Call) -> HttpResponseBase:
    method, address = name.split()
    return Rest(things.shop).send(method, address.format(**call.path), call.body, query="zzz=%00")


def past_the_limit(things: Things, name: str, call: Call) -> HttpResponseBase:
    rest = on_plan(things.shop, "growth")
    while ratelimit.take(f"business:{things.shop.id}", 60).allowed:
        pass
    return send(rest, name, call)


def without_database(things: Things, name: str, call: Call) -> HttpResponseBase:
    rest = Rest(things.shop)
    ok(rest.get("/api/stats"))  # the key is known
    with database_gone():
        return send(rest, name, call)


# What is told of the program itself, and the same for every business, once the key is known.
OF_THE_PROGRAM = {"GET /api/webhooks/event-types", "GET /api/segments/filters"}


def asks_the_database(name: str) -> bool:
    return name not in OF_THE_PROGRAM


def without_database_from_the_start(things: Things, name: str, call: Call) -> HttpResponseBase:
    identity.forget()
    with database_gone(InterfaceError):
        return send(Rest(things.shop), name, call)


FAILURES: list[tuple[Callable[[Things, str, Call], HttpResponseBase], int, str]] = [
    (without_key, 401, "unauthorized"),
    (with_a_wrong_key, 401, "unauthorized"),
    (without_api_in_the_plan, 403, "plan_required"),
    (over_plain_http, 403, "https_required"),
    (with_a_nul_in_the_query, 400, "invalid_input"),
    (past_the_limit, 429, "rate_limited"),
    (without_database, 503, "unavailable"),
    (without_database_from_the_start, 503, "unavailable"),
]


@pytest.mark.parametrize(("failure", "status", "code"), FAILURES, ids=[one[0].__name__ for one in FAILURES])
def test_every_operation_fails_as_documented(failure: Any, status: int, code: str, mine: Things) -> None:
    before = dump(business_id=mine.shop.id)
    for operation, call in own(mine).items():
        response = failure(mine, operation, call)
        assert status in operations()[operation]["responses"]
        if failure is without_database and not asks_the_database(operation):
            ok(response)
            continue
        refused(response, status, code, *(["zzz"] if code == "invalid_input" else []))
        assert "geheim" not in str(answer(response)), operation
    after = dump(business_id=mine.shop.id)
    assert after | {"tenants_business": []} == before | {"tenants_business": []}  # one failure is its plan


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_succeeds_with_its_documented_status(operation: str, mine: Things) -> None:
    call = own(mine)[operation]
    assert send(Rest(mine.shop), operation, call).status_code == call.status
    assert call.status in operations()[operation]["responses"]
    makes = operation.startswith("POST ") and operation.count("/") == 2
    assert call.status == (201 if makes or operation in MAKES else 200)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_other_methods_are_not_allowed(operation: str, mine: Things) -> None:
    address = operation.split()[1]
    allowed = {name.split()[0] for name in OPERATIONS if name.split()[1] == address}
    allowed |= FILES.get(address, set())
    path = address.format(**own(mine)[operation].path)
    for other in ({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"}) - allowed:
        response = Rest(mine.shop).send(other, path, b"{}")
        refused(response, 405, "method_not_allowed")
        assert set(response.headers["Allow"].replace(" ", "").split(",")) == allowed
    assert Rest(mine.shop).send("HEAD", path).status_code == 405


@pytest.mark.parametrize("key", ["", " ", "x", "rk_", "é", "\x00", "rk_" + "a" * 100_000, "Bearer x"])
def test_a_nonsense_key_is_no_key(key: str, rest: Rest) -> None:
    for headers in ({"X-Api-Key": key}, {"Authorization": f"Bearer {key}"}, {"Authorization": key}):
        response = Rest().send("GET", "/api/stats", headers=headers)
        refused(response, 401, "unauthorized")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_is_taken_from_either_header(shop: Shop) -> None:
    for headers in (
        {"X-Api-Key": shop.api_key},
        {"Authorization": f"Bearer {shop.api_key}"},
        {"Authorization": f"bearer  {shop.api_key} "},
        {"X-Api-Key": "", "Authorization": f"Bearer {shop.api_key}"},
    ):
        ok(Rest().send("GET", "/api/stats", headers=headers))
    refused(Rest(Authorization=f"Basic {shop.api_key}").get("/api/stats"), 401, "unauthorized")
    refused(Rest().get("/api/stats", api_key=shop.api_key), 401, "unauthorized")


QUERIES = [
    "q=%FF",
    "q=%C3%28",
    "q=%ED%A0%80",
    "q=%F0%28%8C%28",
    "q=\xff",
    "q=%",
    "q=%zz",
    "q",
    "=",
    "&&&",
    "q=a;b=c",
]


@pytest.mark.parametrize(
    "query", [*QUERIES, "%FF=%FE", "q=" + "a" * 5000, "q[]=a", "q=" + "%F0%9F%92%A9" * 40]
)
def test_a_strange_query_does_no_harm(query: str, shop: Shop, rest: Rest) -> None:
    shop.enrol()
    response = rest.send("GET", "/api/customers", query=query)
    assert response.status_code in {200, 400}
    answer(response)
    no_trace(response)


@pytest.mark.parametrize(
    "query", ["q=%00", "q=a%00b", "%00=a", "page=1%00", "zzz=%00", "q=a&q=%00", "q=\x00"]
)
def test_a_nul_in_the_query_is_named(query: str, rest: Rest) -> None:
    error = answer(rest.send("GET", "/api/customers", query=query))["error"]
    assert error["code"] == "invalid_input"
    assert "U+0000" in error["message"]
    assert list(error["fields"]) == [query.partition("=")[0].replace("%00", "") or "query"]


def test_controls_and_too_long_searches_are_refused(rest: Rest) -> None:
    for text in ("\x01", "a\x1bb", "x" * 201):
        invalid(rest.get("/api/customers", q=text), "q")


@pytest.mark.parametrize(
    "value", ["1e3", "0x10", "1.5", "-1", "0", "\u0660", "\uff11", "1 1", "true", "null", "[1]"]
)
@pytest.mark.parametrize("name", ["page", "per_page"])
def test_a_bad_number_in_the_query_is_named(name: str, value: str, rest: Rest) -> None:
    invalid(rest.get("/api/customers", **{name: value}), name)


def test_a_page_that_no_list_can_have_is_refused(rest: Rest) -> None:
    for page in (10**9 + 1, 10**30, "9" * 400, "9" * 5_000):
        invalid(rest.get("/api/customers", page=page), "page")
    invalid(rest.get("/api/customers", per_page="9" * 5_000), "per_page")


def test_of_a_repeated_parameter_the_last_counts(rest: Rest) -> None:
    response = rest.send("GET", "/api/customers", query="page=x&page=3")
    assert meta(response)["page"] == 3


def test_unknown_parameters_are_ignored(rest: Rest) -> None:
    ok(rest.get("/api/customers", zzz="1", Page="x"))


@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/nothing",
        "/api/customers/",
        "/api/customers/abc",
        "/api/customers/-1",
        "/api/customers/1.0",
        "/api/customers/1/",
        "/api/customers/1/2",
        "/api/customers/%00",
        "/api/customers/1%00",
        "/api/customers/%FF",
        "/api/customers/%ED%A0%80",
        "/api/customers/%D9%A1",
        "/api/stats%0A",
        "/api/stats%2F",
        "/api//stats",
        "/api/../api/nothing",
        "/api/customers/1;x=1",
        "/api/" + "a" * 5000,
        "/api/%F0%9F%92%A9",
    ],
)
def test_an_address_that_is_not_there_is_not_found(path: str, rest: Rest) -> None:
    for method in ("GET", "POST", "DELETE"):
        refused(rest.send(method, path, b"{}" if method == "POST" else None), 404, "not_found")


HOSTS = ["evil.example", "shop.example.evil.example", "shop.example@evil", "a b", "shop.example:port", "[::1"]
HOSTS += ["", "\x00", "é", "shop.example, evil.example", "<script>", "x" * 10_000, "..", "shop.example/api"]


@pytest.mark.parametrize("host", HOSTS)
def test_another_host_is_refused_and_not_repeated(host: str, rest: Rest) -> None:
    response = rest.send("GET", "/api/business", HTTP_HOST=host)
    if host == "":
        assert response.status_code in {200, 400}
        return
    refused(response, 400, "bad_request")
    if len(host) > 2:
        assert host not in str(answer(response)) + str(response.headers)


def test_addresses_in_answers_never_come_from_the_host(shop: Shop) -> None:
    rest = Rest(shop, **{"X-Forwarded-Host": "evil.example"})
    for host in ("shop.example", "localhost:8000", "127.0.0.1"):
        shown = ok(rest.send("GET", "/api/business", HTTP_HOST=host))
        assert shown["join_url"].startswith("https://shop.example/join/")


@pytest.mark.parametrize("operation", writes())
def test_a_bad_idempotency_key_is_refused(operation: str, mine: Things) -> None:
    rest, before = Rest(mine.shop), dump()
    for key in ("", "x" * 256, "é", "a\tb", "\x00"):
        response = send(rest, operation, own(mine)[operation], **{"Idempotency-Key": key})
        invalid(response, "Idempotency-Key")
    assert dump() == before


def test_refusals_before_and_after_the_key_have_the_same_headers(rest: Rest) -> None:
    """Whoever refuses, a browser is told not to guess the content."""
    for response in (
        rest.get("/api/stats"),
        rest.get("/api/nothing"),
        rest.send("PUT", "/api/stats"),
        rest.send("GET", "/api/stats", query="a=%00"),
        rest.send("GET", "/api/stats", HTTP_HOST="evil.example"),
    ):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        answer(response)
