"""The few pages that belong to no room: the start page and the health check."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from regulars import __version__, db
from regulars.tenants import registration


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Where somebody who opens the address of the installation learns what is here."""
    context = {"version": __version__, "registers": registration.is_open()}
    return render(request, "regulars/start.html", context)


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """For a load balancer: 200 when the database answers, 503 when not."""
    try:
        db.run("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "version": __version__}, status=503)
    return JsonResponse({"status": "ok", "version": __version__})
