"""Secrets that a page shows once: between the form and that page they lie sealed in the session."""

from __future__ import annotations

from typing import Final

from regulars.seal import Unsealable, seal, unseal
from regulars.web.office.desk import Desk

_NAME: Final = "office_shown_once"


def keep(desk: Desk, what: str, secret: str) -> None:
    """Keep a secret for the next page that shows it. `what` names the thing whose it is."""
    desk.request.session[_NAME] = {"what": what, "sealed": seal(secret)}


def take(desk: Desk, what: str) -> str:
    """The secret of a thing, which is not kept any longer; empty when there is none."""
    kept = desk.request.session.get(_NAME)
    if not kept or kept["what"] != what:
        return ""
    del desk.request.session[_NAME]
    try:
        return unseal(kept["sealed"])
    except Unsealable:
        return ""
