"""The few pages that belong to no room: the start page, the health check, and errors."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from regulars import __version__, db


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


def _error(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    return render(request, "regulars/error.html", {"title": title, "text": text}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 as a page."""
    return _error(request, 400, "That request was not understood", "Check the address and try again.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 as a page."""
    return _error(request, 403, "This is not open to you", "Sign in with another account, or ask the owner.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 as a page."""
    return _error(
        request, 404, "There is no page here", "The address may be mistyped, or the page has moved."
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500 as a page."""
    return _error(request, 500, "Something went wrong on our side", "Nothing was changed. Please try again.")
