"""How often one may try to sign in: counted exactly over all processes, before anything is looked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from regulars import __version__, policies
from regulars.tenants import ratelimit, registration, tries
from regulars.web.account.cautions import is_unconfirmed, no_passkeys
from regulars.web.private import notice

# What is sent to one of these pages in a minute from one address.
USUAL: Final = 60
# Businesses that are registered from one address in an hour.
REGISTRATIONS: Final = 10
HOUR: Final = 3600

_POLICY: Final = policies.of_page()

View = Callable[..., HttpResponseBase]


def source_of(request: HttpRequest) -> str:
    """The address that a request comes from."""
    return str(request.META.get("REMOTE_ADDR", ""))


def may_sign_in(request: HttpRequest, email: str) -> bool:
    """Count a try to sign in as somebody; False when there were too many."""
    return tries.of_person(email, source=source_of(request)).allowed


def guarded(view: View, *, what: str = "account", limit: int = USUAL, here: str = "") -> View:
    """A page of signing in: nobody keeps a copy, nothing of others runs in it, what is sent is counted.

    `here` is the tab that it belongs to.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            allowance = ratelimit.take(f"{what}:{source_of(request)}", limit)
            if not allowance.allowed:
                return dressed(_wait(request, allowance.retry_after))
        response = view(request, *args, **kwargs)
        if isinstance(response, TemplateResponse) and not response.is_rendered:
            shared = {"version": __version__, "here": here, "registers": registration.is_open}
            if here == "two_steps":
                shared |= {
                    "unconfirmed": is_unconfirmed(request),
                    "no_passkeys": no_passkeys(request),
                }
            response.context_data = {**shared, **(response.context_data or {})}
        return dressed(response)

    return wrapped


def dressed(response: HttpResponseBase) -> HttpResponseBase:
    """With the headers of a page of one person."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _wait(request: HttpRequest, seconds: int) -> HttpResponse:
    response = notice(
        request,
        title=_("Please wait a minute"),
        text=_("There were too many requests from your network. Nothing was changed."),
        status=HTTPStatus.TOO_MANY_REQUESTS,
    )
    response.headers["Retry-After"] = str(max(seconds, 1))
    return response
