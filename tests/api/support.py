"""How the tests talk to the REST dialect, and what every answer of it must look like."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client

from regulars.tenants import identity, ratelimit
from regulars.tenants.plans import PLANS
from tests.factories import HTTPS, Shop, make_shop

# Words that only a trace, a query or a file name would bring into an answer.
TRACES = ("Traceback", ".py", ", line ", "SELECT ", "INSERT ", "psycopg", "sqlite", "django", "pydantic")


class Clock:
    """Stands in for the monotonic clock that rate limits and remembered keys look at."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def monotonic(self) -> float:
        return self.now


class Rest:
    """Sends requests to the REST dialect as a shop's till would."""

    def __init__(self, shop: Shop | None = None, **headers: str) -> None:
        self.headers = ({"X-Api-Key": shop.api_key} if shop else {}) | headers
        self.client = Client(raise_request_exception=False)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, Any] | str = "",
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
        **environ: Any,
    ) -> HttpResponseBase:
        """`body` is sent as it is when it is bytes, else as JSON. A `query` in text is sent as it is."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if isinstance(query, dict):
            environ["query_params"] = query
        elif query:
            environ["QUERY_STRING"] = query
        return self.client.generic(  # type: ignore[no-any-return, unused-ignore]
            method,
            path,
            content,
            content_type=content_type if content else "",
            headers=self.headers | (headers or {}),
            **{"SERVER_NAME": "shop.example"} | HTTPS | environ,
        )

    def get(self, path: str, **query: Any) -> HttpResponseBase:
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Any = None, **more: Any) -> HttpResponseBase:
        return self.send("POST", path, {} if body is None else body, **more)

    def patch(self, path: str, body: Any, **more: Any) -> HttpResponseBase:
        return self.send("PATCH", path, body, **more)

    def delete(self, path: str, **more: Any) -> HttpResponseBase:
        return self.send("DELETE", path, **more)


def text_of(response: HttpResponseBase) -> str:
    """The body as text."""
    return bytes(response.content).decode()  # type: ignore[attr-defined]


def answer(response: HttpResponseBase) -> Any:
    """The JSON of any answer, after checking what all answers have in common."""
    assert response.headers["Content-Type"] == "application/json"
    assert int(response.headers["X-RateLimit-Limit"]) > 0
    remaining = int(response.headers["X-RateLimit-Remaining"])
    assert 0 <= remaining < int(response.headers["X-RateLimit-Limit"])
    assert response.headers["Cache-Control"] == "no-store"
    if "Retry-After" in response.headers:
        assert response.status_code in {409, 429, 503}
        assert int(response.headers["Retry-After"]) >= 1
    else:
        assert response.status_code not in {429, 503}
    return json.loads(text_of(response))


def ok(response: HttpResponseBase, status: int = 200) -> Any:
    """The data of a success."""
    found = answer(response)
    assert response.status_code == status, found
    assert found.keys() <= {"data", "meta"}
    return found["data"]


def meta(response: HttpResponseBase) -> dict[str, int]:
    """The meta part of a list."""
    found = answer(response)
    assert response.status_code == 200, found
    return dict(found["meta"])


def refused(response: HttpResponseBase, status: int, code: str, *fields: str) -> dict[str, Any]:
    """The error of a refusal, after checking its envelope, its fields, and that it shows no trace."""
    found = answer(response)
    assert response.status_code == status, found
    assert found.keys() == {"error"}
    error: dict[str, Any] = found["error"]
    assert error["code"] == code, error
    assert error["fields"].keys() == set(fields), error
    assert all(isinstance(text, str) and text for text in error["fields"].values())
    assert isinstance(error["message"], str)
    assert len(error["message"]) > 10
    no_trace(response)
    return error


def invalid(response: HttpResponseBase, *fields: str) -> dict[str, Any]:
    """The error of a 400 that names these fields."""
    error = refused(response, 400, "invalid_input", *fields)
    assert all(field in error["message"] for field in fields), error
    return error


def no_trace(response: HttpResponseBase) -> None:
    """An answer never shows how we are built."""
    shown = text_of(response)
    for trace in TRACES:
        assert trace not in shown, shown


def take_away(monkeypatch: pytest.MonkeyPatch, feature: str) -> None:
    """The plan of the shops lacks a feature from here on, and no key remembers that it had it."""
    without: dict[str, Any] = {feature: False}
    monkeypatch.setitem(PLANS, "self_hosted", dataclasses.replace(PLANS["self_hosted"], **without))
    identity.forget()


def forget() -> None:
    """Rate limits and remembered keys begin anew."""
    ratelimit._store.cache_clear()
    identity.forget()


@cache
def tables() -> list[str]:
    """All tables of the product, and Django's."""
    with connection.cursor() as cursor:
        return sorted(connection.introspection.table_names(cursor))


def dump(*, business_id: int | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table; of one business where a table knows businesses."""
    found = {}
    for table in tables():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description or ()]
            rows = cursor.fetchall()
        if business_id is not None:
            owner = "id" if table == "tenants_business" else "business_id"
            if owner not in columns:
                continue
            place = columns.index(owner)
            rows = [row for row in rows if row[place] == business_id]
        # When a key was last used is noted at each first sight of it: no change of anybody's data.
        hidden = columns.index("last_used_at") if "last_used_at" in columns else -1
        if hidden >= 0:
            rows = [row[:hidden] + row[hidden + 1 :] for row in rows]
        found[table] = sorted(rows, key=repr) if len(rows) > 1 else rows
    return found


def values(rows: list[dict[str, Any]], key: str) -> list[Any]:
    """One key of every row."""
    return [row[key] for row in rows]


def pages(rest: Rest, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """All rows of a list, page after page."""
    number = 1
    while True:
        response = rest.get(path, page=number, **query)
        yield from ok(response)
        if number >= meta(response)["pages"]:
            return
        number += 1


def on_plan(plan: str) -> Shop:
    """A new shop on a plan."""
    return make_shop(plan=plan)


def counted(response: HttpResponseBase) -> tuple[int, int, int]:
    """Status, limit and what is left, as an answer says them."""
    answer(response)
    headers = response.headers
    return response.status_code, int(headers["X-RateLimit-Limit"]), int(headers["X-RateLimit-Remaining"])
