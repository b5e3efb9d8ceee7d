"""What the tables of requests are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.factories import Shop


@dataclass(frozen=True)
class Things:
    """A shop with one of everything, and the texts by which an answer would give it away.

    `ids` holds records of further rooms by resource and parameter, such as "campaigns campaign_id".
    """

    shop: Shop
    customer_id: int
    qr_code: str
    branch_id: int
    empty_branch_id: int
    staff_id: int
    owner_id: int
    marks: tuple[str, ...]
    ids: dict[str, int] = field(default_factory=dict)
    printed: str = "e" * 16  # the code of a card that nobody has yet


@dataclass(frozen=True)
class Call:
    """A request: `path` fills the address's parameters; `status` is what it must answer."""

    status: int = 200
    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | None = None

    @property
    def named(self) -> set[str]:
        """The parameters and fields that the call fills."""
        return self.path.keys() | self.query.keys() | (self.body or {}).keys()
