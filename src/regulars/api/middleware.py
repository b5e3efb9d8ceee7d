"""The gate before everything: how a request came, and what no API request may be."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from regulars import policies
from regulars.api import bodies, calls, forwarded, limits
from regulars.api.rest import auth, envelope
from regulars.api.rpc import view as rpc
from regulars.rules.errors import InvalidInput

_OPEN = ("/api/docs", "/api/openapi.json")
_JSON = "application/json"
_NOTHING_THERE = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
# The API page's viewer styles itself inline.
_POLICY = policies.of_page()
_DOCS_POLICY = policies.of_page(style_src="'self' 'unsafe-inline'")


class Gateway:
    """Resolves proxies; for the REST API it also checks transport and size, and completes answers.

    The RPC dialect shares addresses with pages, so its view does that by itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let the request in, or answer at the gate."""
        began = time.perf_counter()
        forwarded.resolve(request.META)
        if not request.path_info.startswith("/api/") or request.path_info in _OPEN:
            response = rpc.in_its_shape(request, self.get_response(request))
            policy = _DOCS_POLICY if request.path_info in _OPEN else _POLICY
            response.headers.setdefault("Content-Security-Policy", policy)
            calls.note(request, response, began)
            return response
        refused = self._refuse(request)
        response = refused if refused is not None else self.get_response(request)
        if response.status_code >= HTTPStatus.BAD_REQUEST and not response.get("Content-Type", "").startswith(
            _JSON
        ):
            response = envelope.plain_error(response)
        limits.add_headers(request, response)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        if response.status_code in _NOTHING_THERE:
            auth.recognise(request)
        calls.note(request, response, began)
        return response

    def _refuse(self, request: HttpRequest) -> HttpResponse | None:
        environ = request.META
        if not forwarded.may_pass(environ):
            return envelope.error(
                403,
                "https_required",
                "Send API requests over HTTPS. From this machine alone plain HTTP can be allowed: "
                "see REGULARS_ALLOW_HTTP.",
            )
        try:
            bodies.check_size(request)
            _check_address(request)
        except InvalidInput as refusal:
            return envelope.error(400, refusal.code, refusal.message, refusal.fields)
        return None


def _check_address(request: HttpRequest) -> None:
    query = request.META.get("QUERY_STRING", "")
    if "%00" in query or "\0" in query:
        for field, values in request.GET.lists():
            if any("\0" in value for value in (field, *values)):
                name = field.replace("\0", "")
                raise InvalidInput.at(name or "query", "holds a character that text cannot have (U+0000)")
