"""The first time: whoever has signed in with a temporary password chooses one of their own at once."""

from __future__ import annotations

import time
from typing import Final

from django.http import HttpRequest

from regulars.tenants import invitations
from regulars.tenants.models import Staff

_KEY: Final = "account_invited"
# For how long the page for choosing works, in seconds, before the temporary password is asked for again.
CHOOSING_LASTS: Final = 1800


def remember(request: HttpRequest, staff: Staff) -> None:
    """Note in the session who has shown a temporary password; nobody is signed in by that."""
    request.session.cycle_key()
    request.session[_KEY] = {
        "staff": staff.pk,
        "proof": invitations.proof_of(staff),
        "email": staff.user.email,
        "at": time.time(),
    }
    request.session.set_expiry(0)


def remembered(request: HttpRequest) -> tuple[int, str, str] | None:
    """Whose membership it is, the proof that they showed its password, and their address; None for nobody."""
    found = request.session.get(_KEY)
    if not found or not 0 <= time.time() - found["at"] <= CHOOSING_LASTS:
        return None
    return found["staff"], found["proof"], found["email"]


def forget(request: HttpRequest) -> None:
    """Nobody is at it any more."""
    request.session.pop(_KEY, None)
