"""Calls as the request log keeps them, whichever dialect they speak."""

from __future__ import annotations

import time
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from regulars.requestlog import buffer
from regulars.requestlog.models import Call
from regulars.tenants.identity import Identity

_MOST_TARGET: Final = 200
_MOST_CODE: Final = 40
_MOST_ADDRESS: Final = 45


def mark(request: HttpRequest, identity: Identity) -> None:
    """Remember whose key a request has brought."""
    request.identity = identity  # type: ignore[attr-defined]


def mark_method(request: HttpRequest, name: str) -> None:
    """Remember which method of the RPC dialect a request calls."""
    request.rpc_method = name  # type: ignore[attr-defined]


def mark_error(response: HttpResponseBase, code: str) -> None:
    """Remember with which code of its dialect a response refuses."""
    response.error_code = code  # type: ignore[attr-defined]


def note(request: HttpRequest, response: HttpResponseBase, began: float) -> None:
    """Note an answered call, unless nobody knows whose it was. `began` is by `time.perf_counter`.

    What follows a `?` is not kept: it may name people.
    """
    identity: Identity | None = getattr(request, "identity", None)
    if identity is None:
        return
    name: str | None = getattr(request, "rpc_method", None)
    buffer.note(
        buffer.Noted(
            business_id=identity.business_id,
            key_id=identity.key_id,
            at=timezone.now(),
            dialect=Call.Dialect.REST.value if name is None else Call.Dialect.RPC.value,
            method=(request.method or "")[:10],
            target=_clean(request.path_info if name is None else name),
            status=response.status_code,
            code=getattr(response, "error_code", "")[:_MOST_CODE],
            milliseconds=round((time.perf_counter() - began) * 1000),
            address=str(request.META.get("REMOTE_ADDR", ""))[:_MOST_ADDRESS],
        )
    )


def _clean(target: str) -> str:
    # Anything may stand here, also what no database takes.
    return target[:_MOST_TARGET].replace("\0", "").encode("utf-8", "replace").decode()
