"""The registry of what ends when a member is suspended: rooms above this one say here what they end."""

from __future__ import annotations

from typing import Protocol


class End(Protocol):
    """Ends what a suspended member must not go on with, within the caller's transaction."""

    def __call__(self, *, business_id: int, member_id: int) -> object:
        """End it."""


_registry: dict[str, End] = {}


def register(room: str, end: End) -> None:
    """Enter a room."""
    _registry[room] = end


def end_all(*, business_id: int, member_id: int) -> None:
    """End everything that was registered, for a member who was suspended just now."""
    for end in _registry.values():
        end(business_id=business_id, member_id=member_id)
