"""`GET /api/request-log`."""

from __future__ import annotations

import pytest

from regulars.requestlog import buffer
from tests.api.support import Rest, forget, invalid, meta, ok
from tests.factories import Shop, make_shop
from tests.rpc.support import Rpc

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    forget()
    buffer._buffer.take()
    return make_shop()


def test_the_latest_calls_come_first_page_by_page(shop: Shop) -> None:
    rest = Rest(shop)
    ok(rest.get("/api/stats"))
    Rpc(shop.api_key)("edit_member", {"code": "M1"})
    buffer.flush()
    response = rest.get("/api/request-log", per_page=1)
    assert meta(response) == {"total": 2, "page": 1, "per_page": 1, "pages": 2}
    (row,) = ok(response)
    assert row.pop("milliseconds") >= 0
    assert row.pop("id") > 0
    assert len(row.pop("at")) == 19
    assert row.pop("key_id") > 0
    assert row == {
        "api": "rpc",
        "method": "POST",
        "target": "edit_member",
        "outcome": "refused",
        "status": 200,
        "code": "007",
        "key_name": "First key",
        "address": "127.0.0.1",
    }
    (second,) = ok(rest.get("/api/request-log", per_page=1, page=2))
    assert (second["target"], second["outcome"]) == ("/api/stats", "ok")
    assert [one["target"] for one in ok(rest.get("/api/request-log", outcome="ok"))] == ["/api/stats"]
    assert ok(rest.get("/api/request-log", api="rpc", outcome="failed")) == []
    buffer.flush()
    assert ok(rest.get("/api/request-log"))[0]["target"] == "/api/request-log"


def test_filters_that_are_none_are_refused(shop: Shop) -> None:
    rest = Rest(shop)
    for bad in ({"outcome": "good"}, {"api": "soap"}, {"key_id": 0}, {"page": 0}):
        invalid(rest.get("/api/request-log", **bad), *bad)
