"""The shapes of every answer: data in an envelope, errors in another."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from regulars.api import calls
from regulars.ledger.queries import Page

_STATUS_CODES = {
    400: ("bad_request", "The request could not be understood."),
    403: ("forbidden", "This is not allowed."),
    404: ("not_found", "There is nothing at this address. The addresses are listed at /api/docs."),
    405: ("method_not_allowed", "This address does not take this method."),
    500: ("internal_error", "Something went wrong on our side. Nothing was changed; please try again."),
    503: ("unavailable", "The service cannot answer right now. Please try again shortly."),
}


def dump(payload: Any) -> bytes:
    """A payload as JSON."""
    return orjson.dumps(payload)


def respond(body: bytes | str, status: int = 200) -> HttpResponse:
    """An answer with a JSON body and its length."""
    content = body.encode() if isinstance(body, str) else body
    response = HttpResponse(content, status=status, content_type="application/json")
    response.headers["Content-Length"] = str(len(content))
    return response


def data(payload: Any) -> dict[str, Any]:
    """The envelope of a success."""
    return {"data": payload}


def listed(page: Page[Any], rows: list[Any]) -> dict[str, Any]:
    """The envelope of a page of a list."""
    meta = {"total": page.total, "page": page.page, "per_page": page.per_page, "pages": page.pages}
    return {"data": rows, "meta": meta}


def error(
    status: int, code: str, message: str, fields: Mapping[str, str] | None = None, **details: Any
) -> HttpResponse:
    """The envelope of a refusal."""
    body = {"error": {"code": code, "message": message, "fields": dict(fields or {}), **details}}
    response = respond(dump(body), status)
    calls.mark_error(response, code)
    return response


def plain_error(response: HttpResponseBase) -> HttpResponse:
    """An error that somebody answered as a page, in our envelope and with its headers."""
    code, message = _STATUS_CODES.get(response.status_code, ("error", "The request was refused."))
    answer = error(response.status_code, code, message)
    for name, value in response.headers.items():
        if not name.lower().startswith("content-"):
            answer.headers[name] = value
    return answer
