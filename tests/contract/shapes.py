"""Shapes of documented answers, and what a documented request is made of.

In requests, `<customer>` and the like stand for records of the test's shop.

Shapes: a type is a JSON type (`int` is no boolean, and `float` is written with a point), a value is exactly
this value, a pattern a text of this form, a tuple one of several; a list holds one row or more of one shape.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
QR_CODE = re.compile(r"[0-9a-f]{16}")
CARD_URL = re.compile(r"https://shop\.example/card/[0-9a-f]{16}")
JOIN_URL = re.compile(r"https://shop\.example/join/[0-9a-f]+")
TEMP_PASSWORD = re.compile(r"[0-9a-f]{12}")
ONE_OR_ZERO = (1, 0)

PAGE = {"total": int, "page": 1, "per_page": 20, "pages": int}


@dataclass(frozen=True)
class Documented:
    """One documented request and its answer."""

    method: str
    path: str
    data: Any
    query: str = ""
    body: dict[str, Any] | None = None
    status: int = 200
    meta: dict[str, Any] | None = None
    # Fields that we add to the sample, and why they may be there.
    extra: dict[str, str] = field(default_factory=dict)
    extra_meta: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How pytest calls the request."""
        return f"{self.method} {self.path}"
