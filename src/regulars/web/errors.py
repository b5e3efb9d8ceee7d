"""What is said where there is no page, or none for whoever asks: 400, 403, 404 and 500.

Below the addresses that customers are given nothing leads to the operator's start page: they are told to ask
at the counter.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from regulars.rules.errors import Closed
from regulars.web import language
from regulars.web.microsite.hosts import slug_of_host
from regulars.web.private import notice

# The first parts of the addresses of customers' pages (urls.py).
_JOINING: Final = "join"
_OF_CUSTOMERS: Final = frozenset({_JOINING, "card", "l", "m", "scratch", "u"})
# Those of the pages behind which somebody of a team has been.
_OF_STAFF: Final = frozenset({"account", "office"})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 as a page."""
    with language.speaking(request):
        return _error(
            request,
            HTTPStatus.BAD_REQUEST,
            _("That request was not understood"),
            _("Check the address and try again."),
        )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 as a page."""
    with language.speaking(request):
        return _error(
            request,
            HTTPStatus.FORBIDDEN,
            _("This is not open to you"),
            _("Sign in with another account, or ask the owner."),
        )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 as a page."""
    with language.speaking(request):
        return _error(request, HTTPStatus.NOT_FOUND, _("There is no page here"), _why_nothing(request))


def server_error(request: HttpRequest) -> HttpResponse:
    """500 as a page."""
    with language.speaking(request):
        return _error(
            request,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            _("Something went wrong on our side"),
            _("Nothing was changed. Please try again."),
        )


def closed(request: HttpRequest, refusal: Closed) -> HttpResponse:
    """403 as a page of a business that its operator keeps closed. It says its name, and nothing else."""
    with language.speaking(request):
        response = notice(
            request,
            title=_("%(shop)s is closed for now") % {"shop": refusal.business or _("This shop")},
            text=_("Nothing is collected here at the moment. What you have stays yours."),
            status=HTTPStatus.FORBIDDEN,
        )
    response.headers["Cache-Control"] = "no-store"
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response


def _first_part(request: HttpRequest) -> str:
    return request.path.lstrip("/").partition("/")[0]


def _why_nothing(request: HttpRequest) -> str:
    if _first_part(request) == _JOINING:
        return _("The address may be mistyped, or the poster is old. Ask at the counter for a card.")
    if _first_part(request) in _OF_CUSTOMERS:
        return _("The address may be mistyped. Check it, or ask at the counter.")
    return _("The address may be mistyped, or the page has moved.")


def _error(request: HttpRequest, status: HTTPStatus, title: str, text: str) -> HttpResponse:
    on = {}
    if slug_of_host(request) is not None:
        on = {"way_on": "/", "way_on_text": _("To the start")}
    elif _first_part(request) in _OF_STAFF:
        on = {"way_on": "/office/", "way_on_text": _("To the back office")}
    elif _first_part(request) not in _OF_CUSTOMERS:
        on = {"way_on": "/", "way_on_text": _("Go to the start page")}
    response = notice(request, title=title, text=text, status=status, **on)
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response
