"""A retry that comes while the first request still runs."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from regulars.tenants import idempotency
from tests.api.support import Rest, ok, refused, text_of, values
from tests.factories import Shop


@pytest.mark.django_db(transaction=True)
def test_while_the_first_request_runs_its_retry_waits(shop: Shop, database: str) -> None:
    """PostgreSQL says 409 at once; SQLite, with one writer at a time, lets the retry wait and replays."""
    rest, card = Rest(shop), shop.enrol()
    body, key = {"qr_code": card.qr_code}, {"Idempotency-Key": "k"}
    ok(rest.get("/api/stats"))
    entered, leave, found = threading.Event(), threading.Event(), []
    keep = idempotency.keep

    def slow_keep(**stored: Any) -> None:
        entered.set()
        assert leave.wait(20)
        keep(**stored)

    def first() -> None:
        try:
            found.append(Rest(shop).post("/api/stamps/add", body, headers=key))
        finally:
            connection.close()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(idempotency, "keep", slow_keep)
        thread = threading.Thread(target=first)
        thread.start()
        assert entered.wait(20)
        if database == "postgresql":
            running = rest.post("/api/stamps/add", body, headers=key)
            threading.Timer(0.1, leave.set).start()
            thread.join(30)
        else:
            running = None
            threading.Timer(0.1, leave.set).start()
        again = rest.post("/api/stamps/add", body, headers=key)
        thread.join(30)
    if running is not None:
        refused(running, 409, "idempotency_still_running")
        assert running.headers["Retry-After"] == "1"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert text_of(again) == text_of(found[0])
    assert values(ok(rest.get("/api/transactions")), "stamps_added") == [1]
