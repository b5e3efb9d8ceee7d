"""How the tests talk to the RPC dialect."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.test import Client

from tests.factories import HTTPS, Shop

Row = dict[str, Any]


class Refused(Exception):  # noqa: N818 - an answer, not a fault of the test
    """The answer was an error."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.code, _, self.message = text.partition(": ")


class Till:
    """Calls methods with a shop's key and reads the answers as JSON."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.client = Client(raise_request_exception=True)

    def payload(
        self, method: str, fields: dict[str, Any] | None = None, options: dict[str, Any] | None = None
    ) -> dict[str, str]:
        """A call as a form sends it."""
        sent = {
            "api_key": self.shop.api_key,
            "api_time": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S}",
            "api_method": method,
            "api_format": "json",
        } | (options or {})
        form = {f"global[{name}]": str(value) for name, value in sent.items()}
        return form | {f"global[fields][{name}]": str(value) for name, value in (fields or {}).items()}

    def raw(
        self, method: str, fields: dict[str, Any] | None = None, options: dict[str, Any] | None = None
    ) -> Any:
        """The response itself."""
        environ: dict[str, Any] = {"SERVER_NAME": "shop.example"} | HTTPS
        return self.client.post("/rpc", self.payload(method, fields, options), **environ)

    def ask(
        self, method: str, fields: dict[str, Any] | None = None, options: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer, or Refused."""
        response = self.raw(method, fields, options)
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = json.loads(b"".join(response))
        if "error" in answer:
            assert set(answer) == {"error"}
            raise Refused(answer["error"])
        return answer

    def call(self, method: str, fields: dict[str, Any] | None = None, **options: Any) -> list[Row]:
        """The rows of the answer, or Refused."""
        answer = self.ask(method, fields, options)
        rows: list[Row] = answer.get("data", [])
        return rows

    def one(self, method: str, fields: dict[str, Any] | None = None, **options: Any) -> Row:
        """The only row of the answer, or Refused."""
        (row,) = self.call(method, fields, **options)
        return row

    def refusal(self, method: str, fields: dict[str, Any] | None = None, **options: Any) -> Refused:
        """What the call is refused with; it must be."""
        try:
            answer = self.ask(method, fields, options)
        except Refused as refused:
            return refused
        raise AssertionError(f"{method} was carried out: {answer}")
