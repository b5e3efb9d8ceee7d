"""Forms and calls of our own pages only: what another site sends is refused.

The browser says where a request comes from (Fetch Metadata, the Origin header), so that no token must be kept
in a cookie before anybody has agreed to one, and a page shown from a phone's memory can still be sent.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from regulars.web import language
from regulars.web.private import notice

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({"same-origin", "none"})

View = Callable[..., HttpResponse]


def is_ours(request: HttpRequest) -> bool:
    """Whether a request comes from a page of this very address, or from no page at all."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in _OURS
    origin = request.headers.get("Origin") or request.headers.get("Referer")
    if not origin:
        return True  # no browser of our time: those that carry cookies say one of the two
    return urlsplit(origin).netloc == request.get_host()


def same_origin(view: View) -> View:
    """Refuse what changes something and comes from another site, with 403."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in _SAFE and not is_ours(request):
            with language.speaking(request):
                return notice(
                    request,
                    title=_("This was sent from another site"),
                    text=_("Nothing was changed. Open the page itself and try again."),
                    status=HTTPStatus.FORBIDDEN,
                    way_on=reverse("card", args=[kwargs["qr_code"]]) if "qr_code" in kwargs else request.path,
                    way_on_text=_("Open the page"),
                )
        return view(request, *args, **kwargs)

    return wrapped
