"""The cookie of whoever is signed in at a micro-site: for it alone, and out of scripts' reach."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse

from regulars.portal import sessions
from regulars.web.secure import cookies_are_secure

NAME: Final = "regulars_member"
# Browsers let no other host, nor plain HTTP, set a cookie that begins so.
HOST_NAME: Final = f"__Host-{NAME}"
# The page that somebody is led to after signing in, and for how many seconds it is remembered.
WANTED: Final = "regulars_wanted"
WANTED_LASTS: Final = 1800


def name_of(request: HttpRequest, base: str) -> str:
    """How the cookie is called for a micro-site at `base` of the host that was asked."""
    return HOST_NAME if base == "/" and cookies_are_secure(request) else NAME


def token_of(request: HttpRequest, base: str) -> str:
    """The token that the browser brings along; empty for none."""
    return request.COOKIES.get(name_of(request, base), "")


def give(response: HttpResponse, request: HttpRequest, base: str, token: str) -> None:
    """Let the browser keep a token: it is sent to pages below `base` of this very host, and nowhere else."""
    response.set_cookie(
        name_of(request, base),
        token,
        max_age=sessions.LASTS,
        path=base,
        secure=cookies_are_secure(request),
        httponly=True,
        samesite="Lax",
    )


def take_away(response: HttpResponse, request: HttpRequest, base: str) -> None:
    """Let the browser forget its token."""
    name = name_of(request, base)
    secure = cookies_are_secure(request)
    response.set_cookie(name, "", max_age=0, path=base, secure=secure, httponly=True, samesite="Lax")


def ask_for(response: HttpResponse, request: HttpRequest, base: str, page: str) -> None:
    """Let the browser remember which page of a micro-site somebody wanted before they signed in."""
    response.set_cookie(
        WANTED,
        page,
        max_age=WANTED_LASTS,
        path=base,
        secure=cookies_are_secure(request),
        httponly=True,
        samesite="Lax",
    )
