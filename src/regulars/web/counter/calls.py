"""The door of the counter's JSON: who calls, how often, in which language; and answers of one shape."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

import orjson
import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _

from regulars import db
from regulars.counter.devices import device_of
from regulars.counter.models import Device
from regulars.counter.operators import Operator, operator_of
from regulars.counter.refusals import NotAllowed, NotSignedIn
from regulars.rules.errors import Closed, InvalidInput, NotFound, Refusal, TooManyRequests
from regulars.rules.text import is_storable
from regulars.tenants import ratelimit
from regulars.web import language
from regulars.web.counter import cookies, refusals
from regulars.web.origin import is_ours

log = structlog.get_logger(__name__)

# Requests a minute of somebody who is signed in; of all others from one address.
USUAL_LIMIT: Final = 1200
# Where secrets are guessed.
GUESSING_LIMIT: Final = 20


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the counter. `operator` is who is signed in, `device` which paired device it is.

    `closed` says that somebody would be signed in, if the operator did not keep the business closed.
    """

    request: HttpRequest
    body: Mapping[str, Any]
    operator: Operator | None
    device: Device | None
    closed: bool = False

    @property
    def at_work(self) -> Operator:
        """Who is signed in, or NotSignedIn."""
        if self.operator is None:
            raise NotSignedIn("Sign in.")
        return self.operator

    def text(self, name: str, *, most: int = 500) -> str:
        """A text of the body, empty for none, or InvalidInput."""
        value = self.body.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > most:
            raise InvalidInput.at(name, f"must be text of at most {most} characters")
        if not is_storable(value):
            raise InvalidInput.at(name, "holds a character that text cannot have")
        return value

    def number(self, name: str) -> int | None:
        """The id of a record, None for none, or InvalidInput."""
        return identifier(self.body.get(name), name)

    def client_id(self) -> uuid.UUID:
        """The device's own name for what it asks for, or InvalidInput."""
        return client_id(self.body.get("client_id"), "client_id")


def identifier(value: object, name: str) -> int | None:
    """The id of a record, None for none, or InvalidInput. One that no record can have is found nowhere."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise InvalidInput.at(name, "must be a whole number")
    return value


def client_id(value: object, name: str) -> uuid.UUID:
    """A UUID in text, or InvalidInput."""
    try:
        if isinstance(value, str):
            return uuid.UUID(value)
    except ValueError:
        pass
    raise InvalidInput.at(name, "must be a UUID")


View = Callable[[Call], dict[str, Any] | HttpResponse]


def endpoint(
    method: str, *, limit: int = USUAL_LIMIT, what: str = "counter"
) -> Callable[[View], Callable[..., HttpResponse]]:
    """Make a view of calls one of requests: JSON in and out, refusals as JSON, throttled, never cached."""

    def decorate(view: View) -> Callable[..., HttpResponse]:
        @wraps(view)
        def wrapped(request: HttpRequest) -> HttpResponse:
            return _dressed(_answer(request, view, method, limit, what))

        return wrapped

    return decorate


def _dressed(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept-Language, Cookie"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _answer(request: HttpRequest, view: View, method: str, limit: int, what: str) -> HttpResponse:
    spoken = ""
    try:
        with language.speaking(request):
            refused = _at_the_door(request, method)
        if refused is not None:
            return refused
        if limit < USUAL_LIMIT:  # where secrets are guessed, before anything else
            _throttle(request, limit, what)
        call = _call(request, method)
        if limit >= USUAL_LIMIT:
            _throttle(request, limit, what, call.operator)
        spoken = _spoken(call)
        with language.speaking(request, business=spoken):
            found = db.unless_overtaken(lambda: view(call), vanishing=True)
            return found if isinstance(found, HttpResponse) else answer(found)
    except Refusal as refusal:
        with language.speaking(request, business=spoken):
            return refuse(refusal)
    except (OperationalError, InterfaceError) as problem:
        with language.speaking(request, business=spoken):
            return _unavailable(problem)
    except Exception:  # the page reads JSON, and nothing else
        log.exception("unexpected error", path=request.path)
        with language.speaking(request, business=spoken):
            return _error(500, refusals.internal_error())


def nothing(request: HttpRequest, **_: str) -> HttpResponse:
    """What an address without a call answers, such as an older page's."""
    return _dressed(_answer(request, _nothing, request.method or "GET", USUAL_LIMIT, "counter"))


def _nothing(_call: Call) -> HttpResponse:
    raise NotFound("There is nothing at this address.")


def _at_the_door(request: HttpRequest, method: str) -> HttpResponse | None:
    if request.method != method:
        message = _("This address is not for that.")
        response = _error(405, {"code": "method_not_allowed", "message": message, "fields": {}})
        response.headers["Allow"] = method
        return response
    if method == "POST" and not is_ours(request):
        message = _("This came from another site. Nothing was changed.")
        return _error(403, {"code": "other_site", "message": message, "fields": {}})
    return None


def _throttle(request: HttpRequest, limit: int, what: str, operator: Operator | None = None) -> None:
    # Whoever is signed in has a limit of their own: a stranger in the same network takes nothing of it.
    source = f"session {operator.session_id}" if operator else request.META.get("REMOTE_ADDR", "")
    allowance = ratelimit.take(f"{what}:{source}", limit)
    if not allowance.allowed:
        raise TooManyRequests("There were too many requests.", retry_after=allowance.retry_after)


def _call(request: HttpRequest, method: str) -> Call:
    body = _read(request) if method == "POST" else {}
    device_token = cookies.read(request, cookies.DEVICE)
    operator: Operator | None = None
    device: Device | None = None
    closed = False
    try:
        operator = operator_of(token=cookies.read(request, cookies.SESSION), device_token=device_token)
    except Closed:  # what waits on the device goes on waiting
        closed = True
    except (NotSignedIn, NotAllowed):
        pass
    if operator is not None:
        device = operator.device
    if device is None:
        with suppress(NotSignedIn):
            device = device_of(device_token)
    closed = closed or (operator is None and device is not None and device.business.suspended_at is not None)
    return Call(request, body, operator, device, closed)


def operator_here(request: HttpRequest) -> Operator | None:
    """Who is signed in at the counter in this browser, for other pages below /scan/; None for nobody."""
    try:
        return operator_of(
            token=cookies.read(request, cookies.SESSION),
            device_token=cookies.read(request, cookies.DEVICE),
        )
    except (NotSignedIn, NotAllowed, Closed):
        return None


def _spoken(call: Call) -> str:
    if call.operator is not None:
        return call.operator.business.language
    return call.device.business.language if call.device is not None else ""


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        found = orjson.loads(request.body)
    except (orjson.JSONDecodeError, RequestDataTooBig, UnreadablePostError):
        raise InvalidInput.at("body", "must be a JSON object of at most 1 MB") from None
    if not isinstance(found, dict):
        raise InvalidInput.at("body", "must be a JSON object")
    return found


def answer(payload: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """A success."""
    return HttpResponse(orjson.dumps({"data": payload}), status=status, content_type="application/json")


def _error(status: int, told: Mapping[str, Any]) -> HttpResponse:
    return HttpResponse(orjson.dumps({"error": told}), status=status, content_type="application/json")


def refuse(refusal: Refusal) -> HttpResponse:
    """A refusal."""
    response = _error(refusals.status_of(refusal), refusals.told(refusal))
    if isinstance(refusal, TooManyRequests) and refusal.retry_after is not None:
        response.headers["Retry-After"] = str(max(refusal.retry_after, 1))
    return response


def _unavailable(problem: Exception) -> HttpResponse:
    log.error("the database does not answer", error=str(problem).strip())
    response = _error(503, refusals.unavailable())
    response.headers["Retry-After"] = "1"
    return response
