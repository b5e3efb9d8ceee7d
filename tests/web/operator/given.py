"""An operator at the admin, as far as requests go."""

from __future__ import annotations

from typing import Any

from django.test import Client

from regulars.tenants import operators
from regulars.tenants.models import User

REASON = {"reason": "They asked for it"}


class Operator:
    """A browser in which an operator is signed in."""

    def __init__(self, email: str = "olga@harbour.example", name: str = "Olga") -> None:
        self.user: User = operators.add_operator(email=email, name=name).user
        self.client = Client(SERVER_NAME="shop.example")
        self.client.force_login(self.user, backend="regulars.tenants.backends.StaffBackend")

    def get(self, path: str = "", **query: str) -> Any:
        """Look at a page below /admin/."""
        return self.client.get(f"/admin/{path}", query, secure=True)

    def text(self, path: str = "", **query: str) -> str:
        """What a page says, which must be there."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, (path, answer.status_code)
        return str(answer.content.decode())

    def do(self, path: str, **fields: Any) -> Any:
        """Press the button of a deed's page."""
        return self.client.post(f"/admin/{path}", fields, secure=True)
