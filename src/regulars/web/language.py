"""Which language a page speaks: chosen here, the member's, the browser's, or else the business's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from regulars.rules import languages
from regulars.web.secure import cookies_are_secure

COOKIE = "regulars_language"
_YEAR = 365 * 24 * 3600


def chosen(request: HttpRequest, *, cookies: bool = True) -> str:
    """The language that somebody chose in this browser, by `?language=` now or before; empty for none.

    Without `cookies` only now.
    """
    before = request.COOKIES.get(COOKIE, "") if cookies else ""
    for value in (request.GET.get("language", ""), before):
        if value in languages.LANGUAGES:
            return value
    return ""


def of_page(request: HttpRequest, *, member: str = "", business: str = "", cookies: bool = True) -> str:
    """A page's language: chosen here, the member's, what the browser asks for, the business's, English."""
    wanted = languages.best_of(request.headers.get("Accept-Language", ""))
    return chosen(request, cookies=cookies) or member or wanted or business or languages.USUAL


@contextmanager
def speaking(
    request: HttpRequest, *, member: str = "", business: str = "", cookies: bool = True
) -> Iterator[str]:
    """Render what is inside in the page's language, which is given."""
    language = of_page(request, member=member, business=business, cookies=cookies)
    with translation.override(language):
        yield language


def remember(response: HttpResponseBase, request: HttpRequest) -> None:
    """Keep a language that was chosen by `?language=` in this browser for a year."""
    value = request.GET.get("language", "")
    if value in languages.LANGUAGES:
        response.set_cookie(
            COOKIE, value, max_age=_YEAR, secure=cookies_are_secure(request), httponly=True, samesite="Lax"
        )
