"""The one table that turns refusals and faults into answers of the REST dialect."""

from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from regulars.api.rest import envelope
from regulars.rules import errors
from regulars.tenants.idempotency import KeyReused, StillRunning

log = structlog.get_logger(__name__)


class Unauthorized(errors.Refusal):
    """The key is missing, unknown or revoked."""

    code = "unauthorized"


# The nearest class counts. Everything here has the seed's meaning for its number, but 422, which the seed
# does not use: an idempotency key that came with another request (semantics: Retries).
STATUSES: dict[type[errors.Refusal], int] = {
    errors.Refusal: 400,
    errors.InvalidInput: 400,
    Unauthorized: 401,
    errors.Suspended: 403,
    errors.Closed: 403,
    errors.PlanRequired: 403,
    errors.PlanLimit: 403,
    errors.ScopeRequired: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    KeyReused: 422,
    errors.TooManyRequests: 429,
}


def status_of(refusal: errors.Refusal) -> int:
    """The HTTP status of a refusal."""
    return next(STATUSES[kind] for kind in type(refusal).__mro__ if kind in STATUSES)


def refuse(_request: HttpRequest, refusal: errors.Refusal) -> HttpResponse:
    """The answer to a refusal."""
    response = envelope.error(
        status_of(refusal), refusal.code, refusal.message, refusal.fields, **refusal.details
    )
    if isinstance(refusal, StillRunning):
        response.headers["Retry-After"] = "1"
    if isinstance(refusal, errors.TooManyRequests) and refusal.retry_after is not None:
        response.headers["Retry-After"] = str(max(refusal.retry_after, 1))
    if isinstance(refusal, Unauthorized):
        response.headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return response


_PROBLEMS = {
    "missing": "is required",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is out of range",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "extra_forbidden": "is not a field of this request",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
    "list_type": "must be a list",
    "dict_type": "must be a JSON object",
}


def _number(limit: float) -> str:
    return str(int(limit)) if limit == int(limit) else str(limit)


def _problem(error: dict[str, Any]) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "greater_than_equal":
            return f"must be at least {_number(context['ge'])}"
        case "less_than_equal":
            return f"must be at most {_number(context['le'])}"
        case "literal_error" | "enum":
            return f"must be {context['expected']}".replace("'", "")
        case "string_too_long":
            return f"must have at most {context['max_length']} characters"
        case kind:
            return _PROBLEMS.get(kind, str(error["msg"]))


def _invalid(request: HttpRequest, exc: ValidationError) -> HttpResponse:
    fields: dict[str, str] = {}
    for problem in exc.errors:
        path = [str(part) for part in problem["loc"][1:] if part != "body"]
        if problem["loc"][0] == "query":
            # Of those that belong together the model's name comes first, and of a list the place comes last.
            path = [part for part in path if not part.isdecimal()][-1:]
        fields.setdefault(".".join(path) or "body", _problem(problem))
    message = "; ".join(f"{field} {problem}" for field, problem in fields.items()) + "."
    return refuse(request, errors.InvalidInput(message, fields=fields))


def _http_error(request: HttpRequest, exc: HttpError) -> HttpResponse:
    # What the parser refuses arrives wrapped.
    if isinstance(exc.__cause__, errors.Refusal):
        return refuse(request, exc.__cause__)
    return envelope.plain_error(HttpResponse(status=exc.status_code))


def _not_found(_request: HttpRequest, _exc: Http404) -> HttpResponse:
    return envelope.plain_error(HttpResponse(status=404))


def _unavailable(_request: HttpRequest, exc: Exception) -> HttpResponse:
    log.error("database or disk does not answer", error=str(exc).strip())
    response = envelope.plain_error(HttpResponse(status=503))
    response.headers["Retry-After"] = "1"
    return response


def _fault(request: HttpRequest, exc: Exception) -> HttpResponse:
    log.error("unexpected error", path=request.path, exc_info=exc)
    return envelope.plain_error(HttpResponse(status=500))


def install(api: NinjaAPI) -> None:
    """Let an API answer all its errors by this table."""
    # Ninja's types let a handler get an exception's class, which it never does.
    handlers: dict[type[Exception], Any] = {
        errors.Refusal: refuse,
        ValidationError: _invalid,
        HttpError: _http_error,
        Http404: _not_found,
        OperationalError: _unavailable,
        InterfaceError: _unavailable,
        OSError: _unavailable,  # no room for a long answer
        Exception: _fault,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)
