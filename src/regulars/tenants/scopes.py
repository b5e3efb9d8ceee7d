"""What an API key may be used for. Each dialect says in one table which call needs which scope."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from regulars.rules.errors import InvalidInput, ScopeRequired
from regulars.tenants.identity import Identity

READ: Final = "read"
MEMBERS: Final = "members"
COUNTER: Final = "counter"
CAMPAIGNS: Final = "campaigns"
SETTINGS: Final = "settings"

# The scopes in the order in which they are shown, and what a key with each may do.
SCOPES: Final[dict[str, str]] = {
    READ: "Look up members, sales, vouchers and figures",
    MEMBERS: "Enrol, edit, merge and erase members",
    COUNTER: "Give and take stamps and points, enter sales, redeem rewards, vouchers and scratch cards",
    CAMPAIGNS: "Write and send campaigns, change messages",
    SETTINGS: "Change the programme, offers, branches, team, webhooks and API keys; read the request log",
}


def check(wanted: object) -> list[str]:
    """Scopes as they are stored: in our order, each once. None and an empty list stand for everything.

    Raises:
        InvalidInput: it is no list of names of `SCOPES`; the message lists them.
    """
    given = [] if wanted is None else wanted
    if not isinstance(given, (list, tuple, set, frozenset)) or not all(one in SCOPES for one in given):
        raise InvalidInput.at("scopes", f"must be a list of {', '.join(SCOPES)}; empty for everything")
    return [scope for scope in SCOPES if scope in given]


def require(identity: Identity, scope: str) -> None:
    """Let a call pass that needs a scope.

    Raises:
        ScopeRequired: the key has others only.
    """
    if identity.scopes and scope not in identity.scopes:
        may = ", ".join(one for one in SCOPES if one in identity.scopes)
        raise ScopeRequired(
            f"This API key lacks the scope {scope}, which the call needs. It has: {may}.", scope=scope
        )


def require_to_hand_on(identity: Identity, wanted: Iterable[str]) -> None:
    """Let a key give another key these scopes: never more than it has itself.

    Raises:
        ScopeRequired: it would. The scope is the first that it lacks.
    """
    if not identity.scopes:
        return
    for scope in wanted or SCOPES:
        if scope not in identity.scopes:
            raise ScopeRequired(
                f"This API key lacks the scope {scope} and can give it to no other key. "
                "Name the scopes of the new key.",
                scope=scope,
            )
