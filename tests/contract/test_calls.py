"""Every documented request, with both ways of giving the key, gets an answer of the documented shape."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.http.response import HttpResponseBase

from tests.api.routes import operations
from tests.api.support import Rest, text_of
from tests.contract.calls import BEYOND, CALLS
from tests.contract.shapes import Documented
from tests.contract.sunrise import Sunrise

pytestmark = pytest.mark.django_db

KEY_HEADERS = {"X-Api-Key": "{key}", "Authorization": "Bearer {key}"}


def filled(value: Any, names: dict[str, str | int]) -> Any:
    """A call with its placeholders replaced: alone by the record's own value, within text by its text."""
    if isinstance(value, dict):
        return {key: filled(one, names) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(filled(one, names) for one in value)
    if not isinstance(value, str):
        return value
    if value[1:-1] in names:
        return names[value[1:-1]]
    return re.sub(r"<(\w+)>", lambda found: str(names[found[1]]), value)


def mismatch(found: Any, shape: Any, extra: set[str], at: str = "data") -> str:
    """Where an answer is not of its shape, or ""."""
    if isinstance(shape, dict):
        return _mismatched_object(found, shape, extra, at)
    if isinstance(shape, list):
        return _mismatched_list(found, shape[0], extra, at)
    if isinstance(shape, tuple):
        fits = any(not mismatch(found, one, extra, at) for one in shape)
    elif isinstance(shape, type):
        fits = type(found) is shape
    elif isinstance(shape, re.Pattern):
        fits = isinstance(found, str) and bool(shape.fullmatch(found))
    else:
        fits = type(found) is type(shape) and found == shape
    return "" if fits else f"{at}: {found!r} is not {shape!r}"


def _mismatched_list(found: Any, shape: Any, extra: set[str], at: str) -> str:
    if not isinstance(found, list) or not found:
        return f"{at}: {found!r} is not a list with rows"
    rows = (mismatch(row, shape, extra, f"{at}[{number}]") for number, row in enumerate(found))
    return next(filter(None, rows), "")


def _mismatched_object(found: Any, shape: dict[str, Any], extra: set[str], at: str) -> str:
    if not isinstance(found, dict):
        return f"{at}: {found!r} is not an object"
    if found.keys() != shape.keys() | extra:
        return f"{at}: has {sorted(found.keys() ^ (shape.keys() | extra))} more or less than documented"
    parts = (mismatch(found[key], part, set(), f"{at}.{key}") for key, part in shape.items())
    return next(filter(None, parts), "")


def sent(call: Documented, sunrise: Sunrise, header: str) -> HttpResponseBase:
    key = {header: KEY_HEADERS[header].format(key=sunrise.shop.api_key)}
    body = None if call.body is None else filled(call.body, sunrise.names)
    path, query = filled(call.path, sunrise.names), filled(call.query, sunrise.names)
    return Rest().send(call.method, path, body, query=query, headers=key)


@pytest.mark.parametrize("header", KEY_HEADERS)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_answer_has_the_documented_shape(call: Documented, header: str, sunrise: Sunrise) -> None:
    response = sent(call, sunrise, header)
    assert response.status_code == call.status, text_of(response)
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    assert response.headers["X-RateLimit-Limit"] == "300"  # the professional plan's
    assert response.headers["X-RateLimit-Remaining"] == "299"
    found = json.loads(text_of(response))
    assert found.keys() == ({"data", "meta"} if call.meta else {"data"})
    assert not mismatch(found["data"], filled(call.data, sunrise.names), set(call.extra))
    if call.meta:
        assert not mismatch(found["meta"], call.meta, set(call.extra_meta), "meta")


def test_every_operation_that_is_served_is_documented_or_said_to_go_beyond() -> None:
    documented = {re.sub("<\\w+>", "{}", call.name) for call in CALLS}
    assert not documented & BEYOND.keys()
    assert documented | BEYOND.keys() == {re.sub(r"\{\w+\}", "{}", name) for name in operations()}


@pytest.mark.parametrize(
    ("found", "shape"),
    [
        (True, int),
        (1, bool),
        (1, float),
        (1.0, int),
        (True, (1, 0)),
        ("1", 1),
        (None, str),
        ([], [int]),
        ([1, "a"], [int]),
        ({}, {"a": int}),
        ({"a": 1, "b": 2}, {"a": int}),
        ({"a": {"b": "c"}}, {"a": {"b": int}}),
        ("2026-06-01", re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")),
    ],
)
def test_a_wrong_answer_is_noticed(found: Any, shape: Any) -> None:
    assert mismatch(found, shape, set())
