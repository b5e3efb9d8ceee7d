"""The cookie of whoever is signed in at a micro-site: for it alone, and out of scripts' reach."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse

from regulars.portal import sessions

NAME: Final = "regulars_member"
# Browsers let no other host, nor plain HTTP, set a cookie that begins so.
HOST_NAME: Final = f"__Host-{NAME}"


def name_of(request: HttpRequest, base: str) -> str:
    """How the cookie is called for a micro-site at `base` of the host that was asked."""
    return HOST_NAME if base == "/" and request.is_secure() else NAME


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
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def take_away(response: HttpResponse, request: HttpRequest, base: str) -> None:
    """Let the browser forget its token."""
    name = name_of(request, base)
    response.set_cookie(
        name, "", max_age=0, path=base, secure=request.is_secure(), httponly=True, samesite="Lax"
    )
