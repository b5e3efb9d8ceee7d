"""Whether mail leaves this installation, and what pages say where it does not."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _


def unsent() -> str:
    """What becomes of letters while no mail server is set up, in a sentence; empty while they leave."""
    kind = settings.EMAIL_BACKEND.rpartition(".backends.")[2].partition(".")[0]
    match kind:
        case "console":
            return _(
                "No mail server is set up on this computer: letters are printed in the terminal and reach "
                "nobody."
            )
        case "filebased":
            return _(
                "No mail server is set up on this computer: letters become files in the data folder and "
                "reach nobody."
            )
        case "dummy":
            return _("No mail server is set up on this computer: letters are thrown away.")
    return ""


def told(text: str, *, to: str) -> str:
    """`text`, which says that a letter is on its way `to` somebody, or that it is not."""
    reason = unsent()
    if not reason:
        return text
    return _("The letter to %(to)s is written.") % {"to": to} + f" {reason}"
