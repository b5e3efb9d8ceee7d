"""What people look at is sent compressed; what programs read is not."""

from __future__ import annotations

import gzip

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.factories import HTTPS, make_shop

pytestmark = pytest.mark.django_db

SMALLER = {"Accept-Encoding": "gzip, br"}
STYLE = "/static/regulars/base.css"


def get(path: str, **headers: str) -> HttpResponse:
    return Client().get(path, headers=headers, **HTTPS)  # type: ignore[return-value]


def body(response: HttpResponse) -> bytes:
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


def test_answers_for_programs_are_left_alone() -> None:
    shop = make_shop()
    for _ in range(20):
        shop.enrol()
    answer = get("/api/customers?per_page=100", **SMALLER, **{"X-Api-Key": shop.api_key})
    assert answer.status_code == 200
    assert len(answer.content) > 2000
    assert "Content-Encoding" not in answer.headers
