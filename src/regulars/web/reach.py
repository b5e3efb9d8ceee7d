"""Whether other devices than the server's own machine can open its addresses."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings


def only_here() -> str:
    """The public address where it is one of this machine alone, such as http://127.0.0.1:8000; else empty."""
    url = str(settings.REGULARS_PUBLIC_URL)
    return url if _is_own(urlsplit(url).hostname or "") else ""


def _is_own(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        found = ip_address(host)
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified
