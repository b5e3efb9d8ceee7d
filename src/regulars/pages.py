"""The few pages that belong to no room: the start page, the health check, and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from regulars import __version__, db
from regulars.rules import languages

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Where somebody who opens the address of the installation learns what is here."""
    return render(request, "regulars/start.html", {"version": __version__})


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """For a load balancer: 200 when the database answers, 503 when not."""
    try:
        db.run("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "version": __version__}, status=503)
    return JsonResponse({"status": "ok", "version": __version__})


def _error(request: HttpRequest, status: int, title: StrPromise, text: StrPromise) -> HttpResponse:
    wanted = languages.best_of(request.headers.get("Accept-Language", "")) or languages.USUAL
    with translation.override(wanted):
        page = {"title": title, "text": text, "language": wanted}
        response = render(request, "regulars/error.html", page, status=status)
    response.headers["Vary"] = "Accept-Language"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 as a page."""
    return _error(
        request, 400, _lazy("That request was not understood"), _lazy("Check the address and try again.")
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 as a page."""
    return _error(
        request,
        403,
        _lazy("This is not open to you"),
        _lazy("Sign in with another account, or ask the owner."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 as a page."""
    return _error(
        request,
        404,
        _lazy("There is no page here"),
        _lazy("The address may be mistyped, or the page has moved."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500 as a page."""
    return _error(
        request,
        500,
        _lazy("Something went wrong on our side"),
        _lazy("Nothing was changed. Please try again."),
    )
