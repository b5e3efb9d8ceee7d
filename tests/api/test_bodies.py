"""Bodies that no operation may accept: each gets a 400 that names what is wrong, and changes nothing.

Made from the OpenAPI description: a new operation with a body is covered by itself.
"""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.test.client import ClientHandler

from tests.api.routes import NOBODY, furnish, operations, own, schema, send
from tests.api.support import Rest, answer, dump, invalid, no_trace, ok, refused
from tests.api.things import Things
from tests.factories import make_shop

pytestmark = pytest.mark.django_db

MEGABYTE = 1024 * 1024
WITH_BODY = [name for name, operation in operations().items() if "requestBody" in operation]
# A request that says nothing is one that wants what is usual.
MAYBE_WITHOUT = {
    "POST /api/scratch-cards/{campaign_id}/issue",
    "POST /api/customers/{customer_id}/card/replace",
}
NOT_JSON = [
    b"",
    b" ",
    b"{",
    b"}",
    b'{"name": }',
    b"{'name': 'a'}",
    b'{"name": "a",}',
    b'{"name": "a"} x',
    b'{"name": NaN}',
    b'{"name": Infinity}',
    b'{"name": 1e400}',
    b'{"name": ' + b"9" * 400 + b"}",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b'{"name": "\xff"}',
    b'{"name": "\xed\xa0\x80"}',
    b'{"name": "\\ud800"}',
    b'{"name": "\\udc00\\ud800"}',
    b'{"\\ud800": 1}',
    b"\x00",
    b"name=Rahul&phone=9123456780",
    b"<name>Rahul</name>",
    b'{"name": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
]
NOT_OBJECTS: list[Any] = [[], [{}], [[{}]], "text", 5, 1.5, True, None]
WRONG_TYPES: dict[str, list[Any]] = {
    "string": [5, 1.5, True, False, [], ["a"], {}, {"a": "b"}],
    "integer": [
        "1",
        "",
        "abc",
        1.5,
        -0.5,
        True,
        False,
        [],
        [1],
        {},
        10**30,
        -(10**30),
        1e300,
        2**63,
        -(2**63),
    ],
    "number": ["1", "", True, False, [], [1.5], {}, 1e300, -1e300, 10**30],
    "array": ["", "a", "[]", 5, 1.5, True, False, {}, {"a": "b"}],
    "boolean": ["true", "", 2, -1, 0.5, [], {}],
    "object": ["", "a", "{}", 5, 1.5, True, False, [], [{}]],
}
# Of a field that takes several types, the values of this one are given as they are.
CHIEF = ("boolean", "integer", "number", "string", "array", "object")
NO_TEXT = ["\x00", "a\x00b", "\x01", "a\x1bb", "\x7f", "\x85"]


@pytest.fixture(scope="module")
def mine(kept: None) -> Things:
    return furnish(make_shop(), "Sunrise")


def fields(operation: str) -> dict[str, dict[str, Any]]:
    """The fields of an operation's body, as they are described."""
    body = operations()[operation]["requestBody"]["content"]["application/json"]["schema"]
    found: dict[str, dict[str, Any]] = schema()["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    return found["properties"]


def kinds(field: dict[str, Any]) -> set[str]:
    return {one["type"] for one in field.get("anyOf", [field])}


FIELDS = [(operation, field) for operation in WITH_BODY for field in fields(operation)]


def wrong_values(field: dict[str, Any]) -> list[Any]:
    """Values of every other JSON type, and null where it has no meaning."""
    allowed = kinds(field)
    chief = next(kind for kind in CHIEF if kind in allowed)
    return WRONG_TYPES[chief] + ([] if "null" in allowed else [None])


@pytest.mark.parametrize("operation", WITH_BODY)
def test_what_is_not_json_is_refused(operation: str, mine: Things) -> None:
    rest, before = Rest(mine.shop), dump()
    method, address = operation.split()
    path = address.format(**own(mine)[operation].path)
    for body in NOT_JSON if operation not in MAYBE_WITHOUT else NOT_JSON[1:]:
        invalid(
            rest.send(method, path, body, content_type="application/json", CONTENT_TYPE="application/json"),
            "body",
        )
    for body in NOT_OBJECTS:
        invalid(rest.send(method, path, json.dumps(body).encode()), "body")
    assert dump() == before


@pytest.mark.parametrize("operation", WITH_BODY)
def test_another_content_type_is_refused(operation: str, mine: Things) -> None:
    rest, before, call = Rest(mine.shop), dump(), own(mine)[operation]
    method, address = operation.split()
    path = address.format(**call.path)
    for kind in (
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/octet-stream",
        "application/jsonx",
        "json",
        "",
    ):
        invalid(rest.send(method, path, json.dumps(call.body).encode(), CONTENT_TYPE=kind), "Content-Type")
    assert dump() == before


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.till+json"]
)
def test_json_by_another_name_is_taken(kind: str, rest: Rest) -> None:
    assert (
        ok(rest.send("PATCH", "/api/business", b'{"city": "Mumbai"}', CONTENT_TYPE=kind))["city"] == "Mumbai"
    )


@pytest.mark.parametrize("operation", WITH_BODY)
def test_unknown_fields_are_refused_by_name(operation: str, mine: Things) -> None:
    rest, before, call = Rest(mine.shop), dump(), own(mine)[operation]
    method, address = operation.split()
    for name in ("zzz", "Name", "business_id", "__proto__", "__class__", "self", "body", "request"):
        response = rest.send(method, address.format(**call.path), {**(call.body or {}), name: 1})
        invalid(response, name)
    assert dump() == before


@pytest.mark.parametrize(("operation", "field"), FIELDS)
def test_a_value_of_another_type_is_refused_by_its_field(operation: str, field: str, mine: Things) -> None:
    rest, before, call = Rest(mine.shop), dump(), own(mine)[operation]
    method, address = operation.split()
    values = wrong_values(fields(operation)[field])
    if "string" in kinds(fields(operation)[field]):
        values += NO_TEXT
    for value in values:
        response = rest.send(method, address.format(**call.path), {**(call.body or {}), field: value})
        invalid(response, field)
    assert dump() == before


def test_several_wrong_fields_are_all_named(rest: Rest) -> None:
    invalid(
        rest.post("/api/branches", {"latitude": "x", "longitude": 200, "zzz": 1}),
        *["latitude", "longitude", "zzz", "name"],
    )


def test_a_control_character_is_named_without_being_shown(rest: Rest) -> None:
    error = invalid(rest.post("/api/customers", {"name": "Ra\x1bhul", "phone": "9123456780"}), "name")
    assert "U+001B" in error["message"]
    assert "\x1b" not in error["message"]


def padded(body: dict[str, Any], length: int) -> bytes:
    content = json.dumps(body).encode()
    return content + b" " * (length - len(content))


@pytest.mark.parametrize("operation", WITH_BODY)
def test_a_body_over_a_megabyte_is_refused(operation: str, mine: Things) -> None:
    rest, before, call = Rest(mine.shop), dump(), own(mine)[operation]
    method, address = operation.split()
    body = padded(call.body or {}, MEGABYTE + 1)
    invalid(rest.send(method, address.format(**call.path), body), "body")
    assert dump() == before
    assert send_raw(rest, method, address.format(**call.path), body[:MEGABYTE]) == call.status


def test_a_megabyte_in_pieces_is_a_megabyte(rest: Rest) -> None:
    """A body without a stated length, as a server hands on a chunked request."""
    body = {"city": "Mumbai"}
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
    assert send_raw(rest, "PATCH", "/api/business", padded(body, MEGABYTE), length=None, **chunked) == 200
    assert ok(rest.get("/api/business"))["city"] == "Mumbai"
    body["city"] = "Pune"
    assert send_raw(rest, "PATCH", "/api/business", padded(body, MEGABYTE + 1), length=None, **chunked) == 400
    assert ok(rest.get("/api/business"))["city"] == "Mumbai"


@pytest.mark.parametrize("length", ["abc", "1e3", "0x10", "12 13"])
def test_a_length_that_is_no_number_is_refused(length: str, rest: Rest) -> None:
    assert send_raw(rest, "PATCH", "/api/business", b'{"city": "Pune"}', length=length) == 400


@pytest.mark.parametrize("length", ["-5", "0", ""])
def test_a_body_without_length_is_no_body(length: str, rest: Rest) -> None:
    assert send_raw(rest, "PATCH", "/api/business", b'{"city": "Pune"}', length=length) == 400


def test_a_body_that_ends_early_is_refused(rest: Rest) -> None:
    assert send_raw(rest, "PATCH", "/api/business", b'{"city": "Pu', length="100") == 400


def send_raw(
    rest: Rest, method: str, path: str, body: bytes, *, length: str | None = "true", **environ: str
) -> int:
    """The status of a request as a server hands it on, with any stated length or (None) without one."""
    stated = {} if length is None else {"CONTENT_LENGTH": str(len(body)) if length == "true" else length}
    given = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "443",
        "REMOTE_ADDR": "192.0.2.7",
        "CONTENT_TYPE": "application/json",
        "HTTP_X_API_KEY": rest.headers["X-Api-Key"],
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    }
    response = ClientHandler()(given | stated | environ)
    answer(response)
    return response.status_code


def test_nothing_is_read_of_a_body_where_none_belongs(mine: Things) -> None:
    rest = Rest(mine.shop)
    ok(rest.send("GET", "/api/stats", b"\xff{"))
    ok(rest.delete(f"/api/branches/{mine.empty_branch_id}", body=b"\xff{"))


def test_the_tables_reach_every_field() -> None:
    assert {name for name, call in own(NOBODY).items() if call.body is not None} == set(WITH_BODY)
    assert len(FIELDS) > 25
    assert all(kinds(fields(operation)[field]) - {"null"} for operation, field in FIELDS)
    assert NOT_JSON[0] == b""
    assert {
        name for name in WITH_BODY if not operations()[name]["requestBody"].get("required", False)
    } == MAYBE_WITHOUT


def test_a_fault_of_ours_shows_no_trace(mine: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr("regulars.api.rest.stamps.actions.add_stamps", fail)
    response = send(Rest(mine.shop), "POST /api/stamps/add", own(mine)["POST /api/stamps/add"])
    error = refused(response, 500, "internal_error")
    assert "42" not in error["message"]
    no_trace(response)
