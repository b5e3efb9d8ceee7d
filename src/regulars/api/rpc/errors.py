"""The one table of the RPC dialect's error codes, and which refusal has which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from regulars.rules import errors
from regulars.tenants.idempotency import KeyReused, StillRunning

FAULT: Final = "000"
NOT_HTTPS: Final = "001"
BAD_KEY: Final = "002"
BAD_TIME: Final = "003"
UNKNOWN_METHOD: Final = "004"
MISSING: Final = "005"
BAD_VALUE: Final = "006"
NOT_FOUND: Final = "007"
DUPLICATE: Final = "008"
NOT_NOW: Final = "009"
TOO_MANY: Final = "010"
UNKNOWN_FIELD: Final = "011"
NO_SCOPE: Final = "012"

# What each code means and how it is mended; the documentation is made from this table.
CODES: Final[dict[str, tuple[str, str]]] = {
    FAULT: (
        "The server failed, or cannot answer right now (HTTP status 500 or 503).",
        "Repeat after a pause, a write with the same global[idempotency_key].",
    ),
    NOT_HTTPS: ("Not sent via SSL/https connection.", "Use an https:// address."),
    BAD_KEY: (
        "global[api_key] is missing, unknown or was revoked.",
        "Check the key; a new one is made with `regulars apikey create`.",
    ),
    BAD_TIME: (
        "global[api_time] is missing, is not written YYYY-MM-DD HH:MM:SS, or is more than 15 minutes off.",
        "Send the current time in GMT. The message says what time the server has.",
    ),
    UNKNOWN_METHOD: ("There is no such method.", "Check global[api_method] against the list of methods."),
    MISSING: ("A required field is missing or empty.", "Send the field that the message names."),
    BAD_VALUE: (
        "A value cannot be used: malformed, out of range, too long, or sent in a way that cannot be read.",
        "The message names the field and says what was expected.",
    ),
    NOT_FOUND: (
        "A record that the call is about or refers to does not exist, or several match.",
        "Check the code in the field that the message names.",
    ),
    DUPLICATE: (
        "There is such a record already, or an idempotency key came again with another request.",
        "Edit the record instead, or send global[edit_duplicates].",
    ),
    NOT_NOW: (
        "Not allowed now: redeemed already, expired, at a limit, too few points, suspended, closed, in use.",
        "The message says why. The same call will not succeed until that has changed.",
    ),
    TOO_MANY: (
        "Too many requests (HTTP status 429).",
        "Wait as many seconds as the header Retry-After says.",
    ),
    UNKNOWN_FIELD: ("The call has no such field or option.", "Check the spelling against the method's list."),
    NO_SCOPE: (
        "The API key may be used for other things only.",
        "Use a key with the scope that the message names, or give this key that scope.",
    ),
}

# The nearest class counts.
_CODES_OF: Final[dict[type[errors.Refusal], str]] = {
    errors.Refusal: NOT_NOW,
    errors.InvalidInput: BAD_VALUE,
    errors.NotFound: NOT_FOUND,
    errors.AlreadyEnrolled: DUPLICATE,
    KeyReused: DUPLICATE,
    errors.ScopeRequired: NO_SCOPE,
}
# What identifies a record: when one of these is taken, the record is there already.
_IDENTIFIES: Final = frozenset({"code", "email", "phone", "cell", "secondary_code"})
_NAMES: Final = {"Idempotency-Key": "global[idempotency_key]"}


class RpcError(Exception):
    """A call is answered with an error: one code of the table, and a message that names the field."""

    def __init__(self, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retry_after = retry_after


def missing(field: str) -> RpcError:
    """005: a required field was not sent, or sent empty."""
    return RpcError(MISSING, f"{field} is required")


def bad_value(field: str, problem: str) -> RpcError:
    """006: `bad_value("qty", "must be a whole number")` reads "qty must be a whole number"."""
    return RpcError(BAD_VALUE, f"{field} {problem}")


def unknown_field(field: str) -> RpcError:
    """011: the call does not know this field or option."""
    return RpcError(UNKNOWN_FIELD, f"{field} is not a field of this call")


def code_of(refusal: errors.Refusal) -> str:
    """The code of a refusal."""
    if type(refusal) is errors.Conflict and refusal.fields.keys() & _IDENTIFIES:
        return DUPLICATE
    return next(_CODES_OF[kind] for kind in type(refusal).__mro__ if kind in _CODES_OF)


def to_error(refusal: errors.Refusal, rename: Mapping[str, str] | None = None) -> RpcError:
    """A refusal as this dialect says it. `rename` gives the dialect's name of each argument."""
    if isinstance(refusal, StillRunning):
        message = "The first call with this global[idempotency_key] is still running; try again shortly."
        return RpcError(NOT_NOW, message, retry_after=1)
    names = _NAMES | dict(rename or {})
    problems = [f"{names.get(field, field)} {problem}" for field, problem in refusal.fields.items()]
    return RpcError(code_of(refusal), "; ".join(problems) or refusal.message)
