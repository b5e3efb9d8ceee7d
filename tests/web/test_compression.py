"""What people look at is sent compressed; what programs read is not."""

from __future__ import annotations

import gzip

import pytest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client

from tests.factories import HTTPS, make_shop
from tests.rpc.support import Rpc

pytestmark = pytest.mark.django_db

SMALLER = {"Accept-Encoding": "gzip, br"}
STYLE = "/static/regulars/base.css"


def get(path: str, **headers: str) -> HttpResponse:
    return Client().get(path, headers=headers, **HTTPS)  # type: ignore[return-value]


def body(response: HttpResponseBase) -> bytes:
    content = response.getvalue()
    response.close()
    return content


@pytest.mark.parametrize("path", [STYLE, "/", "/static/regulars/theme.js", "/static/regulars/icon.svg"])
def test_pages_and_files_are_smaller_and_the_same(path: str) -> None:
    small, plain = get(path, **SMALLER), get(path)
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    packed, whole = body(small), body(plain)
    assert gzip.decompress(packed) == whole
    assert len(packed) < len(whole)
    assert "Accept-Encoding" in small.headers["Vary"]


def test_a_browser_that_has_a_file_is_told_so() -> None:
    first = get(STYLE, **SMALLER)
    first.close()
    again = get(STYLE, **SMALLER, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, body(again)) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


def test_a_compressed_file_is_not_named_like_the_plain_one() -> None:
    """Bytes that differ never share a strong tag (RFC 9110, 8.8.1): parts of both would be put together."""
    small, plain = get(STYLE, **SMALLER), get(STYLE)
    small.close()
    plain.close()
    assert small.headers["ETag"] == f"W/{plain.headers['ETag']}"
    again = get(STYLE, **{"If-None-Match": plain.headers["ETag"]})
    assert (again.status_code, again.headers["ETag"]) == (304, plain.headers["ETag"])


def test_a_part_of_a_file_is_sent_as_it_is() -> None:
    whole = body(get(STYLE))
    part = get(STYLE, **SMALLER, Range="bytes=0-1999")
    assert (part.status_code, part.headers["Content-Range"]) == (206, f"bytes 0-1999/{len(whole)}")
    assert "Content-Encoding" not in part.headers
    assert body(part) == whole[:2000]


@pytest.mark.parametrize("tag", ['W/"same"', '"another"'])
def test_a_part_of_another_file_is_not_sent(tag: str) -> None:
    answer = get(STYLE, Range="bytes=0-1999", **{"If-Range": tag})
    assert (answer.status_code, len(body(answer)) > 2000) == (200, True)


def test_answers_for_programs_are_left_alone() -> None:
    shop = make_shop()
    for _ in range(20):
        shop.enrol()
    answer = get("/api/customers?per_page=100", **SMALLER, **{"X-Api-Key": shop.api_key})
    assert answer.status_code == 200
    assert len(answer.content) > 2000
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("address", ["/rpc", "/rpc/", "/"])
def test_answers_to_calls_are_left_alone_at_every_address(address: str) -> None:
    shop = make_shop()
    for _ in range(20):
        shop.enrol()
    till = Rpc(shop.api_key)
    for answer in (
        till.form(till.pairs("get_members"), address, HTTP_ACCEPT_ENCODING="gzip"),
        till.query(till.pairs("get_members"), address, HTTP_ACCEPT_ENCODING="gzip"),
    ):
        assert "Content-Encoding" not in answer.headers
        assert "20 results found" in body(answer).decode()
    assert get("/rpc/docs", **SMALLER).headers["Content-Encoding"] == "gzip"
