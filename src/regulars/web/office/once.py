"""Secrets that a page shows once: between the form and that page they lie sealed in the session."""

from __future__ import annotations

from typing import Final

from regulars.seal import Unsealable, seal, unseal
from regulars.web.office.desk import Desk

_NAME: Final = "office_once"
# So many wait at most; whoever makes more without looking at them loses the oldest.
MOST: Final = 10


def keep(desk: Desk, what: str, secret: str) -> None:
    """Keep a secret for the next page that shows it. `what` names the thing of the business whose it is.

    Secrets of other things wait beside it, because people have several tabs.
    """
    kept = _kept(desk)
    kept.pop(_slot(desk, what), None)
    kept[_slot(desk, what)] = seal(secret)
    desk.request.session[_NAME] = dict(list(kept.items())[-MOST:])


def take(desk: Desk, what: str) -> str:
    """The secret of a thing, which is not kept any longer; empty when there is none."""
    kept = _kept(desk)
    sealed = kept.pop(_slot(desk, what), "")
    if not sealed:
        return ""
    desk.request.session[_NAME] = kept
    try:
        return unseal(sealed)
    except Unsealable:
        return ""


def _kept(desk: Desk) -> dict[str, str]:
    return dict(desk.request.session.get(_NAME, {}))


def _slot(desk: Desk, what: str) -> str:
    return f"{desk.business.pk} {what}"
