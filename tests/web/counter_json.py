"""A browser at the counter in tests, without a page."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.http.response import HttpResponseBase
from django.test import Client

from regulars.ledger.models import Card
from tests.api.support import no_trace
from tests.factories import HTTPS, Shop

PASSWORD = "a long password"  # make_shop's


class Counter:
    """A browser at /scan/."""

    def __init__(self, shop: Shop | None = None, *, address: str = "127.0.0.1", **headers: str) -> None:
        self.client = Client(headers={"Sec-Fetch-Site": "same-origin"} | headers, REMOTE_ADDR=address)
        self.shop = shop
        if shop is not None:
            answer = self.ok("sign-in", email=shop.owner.user.email, password=PASSWORD)
            assert answer["state"] == "operator"

    def send(self, path: str, body: Any = None, method: str = "POST", **headers: str) -> HttpResponseBase:
        content = body if isinstance(body, bytes) else json.dumps(body or {})
        address = f"/scan/api/{path}"
        if method == "GET":
            return self.client.get(address, headers=headers, **HTTPS)
        return self.client.post(address, content, content_type="application/json", headers=headers, **HTTPS)

    def answer(self, response: HttpResponseBase) -> Any:
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
        no_trace(response)
        return json.loads(response.content)  # type: ignore[attr-defined]

    def ok(self, path: str, **body: Any) -> Any:
        found = self.answer(response := self.send(path, body))
        assert response.status_code == 200, found
        return found["data"]

    def get(self, path: str) -> Any:
        found = self.answer(response := self.send(path, method="GET"))
        assert response.status_code == 200, found
        return found["data"]

    def refused(self, path: str, status: int, code: str, /, *fields: str, **body: Any) -> Any:
        found = self.answer(response := self.send(path, body))
        assert (response.status_code, found["error"]["code"]) == (status, code), found
        assert set(found["error"]["fields"]) == set(fields), found
        assert found["error"]["message"].endswith((".", "?")), found
        return found["error"]

    def act(self, kind: str, card: Card | None = None, **body: Any) -> Any:
        who = {} if card is None else {"member_id": card.pk}
        return self.ok("act", **({"kind": kind, "client_id": new_id()} | who | body))


def new_id() -> str:
    return str(uuid.uuid4())
