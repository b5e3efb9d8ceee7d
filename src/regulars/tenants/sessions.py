"""Sessions of the back office: which somebody has, and ending them.

Rooms with sessions of their own join in when somebody is signed out everywhere, or leaves a team.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from django.db import transaction
from django.utils import timezone

from regulars.rules.errors import NotFound
from regulars.tenants.models import User

if TYPE_CHECKING:
    from allauth.usersessions.models import UserSession


class End(Protocol):
    """Ends what sessions somebody has in a room; those that were begun with a PIN only if `pins` says so."""

    def __call__(self, *, user_id: int, pins: bool) -> int:
        """End them; how many there were."""


class EndPlace(Protocol):
    """Ends what sessions somebody has in a room for one business, however they were begun."""

    def __call__(self, *, business_id: int, staff_id: int) -> int:
        """End them; how many there were."""


_elsewhere: dict[str, End] = {}
_of_places: dict[str, EndPlace] = {}


def register(room: str, end: End, end_of_place: EndPlace) -> None:
    """Let a room end its sessions when somebody is signed out everywhere, and when they leave a team."""
    _elsewhere[room] = end
    _of_places[room] = end_of_place


def _rows() -> Any:
    # The model is not there yet when this room is loaded.
    from allauth.usersessions.models import UserSession as Row  # noqa: PLC0415

    return Row.objects


def of_person(user: User) -> list[UserSession]:
    """Where somebody is signed in, the latest first. What has ended meanwhile is forgotten."""
    return sorted(_rows().purge_and_list(user), key=lambda row: row.created_at, reverse=True)


def end(*, user: User, session_id: int) -> None:
    """End one session of somebody.

    Raises:
        NotFound: they have no such session.
    """
    with transaction.atomic():
        row = _rows().filter(user_id=user.pk, pk=session_id).first()
        if row is None:
            raise NotFound(f"There is no session {session_id}.")
        row.end()


def end_all(*, user: User, but: str = "") -> int:
    """End all sessions of somebody, but for the one with this key; how many there were."""
    with transaction.atomic():
        rows = list(_rows().filter(user_id=user.pk).exclude(session_key=but))
        for row in rows:
            row.end()
    return len(rows)


def end_everywhere(*, user: User, pins: bool = False) -> None:
    """End all sessions of somebody, at counters too: those that a password began, with `pins` all of them."""
    with transaction.atomic():
        end_all(user=user)
        for end_elsewhere in _elsewhere.values():
            end_elsewhere(user_id=user.pk, pins=pins)


def end_place(*, business_id: int, staff_id: int) -> None:
    """End all sessions that belong to somebody's place on one team. In the transaction in which they leave.

    A session of the back office belongs to their account, and finds no place in the business any more.
    """
    for end_there in _of_places.values():
        end_there(business_id=business_id, staff_id=staff_id)


def clear_ended() -> int:
    """Delete sessions that have run out, and what is known of those that are not there any more."""
    from django.contrib.sessions.models import Session  # noqa: PLC0415 - as above

    gone, _ = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    _rows().exclude(session_key__in=Session.objects.values("session_key")).delete()
    return gone
