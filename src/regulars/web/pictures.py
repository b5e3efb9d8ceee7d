"""What pages show of a business: pictures and styles whose addresses change with what they show.

Browsers keep them for a year. Whoever asks for many is told to wait: some are drawn when they are asked for,
which costs more than most pages do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from regulars.tenants import ratelimit

# Pictures a minute from one address: a shop full of new phones behind one router.
PICTURES_LIMIT: Final = 600

View = Callable[..., HttpResponse]


def kept(content: bytes, content_type: str) -> HttpResponse:
    """An answer that browsers and caches keep for a year."""
    response = HttpResponse(content, content_type=content_type)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def limited(view: View) -> View:
    """Let each address have so many pictures a minute (`PICTURES_LIMIT`), all of them together."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        allowance = ratelimit.take(f"pictures:{request.META.get('REMOTE_ADDR', '')}", PICTURES_LIMIT)
        if allowance.allowed:
            return view(request, *args, **kwargs)
        response = HttpResponse(
            f"Too many pictures. Try again in {allowance.retry_after} s.\n",
            status=HTTPStatus.TOO_MANY_REQUESTS,
            content_type="text/plain; charset=utf-8",
        )
        response.headers["Retry-After"] = str(max(allowance.retry_after, 1))
        response.headers["Cache-Control"] = "no-store"
        return response

    return wrapped
