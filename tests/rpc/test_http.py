"""The door of the RPC dialect: transport, key, time, method, format, in this order, over GET and POST."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import OperationalError
from django.test.client import ClientHandler
from pytest_django import Settings

from regulars.api.rpc import methods
from regulars.api.rpc.answers import Answer
from regulars.api.rpc.method import Caller, Method
from regulars.api.rpc.tree import Call
from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants import actions as tenants
from tests.api.support import dump
from tests.factories import Shop
from tests.rpc.support import Rpc, answered, body_of, gmt

pytestmark = pytest.mark.django_db

MEGABYTE = 1024 * 1024
HTTP: dict[str, Any] = {"wsgi.url_scheme": "http"}
PLACES = ("/", "/rpc", "/rpc/")


def echo(caller: Caller, call: Call) -> Answer:
    """What the caller is and what it sent."""
    row: list[tuple[str, Any]] = [("business", caller.business_id), ("zone", caller.timezone)]
    return Answer(rows=[row + sorted(call.fields.items())])


@pytest.fixture(autouse=True)
def _echo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(methods.METHODS, "echo", Method("echo", write=False, run=echo))


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """`echo` raises from here on."""

    def fail(caller: Caller, call: Call) -> Answer:
        raise error

    monkeypatch.setitem(methods.METHODS, "echo", Method("echo", write=False, run=fail))


@pytest.mark.parametrize("path", PLACES)
def test_every_way_of_calling_gets_the_same(path: str, rpc: Rpc, shop: Shop) -> None:
    pairs = rpc.pairs("echo", {"name": "Zoë"}, api_format="json")
    expected = {"business": shop.id, "zone": "Asia/Kolkata", "name": "Zoë"}
    tree = rpc.tree("echo", {"name": "Zoë"}, api_format="json")
    for response in (rpc.form(pairs, path), rpc.query(pairs, path), rpc.json(tree, path)):
        assert answered(response).row == expected


def test_verify_api_is_answered_as_documented(rpc: Rpc) -> None:
    for response in (rpc.form(rpc.pairs("verify_api")), rpc.query(rpc.pairs("verify_api"))):
        assert body_of(response) == (
            '<?xml version="1.0" encoding="UTF-8"?>\n<status>API call succeeded</status>\n'
        )
        assert response.headers["Content-Type"] == "text/xml; charset=utf-8"


def test_the_bare_address_stays_the_start_page(rpc: Rpc) -> None:
    for query in ("", "a=b", "Scan"):
        page = rpc.send("GET", path="/", QUERY_STRING=query)
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "X-RateLimit-Limit" not in page.headers
    assert rpc.send("HEAD", path="/").status_code == 200
    assert rpc.send("PUT", path="/").headers["Content-Type"] == "text/html; charset=utf-8"
    answered(rpc.send("GET", path="/rpc")).refused("002", "api_key")
    answered(rpc.send("POST", path="/")).refused("002", "api_key")


# 001: HTTPS


def test_plain_http_is_refused_whatever_else_is_wrong(rpc: Rpc, settings: Settings) -> None:
    settings.REGULARS_ALLOW_HTTP = "never"
    for pairs in (rpc.pairs("echo"), rpc.pairs("nothing"), Rpc().pairs(None, api_time="x"), [("a", "b")]):
        found = answered(rpc.form(pairs, **HTTP))
        assert found.error == "001: Not sent via SSL/https connection"
        assert found.response.headers["X-RateLimit-Limit"] == "300"  # nobody is told whose key it is
    settings.REGULARS_ALLOW_HTTP = "loopback"
    assert answered(rpc.form(rpc.pairs("echo"), **HTTP, REMOTE_ADDR="127.0.0.1")).error is None
    assert answered(rpc.form(rpc.pairs("echo"), **HTTP, REMOTE_ADDR="192.0.2.7")).code == "001"


def test_only_a_trusted_proxy_is_believed(rpc: Rpc, settings: Settings) -> None:
    from ipaddress import ip_network  # noqa: PLC0415

    told = {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_PROTO": "https"} | HTTP
    assert answered(rpc.form(rpc.pairs("echo"), **told)).code == "001"
    settings.REGULARS_TRUSTED_PROXIES = [ip_network("192.0.2.0/24")]
    assert answered(rpc.form(rpc.pairs("echo"), **told)).error is None


# 002: the key


@pytest.mark.parametrize("key", [None, "", " ", "x", "rk_" + "a" * 40, "ü", "x" * 10_000])
def test_a_key_that_is_none_is_refused(key: str | None, rpc: Rpc) -> None:
    for method in ("echo", "nothing"):
        answered(rpc.form(rpc.pairs(method, api_key=key, api_time=None))).refused("002", "api_key")


def test_a_revoked_key_is_refused_and_another_works(shop: Shop) -> None:
    row, key = tenants.create_api_key(business=shop.business, name="Till")
    till = Rpc(key)
    assert till("echo").row["business"] == shop.id
    tenants.revoke_api_key(business=shop.business, prefix=row.prefix)
    till("echo").refused("002", "revoked")
    assert Rpc(f" {shop.api_key}\n")("echo").row["business"] == shop.id  # as pasted from a letter


def test_every_plan_may_call(db: None) -> None:
    from tests.api.support import on_plan  # noqa: PLC0415

    for plan in ("trial", "basic", "growth", "professional", "self_hosted"):
        assert Rpc(on_plan(plan).api_key)("verify_api").status == "API call succeeded"


# 003: the time


@pytest.mark.parametrize(
    "time",
    [
        None, "", "now", "2026-06-05", "10:00:00", "2026-06-05T10:00:00", "2026-06-05 10:00",
        "2026-06-05 10:00:00Z", "2026-06-05 10:00:00+00:00", "2026-02-30 10:00:00", "2026-06-05 24:00:00",
        "0000-01-01 00:00:00", "1780653600", "2026-6-5 10:00:00", "-026-06-05 10:00:00",
        "\uff12\uff10\uff12\uff16-06-05 10:00:00",
    ],
)  # fmt: skip
def test_a_time_that_is_none_is_refused_with_the_servers(time: str | None, rpc: Rpc) -> None:
    with time_machine.travel(dt.datetime(2026, 6, 5, 10, tzinfo=dt.UTC), tick=False):
        for method in ("echo", "nothing"):
            rpc(method, api_time=time).refused("003", "api_time", "2026-06-05 10:00:00 GMT")


@pytest.mark.parametrize(
    ("ahead", "code"), [(0, ""), (900, ""), (-900, ""), (901, "003"), (-901, "003"), (86_400, "003")]
)
def test_clocks_may_differ_by_fifteen_minutes(ahead: int, code: str, rpc: Rpc) -> None:
    with time_machine.travel(dt.datetime(2026, 6, 5, 10, tzinfo=dt.UTC), tick=False):
        assert rpc("echo", api_time=gmt(seconds=ahead)).code == code
        assert rpc("echo", api_time=f" {gmt(seconds=ahead)} ").code == code


# 004 and 005: the method


@pytest.mark.parametrize("method", ["x", "Echo", "ECHO", "__class__", "echo echo", "é", "x" * 5_000, "<b>"])
def test_an_unknown_method_is_named(method: str, rpc: Rpc) -> None:
    message = rpc(method).refused("004", method[:60])
    assert len(message) < 120


def test_a_call_without_a_method_is_told_so(rpc: Rpc) -> None:
    for method in (None, "", " "):
        answered(rpc.form(rpc.pairs(method, api_format="json"))).refused("005", "global[api_method]")


# 006 and 011: what cannot be read


def test_what_cannot_be_read_is_refused_by_name_and_changes_nothing(rpc: Rpc, shop: Shop) -> None:
    before = dump()
    pairs = rpc.pairs("add_branch", {"name": "Indiranagar"}, api_format="json")
    answered(rpc.form([*pairs, ("global[fields][code][]", "x")])).refused("006", "code")
    answered(rpc.form([*pairs, ("global[fields][name]", "y")])).refused("006", "name", "twice")
    answered(rpc.form([*pairs, ("name", "y")])).refused("011", "name")
    answered(rpc.form([*pairs, ("global[fields][code]", "a\0")])).refused("006", "code")
    answered(rpc.json(b"{")).refused("006", "JSON")
    answered(rpc.send("POST", b"x", "text/plain")).refused("006", "Content-Type")
    assert dump() == before


def test_a_mistake_with_a_key_counts_for_the_business(rpc: Rpc) -> None:
    pairs = rpc.pairs("echo", {"a": "1"}, api_format="json")
    found = answered(rpc.form([*pairs, ("global[fields][a]", "2")]))
    found.refused("006", "twice")
    assert found.response.headers["X-RateLimit-Limit"] == "1000000"
    found = answered(rpc.form([("global[a][b]", "2")]))
    found.refused("006", "global[a]")
    assert found.response.headers["X-RateLimit-Limit"] == "300"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD"])
def test_other_http_methods_do_nothing(method: str, rpc: Rpc) -> None:
    query = urlencode(rpc.pairs("echo", api_format="json"))
    response = rpc.send(method, path="/rpc", QUERY_STRING=query)
    if method == "HEAD":
        assert (response.status_code, body_of(response)) == (200, "")
    else:
        answered(response).refused("006", "GET or POST")


def padded(rpc: Rpc, size: int) -> bytes:
    body = urlencode(rpc.pairs("echo", {"name": ""}, api_format="json")).encode()
    return body + b"x" * (size - len(body))


def test_a_body_over_a_megabyte_is_refused(rpc: Rpc) -> None:
    kind = "application/x-www-form-urlencoded"
    assert len(answered(rpc.send("POST", padded(rpc, MEGABYTE), kind)).row["name"]) > MEGABYTE - 1000
    found = answered(rpc.send("POST", padded(rpc, MEGABYTE + 1), kind))
    found.refused("006", "body", str(MEGABYTE))
    assert found.response.headers["X-RateLimit-Limit"] == "300"


def raw(rpc: Rpc, body: bytes, **environ: str) -> Any:
    """A request as a server hands it on."""
    given = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/rpc",
        "QUERY_STRING": "",
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "443",
        "REMOTE_ADDR": "192.0.2.7",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    }
    return answered(ClientHandler()(given | environ))


def test_odd_lengths_are_refused_or_make_no_body(rpc: Rpc) -> None:
    body = urlencode(rpc.pairs("echo", api_format="json")).encode()
    assert raw(rpc, body, CONTENT_LENGTH=str(len(body))).error is None
    assert raw(rpc, body, HTTP_TRANSFER_ENCODING="chunked").error is None
    raw(rpc, padded(rpc, MEGABYTE + 1), HTTP_TRANSFER_ENCODING="chunked").refused("006", "body")
    raw(rpc, body, CONTENT_LENGTH="x").refused("006", "Content-Length")
    raw(rpc, body).refused("002", "api_key")
    raw(rpc, body[:30], CONTENT_LENGTH="100").refused("002", "api_key")


def test_a_host_that_is_not_ours_is_answered_in_shape(rpc: Rpc) -> None:
    pairs = rpc.pairs("echo")
    for path in PLACES:
        answered(rpc.form(pairs, path, HTTP_HOST="evil.example")).refused("006", "Host")
        answered(rpc.query(pairs, path, HTTP_HOST="evil.example")).refused("006", "Host")
    page = rpc.send("GET", path="/", HTTP_HOST="evil.example")
    assert (page.status_code, page.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    page = rpc.send("GET", path="/rpc/nowhere")
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


# Formats


def form_of(rpc: Rpc, accept: str | None = None, **options: Any) -> str:
    """Which of the three formats a call is answered in."""
    environ = {} if accept is None else {"HTTP_ACCEPT": accept}
    text = body_of(rpc.form(rpc.pairs("verify_api", **options), **environ))
    return "json" if text.startswith("{") else "xml_rooted" if "<response>" in text else "xml"


def test_the_call_says_its_format_else_accept_else_the_key(shop: Shop) -> None:
    keys = {
        form: Rpc(tenants.create_api_key(business=shop.business, name=form, rpc_format=form)[1])
        for form in ("xml", "xml_rooted", "json")
    }
    for usual, till in keys.items():
        assert form_of(till) == usual
        assert form_of(till, "*/*") == usual
        assert form_of(till, "text/html") == usual
        assert form_of(till, api_format="") == usual
        assert form_of(till, "application/json") == "json"
        assert form_of(till, "application/json, text/plain, */*") == "json"
        assert form_of(till, "text/xml") == ("xml_rooted" if usual == "xml_rooted" else "xml")
        assert form_of(till, "application/xml;q=0.9, application/json;q=0.8") != "json"
        assert form_of(till, "application/xml;q=0.8, application/json") == "json"
        assert form_of(till, "application/json;q=0, text/xml;q=x") == usual
        for asked in keys:
            assert form_of(till, "application/json", api_format=asked) == asked
            assert form_of(till, "text/xml", api_format=f" {asked.upper()} ") == asked


def test_an_unknown_format_is_refused(rpc: Rpc) -> None:
    for form in ("yaml", "xml rooted", "1"):
        answered(rpc.form(rpc.pairs("echo", api_format=form))).refused("006", "api_format", "xml_rooted")


def test_errors_come_in_the_format_too(rpc: Rpc) -> None:
    for form, start in (("xml", "<?xml"), ("xml_rooted", "<?xml"), ("json", "{")):
        for pairs in (rpc.pairs("nothing", api_format=form), Rpc().pairs("echo", api_format=form)):
            response = rpc.form(pairs)
            assert body_of(response).startswith(start)
            assert ("<response>" in body_of(response)) is (form == "xml_rooted")
            assert answered(response).error
    assert body_of(rpc.json(b"{")).startswith("{")  # who sends JSON can read it
    assert body_of(rpc.json(b"{", HTTP_ACCEPT="text/xml")).startswith("<?xml")
    twice = [("global[api_format]", "json"), ("global[limit]", "1"), ("global[limit]", "1")]
    assert json.loads(body_of(rpc.form(twice)))["error"].startswith("006")


# Refusals and faults of methods


def test_a_refusal_of_a_method_has_its_code(rpc: Rpc, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, InvalidInput.at("qty", "must be a whole number"))
    rpc("echo").refused("006", "qty must be a whole number")
    failing(monkeypatch, NotFound("There is no member <b>."))
    assert answered(rpc.form(rpc.pairs("echo"))).error == "007: There is no member <b>."


def test_a_fault_of_ours_shows_no_trace(rpc: Rpc, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, RuntimeError("the secret is 42"))
    for form in ("xml", "xml_rooted", "json"):
        found = rpc("echo", api_format=form)
        assert found.response.status_code == 500
        assert "42" not in found.refused("000", "our side")


@pytest.mark.parametrize("error", [OperationalError("gone"), OSError(28, "No space left on device")])
def test_a_database_that_is_away_is_503(error: Exception, rpc: Rpc, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, error)
    found = rpc("echo")
    assert (found.response.status_code, found.response.headers["Retry-After"]) == (503, "1")
    found.refused("000", "try again")


def test_a_fault_in_the_rows_is_not_half_an_answer(rpc: Rpc, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(number: int) -> Any:
        for one in range(number):
            yield [("code", "x" * 100), ("number", one)]
        if number == 5_000:
            raise OperationalError("gone")

    def run(caller: Caller, call: Call) -> Answer:
        return Answer(rows=rows(int(call.fields["number"])))

    monkeypatch.setitem(methods.METHODS, "echo", Method("echo", write=False, run=run))
    for number, status in ((5_000, 503), (4_999, 200)):
        found = rpc("echo", {"number": number})
        assert found.response.status_code == status
        assert found.response.streaming is (status == 200)
        if status == 200:
            assert len(found.rows) == 4_999


# 010: too many


def test_rpc_and_rest_share_one_limit(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.api.support import Rest, counted, on_plan  # noqa: PLC0415

    shop = on_plan("growth")
    till, rest = Rpc(shop.api_key), Rest(shop)
    for left in range(59, -1, -1):
        if left % 2:
            assert counted(rest.get("/api/program"))[2] == left
        else:
            assert till("echo").done.response.headers["X-RateLimit-Remaining"] == str(left)
    clock.now += 20
    for method in ("echo", "nothing"):
        found = till(method)
        assert found.response.status_code == 429
        assert found.response.headers["Retry-After"] == "40"
        found.refused("010", "60", "40 s")
    assert counted(rest.get("/api/program"))[0] == 429
    clock.now += 40.1
    assert till("echo").error is None


def test_calls_without_a_key_are_limited_by_their_address(clock: Any, rpc: Rpc) -> None:
    nobody = Rpc("rk_wrong")
    for left in range(299, -1, -1):
        found = nobody("echo")
        assert found.code == "002"
        assert found.response.headers["X-RateLimit-Remaining"] == str(left)
    found = nobody("echo")
    assert (found.response.status_code, found.response.headers["Retry-After"]) == (429, "60")
    found.refused("010", "60 s")
    assert answered(rpc.json(b"{")).code == "010"
    assert rpc("echo").error is None  # a good key from the same address still works
    assert answered(nobody.form(nobody.pairs("echo"), REMOTE_ADDR="192.0.2.9")).code == "002"
