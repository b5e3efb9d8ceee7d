"""The two cookies of a counter: who works here now, and which device this is. Scripts cannot read them."""

from __future__ import annotations

from typing import Final

from django.core import signing
from django.http import HttpRequest, HttpResponse

from regulars.counter.operators import LONGEST
from regulars.web.secure import cookies_are_secure

SESSION: Final = "regulars_counter"
DEVICE: Final = "regulars_device"
PATH: Final = "/scan/"
# A paired device stays one until somebody ends it. Browsers keep a cookie for 400 days at most, so it is set
# again whenever somebody signs in.
_DEVICE_LASTS: Final = 400 * 24 * 3600
_SALT: Final = "regulars.counter"


def read(request: HttpRequest, name: str) -> str:
    """The token in one of the cookies; empty for none, and for one that was not signed here."""
    value = request.COOKIES.get(name, "")
    try:
        return str(signing.Signer(salt=f"{_SALT}.{name}").unsign(value)) if value else ""
    except signing.BadSignature:
        return ""


def keep(response: HttpResponse, request: HttpRequest, name: str, token: str) -> None:
    """Let the browser keep a token, for the counter alone."""
    lasts = _DEVICE_LASTS if name == DEVICE else int(LONGEST.total_seconds())
    response.set_cookie(
        name,
        signing.Signer(salt=f"{_SALT}.{name}").sign(token),
        max_age=lasts,
        path=PATH,
        secure=cookies_are_secure(request),
        httponly=True,
        samesite="Strict",
    )


def drop(response: HttpResponse, name: str) -> None:
    """Let the browser forget a token."""
    response.delete_cookie(name, path=PATH, samesite="Strict")
