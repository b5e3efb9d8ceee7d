"""What follows when a card is opened or earns points: rooms above this one say here what they want to do.

They are called within the transaction of what they follow, so that both happen or neither. Without a
handler nothing is done and no transaction is opened for it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol


class Enrolled(Protocol):
    """Acts on a new member, within the transaction that enrols them."""

    def __call__(self, *, business_id: int, member_id: int, at: dt.datetime) -> None:
        """Act on it."""


class Earned(Protocol):
    """Acts on points just earned, within the transaction that posts them.

    `entry_id` is the posting, `points` what it earned (more than 0), `balance` the card's points after it,
    which by now may be fewer: another handler came first. The card is locked until the transaction ends.
    """

    def __call__(
        self, *, business_id: int, member_id: int, entry_id: int, points: int, balance: int, at: dt.datetime
    ) -> None:
        """Act on it."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """What one room does."""

    enrolled: Enrolled | None
    earned: Earned | None


_registry: dict[str, Handlers] = {}


def register(room: str, *, enrolled: Enrolled | None = None, earned: Earned | None = None) -> None:
    """Enter a room, once, when the application starts. Rooms are called in the order in which they entered.

    `enrolled` follows every enrolment, `earned` every posting of earned points, wherever they came from. A
    handler that raises undoes what it follows.
    """
    _registry[room] = Handlers(enrolled, earned)


def follow_enrolment() -> bool:
    """Whether any room follows enrolments."""
    return any(handlers.enrolled is not None for handlers in _registry.values())


def follow_earning() -> bool:
    """Whether any room follows the earning of points."""
    return any(handlers.earned is not None for handlers in _registry.values())


def enrolled(*, business_id: int, member_id: int, at: dt.datetime) -> None:
    """Tell all rooms about a new member. Within the transaction that enrols them."""
    for handlers in list(_registry.values()):
        if handlers.enrolled is not None:
            handlers.enrolled(business_id=business_id, member_id=member_id, at=at)


def earned(
    *, business_id: int, member_id: int, entry_id: int, points: int, balance: int, at: dt.datetime
) -> None:
    """Tell all rooms about points just earned. Within the transaction that posts them."""
    for handlers in list(_registry.values()):
        if handlers.earned is not None:
            handlers.earned(
                business_id=business_id,
                member_id=member_id,
                entry_id=entry_id,
                points=points,
                balance=balance,
                at=at,
            )
