"""Small shops for tests. Alice owns, Bob works for her, Charlie is the stranger of another shop."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from regulars.ledger import actions as ledger
from regulars.ledger.models import Card
from regulars.tenants import actions as tenants
from regulars.tenants.models import Branch, Business, Staff

_numbers = count(1)


@dataclass(frozen=True)
class Shop:
    """A business with its owner and API key."""

    business: Business
    owner: Staff
    api_key: str

    @property
    def id(self) -> int:
        return self.business.pk

    def enrol(self, name: str = "Priya Sharma", **fields: Any) -> Card:
        """A new customer's card; without phone or email a new phone is made up, where one is needed."""
        contact = fields.get("phone") or fields.get("cell") or fields.get("email")
        if not contact and fields.get("contact_required", True):
            fields["phone"] = f"+9198765{next(_numbers):05d}"
        return ledger.enrol(business=self.business, name=name, **fields)

    def branch(self, name: str = "Koramangala", **fields: Any) -> Branch:
        """A new branch."""
        return tenants.create_branch(business=self.business, name=name, **fields)

    def stamp(self, card: Card, number: int = 1, **fields: Any) -> ledger.StampsAdded:
        """Give stamps, ten at most in a call."""
        while number > 10:
            ledger.add_stamps(business_id=self.id, qr_code=card.qr_code, count=10, **fields)
            number -= 10
        return ledger.add_stamps(business_id=self.id, qr_code=card.qr_code, count=number, **fields)


HTTPS: dict[str, Any] = {"wsgi.url_scheme": "https"}


def make_shop(name: str = "Alice's Café", **fields: Any) -> Shop:
    """A shop in Bengaluru with a goal of eight stamps, unless said otherwise."""
    given = {
        "owner_email": f"owner{next(_numbers)}@shop.example",
        "owner_name": "Alice",
        "country": "IN",
        "timezone": "Asia/Kolkata",
        "currency": "INR",
        "owner_password": "a long password",
    }
    made = tenants.create_business(name=name, **(given | fields))
    return Shop(made.business, made.owner, made.api_key)
