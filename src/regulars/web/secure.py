"""Which cookies browsers may send over plain HTTP: none, where the installation is reached by HTTPS."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def cookies_are_secure(request: HttpRequest) -> bool:
    """Whether cookies get `Secure`: always when REGULARS_PUBLIC_URL is https, however this request came.

    A proxy that is not trusted makes every request look like plain HTTP.
    """
    return bool(settings.SESSION_COOKIE_SECURE) or request.is_secure()
