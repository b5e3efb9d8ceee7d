"""What a server hands on and Django would fail over before anybody of ours is asked."""

from __future__ import annotations

import io
from typing import Any

import pytest

from regulars.gate import Gate
from regulars.wsgi import application

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded; charset*=utf-8''%00",
        "application/x-www-form-urlencoded; charset*=nonsense''x",
        "multipart/form-data; boundary*=nonsense''x",
        "*/*",
        "",
    ],
)
def test_any_content_type_is_answered(kind: str) -> None:
    found: list[str] = []

    def start(status: str, *_: Any) -> Any:
        found.append(status)

    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/rpc",
        "QUERY_STRING": "",
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "443",
        "REMOTE_ADDR": "192.0.2.7",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": "12",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(b"global[a]=1\n"),
        "wsgi.errors": io.StringIO(),
    }
    body = b"".join(Gate(application, 1)(environ, start))
    assert found == ["200 OK"]
    assert b"<error>00" in body
