"""How the tests call the RPC dialect, and what every answer of it must look like."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from django.http.response import HttpResponseBase
from django.test import Client
from django.utils import timezone

from tests.factories import HTTPS

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
# Words that only a trace, a query or a file name would bring into an answer.
TRACES = ("Traceback", ".py", ", line ", "SELECT ", "INSERT ", "psycopg", "sqlite", "django", "orjson")


def gmt(**ahead: float) -> str:
    """The time as callers say it."""
    return f"{timezone.now() + dt.timedelta(**ahead):%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True)
class Answered:
    """An answer, taken apart."""

    response: HttpResponseBase
    text: str
    status: str | None
    error: str | None
    data: list[dict[str, Any]] | None

    @property
    def code(self) -> str:
        """The number of the error, "" for a success."""
        return (self.error or "").partition(":")[0]

    @property
    def row(self) -> dict[str, Any]:
        """The only row."""
        assert self.error is None, self.error
        assert self.data is not None
        (only,) = self.data
        return only

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All rows of a search, whose status counts them."""
        assert self.error is None, self.error
        assert self.data is not None
        assert self.status == f"{len(self.data)} results found"
        return self.data

    @property
    def done(self) -> Answered:
        """Itself, if it is a success."""
        assert self.error is None, self.error
        return self

    def refused(self, code: str, *named: str) -> str:
        """The message of an error with this code; it speaks of what is named, and shows no trace."""
        assert self.error is not None, self.text
        number, _, message = self.error.partition(": ")
        assert number == code, self.error
        assert all(name in message for name in named), self.error
        assert len(message) > 10
        assert not any(trace in self.text for trace in TRACES), self.error
        return message


class Rpc:
    """Calls methods of the RPC dialect as a till would."""

    def __init__(self, api_key: str = "") -> None:
        self.api_key = api_key
        self.client = Client(raise_request_exception=False)

    def __call__(self, method: str, fields: dict[str, Any] | None = None, **options: Any) -> Answered:
        """A call with a form, answered in JSON."""
        return answered(self.form(self.pairs(method, fields, **({"api_format": "json"} | options))))

    def pairs(
        self, method: str | None, fields: dict[str, Any] | None = None, **options: Any
    ) -> list[tuple[str, str]]:
        """The names and values of a call, as PHP sends them; what is None is left out."""
        given = {"api_key": self.api_key, "api_time": gmt(), "api_method": method} | options
        found = [(f"global[{name}]", str(value)) for name, value in given.items() if value is not None]
        return found + [(f"global[fields][{name}]", str(value)) for name, value in (fields or {}).items()]

    def form(self, pairs: list[tuple[str, str]], path: str = "/", **environ: Any) -> HttpResponseBase:
        """POST a form."""
        kind = environ.pop("content_type", "application/x-www-form-urlencoded")
        return self.send("POST", urlencode(pairs).encode(), kind, path, **environ)

    def query(self, pairs: list[tuple[str, str]], path: str = "/", **environ: Any) -> HttpResponseBase:
        """GET with a query."""
        return self.send("GET", path=path, QUERY_STRING=urlencode(pairs), **environ)

    def json(self, tree: Any, path: str = "/rpc", **environ: Any) -> HttpResponseBase:
        """POST JSON; bytes as they are."""
        body = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
        return self.send("POST", body, "application/json", path, **environ)

    def send(
        self, method: str, body: bytes = b"", kind: str = "", path: str = "/rpc", **environ: Any
    ) -> HttpResponseBase:
        """Any request."""
        return self.client.generic(  # type: ignore[no-any-return, unused-ignore]
            method, path, body, content_type=kind, **{"SERVER_NAME": "shop.example"} | HTTPS | environ
        )

    def tree(
        self, method: str | None, fields: dict[str, Any] | None = None, **options: Any
    ) -> dict[str, Any]:
        """A call as JSON has it."""
        found = {"api_key": self.api_key, "api_time": gmt(), "api_method": method} | options
        return {"global": found | ({} if fields is None else {"fields": fields})}


def body_of(response: HttpResponseBase) -> str:
    """The body as text, streamed or not."""
    if response.streaming:
        # Read to its end it is closed, by the client.
        return b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    return bytes(response.content).decode()  # type: ignore[attr-defined]


def answered(response: HttpResponseBase) -> Answered:
    """An answer of any format, after checking what all answers have in common."""
    text = body_of(response)
    headers = response.headers
    assert response.status_code in {200, 429, 500, 503}, response.status_code
    assert int(headers["Content-Length"]) == len(text.encode())
    assert int(headers["X-RateLimit-Limit"]) > 0
    assert 0 <= int(headers["X-RateLimit-Remaining"]) < int(headers["X-RateLimit-Limit"])
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert ("Retry-After" in headers) >= (response.status_code in {429, 503})
    if headers["Content-Type"] == "application/json":
        found = json.loads(text)
        assert found.keys() in ({"status"}, {"status", "data"}, {"error"})
        return Answered(response, text, found.get("status"), found.get("error"), found.get("data"))
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    return _xml(response, text)


def _xml(response: HttpResponseBase, text: str) -> Answered:
    assert text.startswith(DECLARATION)
    inner = text.removeprefix(DECLARATION)
    root = ET.fromstring(inner if inner.startswith("<response>") else f"<response>{inner}</response>")  # noqa: S314 - our own
    assert [child.tag for child in root] in (["status"], ["status", "data"], ["error"])
    status, error, data = root.find("status"), root.find("error"), root.find("data")
    rows = None if data is None else [_row(row) for row in data]
    return Answered(
        response,
        text,
        None if status is None else status.text or "",
        None if error is None else error.text or "",
        rows,
    )


def _row(row: ET.Element) -> dict[str, Any]:
    assert row.tag == "row"
    found: dict[str, Any] = {}
    for field in row:
        assert re.fullmatch("[a-z_][a-z0-9_]*", field.tag)
        assert field.tag not in found
        found[field.tag] = [_row(one) for one in field] if len(field) else field.text or ""
    return found
