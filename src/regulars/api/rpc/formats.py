"""Which format a call is answered in."""

from __future__ import annotations

from django.http import HttpRequest

from regulars.api.rpc.answers import FORMATS, JSON, XML
from regulars.api.rpc.errors import RpcError, bad_value

_KINDS = {"application/json": JSON, "text/json": JSON, "text/xml": XML, "application/xml": XML}


def choose(request: HttpRequest, asked: str | None, usual: str | None) -> str:
    """What `asked` (global[api_format]) says, else `Accept`, else the key's `usual` format.

    Never fails: a format that there is not counts as none, see `check`.
    """
    wanted = (asked or "").strip().lower()
    if wanted in FORMATS:
        return wanted
    accepted = _accepted(request.META.get("HTTP_ACCEPT", ""))
    if accepted is None:
        return usual or (JSON if (request.content_type or "").endswith("json") else XML)
    # `Accept` knows no difference between XML and XML.
    return usual if accepted == XML and usual in FORMATS and usual != JSON else accepted


def check(asked: str | None) -> None:
    """Refuse an unknown format.

    Raises:
        RpcError: 006 naming api_format.
    """
    if asked and asked.strip().lower() not in FORMATS:
        raise _unknown()


def _unknown() -> RpcError:
    return bad_value("global[api_format]", f"must be {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")


def _accepted(header: str) -> str | None:
    best, found = 0.0, None
    for part in header.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                weight = _weight(parameter[2:])
        if kind in _KINDS and weight > best:
            best, found = weight, _KINDS[kind]
    return found


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 < weight <= 1 else 0.0
