"""Calls are read from queries, forms and JSON alike, and what cannot be read is refused by its name."""

from __future__ import annotations

import json
import string
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import example, given
from hypothesis import strategies as st

from regulars.api.rpc import tree
from regulars.api.rpc.errors import RpcError
from regulars.api.rpc.tree import Call

pytestmark = pytest.mark.once

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=----x7"
PAIRS = [
    ("global[api_key]", "rk_1"),
    ("global[api_time]", "2026-06-05 10:00:00"),
    ("global[api_method]", "add_member"),
    ("global[fields][first_name]", "Zoë & Söhne = 1+1 ☕"),
    ("global[fields][_metadata01]", ""),
    ("global[member_search]", "o%k"),
]
CALL = Call(
    "add_member",
    "rk_1",
    "2026-06-05 10:00:00",
    {"first_name": "Zoë & Söhne = 1+1 ☕", "_metadata01": ""},
    {"member_search": "o%k"},
)
AS_JSON = {
    "global": {
        "api_key": "rk_1",
        "api_time": "2026-06-05 10:00:00",
        "api_method": "add_member",
        "fields": {"first_name": "Zoë & Söhne = 1+1 ☕", "_metadata01": None},
        "member_search": "o%k",
    }
}


def post(body: bytes, kind: str = FORM, query: str = "") -> HttpRequest:
    return RequestFactory().generic("POST", "/", body, content_type=kind, QUERY_STRING=query)


def get(query: str) -> HttpRequest:
    return RequestFactory().generic("GET", "/", QUERY_STRING=query)


def multipart(pairs: list[tuple[str, str]], more: str = "", charset: str = "utf-8") -> bytes:
    """As curl writes it."""
    parts = [
        f'------x7\r\nContent-Disposition: form-data; name="{name}"\r\n{more}\r\n{value}\r\n'
        for name, value in pairs
    ]
    return "".join([*parts, "------x7--\r\n"]).encode(charset)


def refused(request: HttpRequest, code: str, *named: str) -> str:
    with pytest.raises(RpcError) as caught:
        tree.parse(request)
    assert caught.value.code == code, caught.value
    assert all(name in caught.value.message for name in named), caught.value
    return caught.value.message


@pytest.mark.parametrize(
    "request_",
    [
        get(urlencode(PAIRS)),
        get(urlencode(PAIRS, quote_via=quote)),
        get("&".join(f"{name}={quote(value)}" for name, value in PAIRS)),  # brackets as they are
        post(urlencode(PAIRS).encode()),
        post(urlencode(PAIRS).encode(), f"{FORM}; charset=UTF-8"),
        post(urlencode(PAIRS).encode(), ""),
        post(urlencode(PAIRS[3:]).encode(), query=urlencode(PAIRS[:3])),
        post(multipart(PAIRS), MULTIPART),
        post(b"preamble\r\n" + multipart(PAIRS) + b"epilogue", MULTIPART),
        post(multipart(PAIRS[3:]), MULTIPART, query=urlencode(PAIRS[:3])),
        post(multipart(PAIRS, "Content-Type: text/plain; charset=utf-8\r\n"), MULTIPART),
        post(json.dumps(AS_JSON).encode(), "application/json"),
        post(json.dumps(AS_JSON, ensure_ascii=False).encode(), "application/json; charset=utf-8"),
        post(b"\xef\xbb\xbf" + json.dumps(AS_JSON).encode(), "application/vnd.till+json"),
    ],
)
def test_every_way_of_sending_means_the_same(request_: HttpRequest) -> None:
    assert tree.parse(request_) == CALL


@pytest.mark.parametrize("charset", ["iso-8859-1", "ISO-8859-15", "windows-1252", "latin1", "utf-16-le"])
def test_another_charset_is_honoured(charset: str) -> None:
    name = "Zoë Müller"
    codec = {"utf-16-le": "utf-8"}.get(charset, charset)
    if codec == "utf-8":
        refused(post(b"a=b", f"{FORM}; charset={charset}"), "006", "charset")
        return
    pairs = [("global[fields][first_name]", name)]
    form = urlencode(pairs, encoding=codec).encode()
    assert tree.parse(post(form, f"{FORM}; charset={charset}")).fields == {"first_name": name}
    body = multipart(pairs, f"Content-Type: text/plain; charset={charset}\r\n", codec)
    assert tree.parse(post(body, MULTIPART)).fields == {"first_name": name}
    body = multipart(pairs, charset=codec)
    assert tree.parse(post(body, f"{MULTIPART}; charset={charset}")).fields == {"first_name": name}
    content = json.dumps({"global": {"fields": {"first_name": name}}}, ensure_ascii=False).encode(codec)
    assert tree.parse(post(content, f"application/json; charset={charset}")).fields == {"first_name": name}


@pytest.mark.parametrize("charset", ["rot13", "hex", "zlib", "idna", "unicode_escape", "nonsense"])
def test_what_is_no_charset_is_refused(charset: str) -> None:
    refused(post(b"global[a]=b", f"{FORM}; charset={charset}"), "006", "charset")


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (5, "5"),
        (-5, "-5"),
        (12.5, "12.5"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        ("x", "x"),
        ("", ""),
    ],
)
def test_json_values_become_what_a_form_would_send(sent: Any, text: str) -> None:
    body = json.dumps({"global": {"fields": {"qty": sent}, "limit": sent, "api_method": sent}}).encode()
    call = tree.parse(post(body, "application/json"))
    assert (call.fields["qty"], call.options["limit"], call.method) == (text, text, text)


@pytest.mark.parametrize("number", ["12.50", "0.10", "1e2", "123456789012345678901234567890", "-0"])
def test_json_numbers_stay_as_they_were_written(number: str) -> None:
    body = b'{"global": {"fields": {"total_value": %s}}}' % number.encode()
    assert tree.parse(post(body, "application/json")).fields == {"total_value": number}


@pytest.mark.parametrize("empty", ["{}", "[]", "null"])
def test_no_fields_may_be_said_as_php_says_it(empty: str) -> None:
    body = b'{"global": {"fields": %s, "api_method": "verify_api"}}' % empty.encode()
    call = tree.parse(post(body, "application/json"))
    assert (call.fields, call.method) == ({}, "verify_api")


def test_an_address_may_carry_what_is_not_for_us() -> None:
    call = tree.parse(get("utm_source=mail&_=17&global[api_method]=verify_api&&x&="))
    assert call == Call("verify_api", "", "")
    assert tree.parse(get("")) == tree.parse(post(b"")) == Call("", "", "")


LISTS = ["global[fields][a][]", "global[fields][a][0]", "global[fields][a][b]", "global[fields][]"]
ODD_FORMS: list[tuple[str, str, str]] = [
    *[(f"{name}=1", "006", "list") for name in LISTS],
    ("global[fields][a][b][c][d]=1", "006", "a must"),
    ("global[fields]=1", "006", "global[fields]"),
    ("global[limit][]=1", "006", "global[limit]"),
    ("global[limit][max]=1", "006", "global[limit]"),
    ("global[]=1", "006", "global"),
    ("global[][a]=1", "006", "global"),
    ("global=1", "006", "global"),
    ("global[limit=1", "006", "global[limit"),
    ("global[limit]x=1", "006", "global[limit]x"),
    ("global[[limit]]=1", "006", "global"),
    ("global[fields][first name]=1", "011", "first name"),
    ("global[fields][a.b]=1", "011", "a.b"),
    ("global['limit']=1", "011", "'limit'"),
    ("global[" + "x" * 65 + "]=1", "011", "x" * 64 + "…"),
    ("first_name=Bob", "011", "first_name"),
    ("fields[first_name]=Bob", "011", "fields[first_name]"),
    ("Global[limit]=1", "011", "Global[limit]"),
    ("global[limit]=1&global[limit]=1", "006", "global[limit] was sent twice"),
    ("global[fields][a]=1&global[fields][b]=1&global[fields][a]=2", "006", "a was sent twice"),
    ("global[fields][a]=%ff", "006", "global[fields][a] is not valid"),
    ("global[fields][a]=%c3", "006", "global[fields][a]"),
    ("global[fields][a]=%ed%a0%80", "006", "global[fields][a]"),
    ("global[%ff]=1", "006", "name of a field"),
    ("global[fields][a]=x%00y", "006", "a holds a character"),
    ("global[a%00]=1", "011", "a"),
]


@pytest.mark.parametrize(("form", "code", "named"), ODD_FORMS)
def test_a_form_that_cannot_be_read_is_refused_by_name(form: str, code: str, named: str) -> None:
    body = form.encode()
    refused(post(body), code, named)
    if form.startswith("global"):
        refused(get(form), code, named)


def test_the_same_name_in_query_and_body_is_twice() -> None:
    refused(post(b"global[limit]=1", query="global[limit]=2"), "006", "global[limit]", "twice")


def test_so_many_values_and_no_more() -> None:
    pairs = [(f"global[fields][f{number}]", "") for number in range(tree.MOST_VALUES)]
    assert len(tree.parse(post(urlencode(pairs).encode())).fields) == tree.MOST_VALUES
    more = [*pairs, ("global[fields][last]", "")]
    for request in (post(urlencode(more).encode()), post(multipart(more), MULTIPART)):
        refused(request, "006", str(tree.MOST_VALUES))


@pytest.mark.parametrize(
    ("body", "code", "named"),
    [
        (b"{", "006", "The JSON is malformed"),
        (b"x", "006", "The JSON is malformed"),
        (b"[]", "006", "must be an object"),
        (b'"global"', "006", "must be an object"),
        (b"5", "006", "must be an object"),
        (b"null", "006", "must be an object"),
        (b'{"global": []}', "006", "global must be an object"),
        (b'{"global": "x"}', "006", "global must be an object"),
        (b'{"global": null}', "006", "global must be an object"),
        (b'{"fields": {}}', "011", "fields"),
        (b'{"global": {}, "x": 1}', "011", "x"),
        (b'{"global": {"fields": "x"}}', "006", "global[fields]"),
        (b'{"global": {"fields": [1]}}', "006", "global[fields]"),
        (b'{"global": {"fields": {"a": []}}}', "006", "a must be one value"),
        (b'{"global": {"fields": {"a": {}}}}', "006", "a must be one value"),
        (b'{"global": {"fields": {"a": {"b": 1}}}}', "006", "a must be one value"),
        (b'{"global": {"limit": [1]}}', "006", "global[limit]"),
        (b'{"global": {"limit": {}}}', "006", "global[limit]"),
        (b'{"global": {"": 1}}', "006", "global"),
        (b'{"global": {"fields": {"": 1}}}', "006", "global[fields]"),
        (b'{"global": {"a b": 1}}', "011", "a b"),
        (b'{"global": {"limit": 1, "limit": 1}}', "006", "global[limit] was sent twice"),
        (b'{"global": {"fields": {"a": 1, "a": 2}}}', "006", "a was sent twice"),
        (b'{"global": {"fields": {"a": 1}, "fields": {"a": 2}}}', "006", "a was sent twice"),
        (b'{"global": {"limit": NaN}}', "006", "malformed"),
        (b'{"global": {"limit": Infinity}}', "006", "malformed"),
        (b'{"global": {"fields": {"a": "\xff"}}}', "006", "The JSON is not valid"),
        (b'{"global": {"fields": {"a": "\\ud800"}}}', "006", "a holds a character"),
        (b'{"global": {"fields": {"a": "\\u0000"}}}', "006", "a holds a character"),
        (b'{"global": {"\\ud800": 1}}', "011", ""),
        (b'{"global": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "006", "too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "006", "too deeply"),
    ],
)
def test_json_that_cannot_be_read_is_refused_by_name(body: bytes, code: str, named: str) -> None:
    refused(post(body, "application/json"), code, named)


PART = b'------x7\r\nContent-Disposition: form-data; name="global[fields][a]"'
END = b"\r\n------x7--\r\n"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"x", "ended early"),
        (PART + b"\r\n\r\nx", "ended early"),
        (PART + b"\r\n\r\nx\r\n------x7\r\n", "ended early"),
        (PART + END, "malformed"),
        (PART + b"\r\nx" + END, "malformed"),
        (b"------x7junk\r\n\r\nx" + END, "malformed"),
        (b"------x7\r\n\r\nx" + END, "without a name"),
        (b"------x7\r\nContent-Type: text/plain\r\n\r\nx" + END, "without a name"),
        (b'------x7\r\nContent-Disposition: attachment; name="a"\r\n\r\nx' + END, "without a name"),
        (b"------x7\r\nContent-Disposition: form-data\r\n\r\nx" + END, "without a name"),
        (PART + b'; filename="a.txt"\r\n\r\nx' + END, "global[fields][a] must be a text, not a file"),
        (PART + b"; filename*=utf-8''a\r\n\r\nx" + END, "must be a text, not a file"),
        (PART + b"\r\nContent-Transfer-Encoding: base64\r\n\r\neA==" + END, "Content-Transfer-Encoding"),
        (PART + b"\r\nContent-Type: text/plain; charset=zlib\r\n\r\nx" + END, "charset"),
        (PART + b"\r\n\r\n\xff" + END, "global[fields][a] is not valid utf-8"),
        (PART + b"\xff\r\n\r\nx" + END, "name of a field is not valid"),
        (PART + b"\r\n\r\nx\r\n" + PART + b"\r\n\r\nx" + END, "a was sent twice"),
    ],
)
def test_a_multipart_body_that_cannot_be_read_is_refused(body: bytes, named: str) -> None:
    refused(post(body, MULTIPART), "006", named)


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "x" * 71, "; boundary=é"])
def test_parts_need_a_boundary(boundary: str) -> None:
    refused(post(multipart(PAIRS), f"multipart/form-data{boundary}"), "006", "boundary")


def test_a_value_may_hold_anything_but_the_boundary() -> None:
    value = "\r\n--\r\n------x\r\nContent-Disposition: form-data\r\n\r\n \t"
    body = multipart([("global[fields][notes]", value), ("global[fields][b]", "")])
    assert tree.parse(post(body, MULTIPART)).fields == {"notes": value, "b": ""}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "text/xml", "image/png", "multipart/mixed"]
)
def test_other_content_types_are_refused(kind: str) -> None:
    refused(post(b"x", kind), "006", "Content-Type")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("global[api_method]=x", True),
        ("a=b&global%5Bapi_method%5D=x", True),
        ("", False),
        ("Scan", False),
        ("&sso=M000001&token=x", False),
        ("q=global[x]", False),
        ("global=1", False),
    ],
)
def test_the_start_page_and_calls_are_told_apart(query: str, found: bool) -> None:  # noqa: FBT001
    assert tree.is_call(get(query)) is found
    assert tree.is_call(post(b"", query=query))


def read_or_refused(request: HttpRequest) -> None:
    """It comes to texts that can be written out again, or to a short message about what is wrong."""
    try:
        call = tree.parse(request)
    except RpcError as error:
        found: Any = error
    else:
        json.dumps([call.fields, call.options], ensure_ascii=False).encode()
        assert all(isinstance(value, str) for value in (call.fields | call.options).values())
        return
    assert found.code in {"006", "011"}
    assert len(found.message) < 300


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NAMES = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=64)


@given(fields=st.dictionaries(NAMES, TEXTS, max_size=8), search=TEXTS)
def test_any_text_arrives_as_it_was_sent(fields: dict[str, str], search: str) -> None:
    pairs = [("global[member_search]", search)]
    pairs += [(f"global[fields][{name}]", value) for name, value in fields.items()]
    body = json.dumps({"global": {"member_search": search, "fields": fields}}).encode()
    for request in (
        get(urlencode(pairs)),
        post(urlencode(pairs).encode()),
        post(multipart(pairs), MULTIPART),
        post(body, "application/json"),
    ):
        call = tree.parse(request)
        assert (call.fields, call.options) == (fields, {"member_search": search})


@given(
    body=st.binary(max_size=200) | st.text('global[fields]=&%\0{}":,.\r\n-x7', max_size=80).map(str.encode),
    kind=st.sampled_from([FORM, MULTIPART, "application/json", f"{FORM}; charset=utf-16"]),
    query=st.text("global[fields]=&%+;x\x00\xff", max_size=40),
)
@example(body=b"\xff\xfe", kind=f"{FORM}; charset=utf-16", query="")
def test_any_bytes_are_read_or_refused(body: bytes, kind: str, query: str) -> None:
    read_or_refused(post(body, kind, query))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | NAMES, inner, max_size=3),
)


@given(tree_=_JSON)
def test_any_json_is_read_or_refused(tree_: Any) -> None:
    for wrapped in (tree_, {"global": tree_}, {"global": {"fields": tree_}}):
        read_or_refused(post(json.dumps(wrapped).encode(), "application/json"))
