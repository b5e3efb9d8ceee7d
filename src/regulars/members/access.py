"""The registry of how members get in: rooms above this one say here what they end, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class End(Protocol):
    """Ends something of a member's, within the caller's transaction."""

    def __call__(self, *, business_id: int, member_id: int) -> object:
        """End it."""


@dataclass(frozen=True, slots=True)
class _Ways:
    sign_out: End
    take_back: End


_registry: dict[str, _Ways] = {}


def register(room: str, *, sign_out: End, take_back: End) -> None:
    """Enter a room: how it signs a member out everywhere, and how it takes back all that lets them in."""
    _registry[room] = _Ways(sign_out, take_back)


def sign_out(*, business_id: int, member_id: int) -> None:
    """Sign out a member who was suspended just now."""
    for ways in _registry.values():
        ways.sign_out(business_id=business_id, member_id=member_id)


def take_back(*, business_id: int, member_id: int) -> None:
    """Let nobody in as before: the shop said just now who the member is; somebody else may have been."""
    for ways in _registry.values():
        ways.take_back(business_id=business_id, member_id=member_id)
