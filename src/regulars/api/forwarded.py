"""How a request really came: over HTTPS or not, and from which address. Only trusted proxies are believed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from django.conf import settings

_FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_FORWARDED",
    "HTTP_X_REAL_IP",
    "HTTP_VIA",
)


@lru_cache(maxsize=4096)
def _inside(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        parsed = ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(parsed in network for network in networks)


@lru_cache(maxsize=4096)
def _is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback


def resolve(environ: dict[str, Any]) -> None:
    """Put the true scheme and client address of a request into its WSGI environment.

    `X-Forwarded-Proto` and `X-Forwarded-For` count only from a trusted proxy; of a chain of addresses the
    last one that is not itself a trusted proxy is the client.
    """
    trusted: Sequence[IPv4Network | IPv6Network] = settings.REGULARS_TRUSTED_PROXIES
    peer = environ.get("REMOTE_ADDR", "")
    if not trusted or not _inside(peer, tuple(trusted)):
        return
    proto = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")[-1].strip().lower()
    if proto in {"http", "https"}:
        environ["wsgi.url_scheme"] = proto
    for address in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        candidate = address.strip()
        if candidate:
            environ["REMOTE_ADDR"] = candidate
            if not _inside(candidate, tuple(trusted)):
                return


def may_pass(environ: dict[str, Any]) -> bool:
    """Whether the installation lets this request in: over HTTPS, or from this very machine when it says so.

    A request that a proxy handed on is not from this machine, even if the proxy is.
    """
    if environ.get("wsgi.url_scheme") == "https":
        return True
    if settings.REGULARS_ALLOW_HTTP != "loopback" or any(name in environ for name in _FORWARDED):
        return False
    return _is_loopback(environ.get("REMOTE_ADDR", ""))
