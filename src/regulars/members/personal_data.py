"""The registry of personal data: each room says here how it erases what it holds about a member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Erase(Protocol):
    """Deletes what a room holds about a member, within the caller's transaction."""

    def __call__(self, *, business_id: int, member_id: int) -> None:
        """Delete it."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What one room holds, and when its turn comes: lower `order` first."""

    room: str
    order: int
    erase: Erase


_registry: dict[str, Holding] = {}


def register(room: str, *, order: int, erase: Erase) -> None:
    """Enter a room. Rooms that refer to others come before them."""
    _registry[room] = Holding(room, order, erase)


def holdings() -> list[Holding]:
    """All rooms that hold personal data, in the order of erasure."""
    return sorted(_registry.values(), key=lambda holding: holding.order)
