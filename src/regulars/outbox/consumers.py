"""Who wants to hear of events inside the house. Rooms above this one enter here what they do with them.

A consumer is called in the transaction that marks the events as passed on, so each event reaches it once, in
the order of their ids. What it raises is logged and costs it those events, never the others theirs.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that is being passed on. `payload` is shared by all consumers: nobody changes it."""

    id: int
    business_id: int
    uid: str
    type: str
    version: int
    member_id: int | None
    payload: dict[str, Any]
    created_at: dt.datetime


class Handle(Protocol):
    """Acts on events, of any number of businesses, within the caller's transaction. No network in here."""

    def __call__(self, *, events: list[Pending]) -> None:
        """Act on them."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """Somebody who wants to hear of events of these types; of all when `types` is None."""

    name: str
    types: frozenset[str] | None
    handle: Handle

    def wanted(self, events: list[Pending]) -> list[Pending]:
        """Those of the events that it wants to hear of."""
        if self.types is None:
            return events
        return [event for event in events if event.type in self.types]


_registry: dict[str, Consumer] = {}


def register(name: str, types: frozenset[str] | None, handle: Handle) -> None:
    """Enter a consumer, once, when the application starts. They are called in the order of entering."""
    _registry[name] = Consumer(name, types, handle)


def consumers() -> list[Consumer]:
    """All that entered."""
    return list(_registry.values())
