"""Writes: each takes effect once per `Idempotency-Key`, and answers a retry as it answered first."""

import json
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from regulars import db
from regulars.api.rest import envelope
from regulars.api.rest.auth import identity_of
from regulars.rules.errors import InvalidInput
from regulars.tenants import idempotency

View = Callable[..., dict[str, Any]]


def answers(
    status: int = 200, *, write: bool = False, file: bool = False
) -> Callable[[View], Callable[..., HttpResponse]]:
    """Make a view that returns a payload answer with it; a `write` also honours `Idempotency-Key`.

    Whoever sends fields to one that takes none is told so, as elsewhere, unless it takes a `file`.
    What is kept of an answer for its retry nobody can read: see `idempotency.keep`.
    """

    def decorate(view: View) -> Callable[..., HttpResponse]:
        takes_body = "body" in signature(view).parameters

        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if write and not takes_body and not file:
                _check_no_fields(request)
            # A row that this refers to may be deleted at the same moment: then nothing is written, and it
            # looks again.
            return db.unless_overtaken(lambda: attempt(request, *args, **kwargs), vanishing=True)

        def attempt(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            key = request.META.get("HTTP_IDEMPOTENCY_KEY") if write else None
            if key is None:
                return envelope.respond(envelope.dump(view(request, *args, **kwargs)), status)
            return _once(request, key, status, lambda: view(request, *args, **kwargs))

        return wrapped

    return decorate


def _check_no_fields(request: HttpRequest) -> None:
    try:
        sent = json.loads(request.body) if request.body else None
    except (ValueError, RecursionError):
        return  # no fields, whatever it is; some clients always send something
    if isinstance(sent, dict) and sent:
        field = min(sent).encode("utf-8", "replace").decode()
        raise InvalidInput.at(field, "is not a field of this request")


def _once(request: HttpRequest, key: str, status: int, run: Callable[[], dict[str, Any]]) -> HttpResponse:
    business_id = identity_of(request).business_id
    idempotency.prepare(key)
    hashed = idempotency.request_hash(
        (request.method or "").encode(), request.get_full_path().encode(), request.body
    )
    # A refusal rolls back and keeps nothing: after mending its cause the same key may be used again.
    with transaction.atomic():
        stored = idempotency.claim(business_id=business_id, key=key, hashed=hashed)
        if stored is None:
            body = envelope.dump(run())
            idempotency.keep(
                business_id=business_id, key=key, hashed=hashed, status=status, body=body.decode()
            )
            return envelope.respond(body, status)
    response = envelope.respond(stored.body, stored.status)
    response.headers["Idempotency-Replayed"] = "true"
    return response
