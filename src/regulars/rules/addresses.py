"""Which addresses on the network may be called for somebody who is not trusted with the network."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_URL = 500

# From the registries of special-purpose addresses (RFC 6890 and its successors). They are listed here so
# that the answer does not depend on the version of Python.
_CLOSED_4 = tuple(
    ipaddress.IPv4Network(one)
    for one in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' own
        "127.0.0.0/8",  # this machine
        "169.254.0.0/16",  # this link; clouds tell secrets at 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols' own
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # measuring
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # many at once
        "240.0.0.0/4",  # reserved, and everybody
    )
)
_OPEN_6 = ipaddress.IPv6Network("2000::/3")  # everything else is nobody's, or not everybody's
_CLOSED_6 = tuple(
    ipaddress.IPv6Network(one)
    for one in (
        "2001::/23",  # protocols' own, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",  # documentation
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

_NOT_AN_ADDRESS = "must be the address of a web server, such as https://shop.example/hooks"
# Names that are looked up: labels of letters, digits, - and, as some have it, _; none of them empty.
_NAME = re.compile(
    r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.IGNORECASE | re.ASCII
)
_MAX_NAME = 253
# IDNA 2003, which Python has, and IDNA 2008 make different names of these (RFC 5894, section 7.2).
_READ_DIFFERENTLY = frozenset(
    "\N{LATIN SMALL LETTER SHARP S}\N{LATIN CAPITAL LETTER SHARP S}"
    "\N{GREEK SMALL LETTER FINAL SIGMA}\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
)


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could call this address as well.

    An IPv4 address in the clothes of IPv6 is what it is underneath.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None:
            return address in _OPEN_6 and not any(address in one for one in _CLOSED_6)
        address = inner
    return not any(address in one for one in _CLOSED_4)


def within(address: Address, networks: Iterable[Network]) -> bool:
    """Whether the address lies in one of the networks."""
    return any(address.version == one.version and address in one for one in networks)


def url_problem(url: str) -> str | None:
    """What is wrong with a web server's address, such as "must begin with https://"; None when nothing."""
    if len(url) > MAX_URL:
        return f"must have at most {MAX_URL} characters"
    if not url.isprintable() or any(sign in url for sign in ' \\<>"^`{|}'):
        return "must have no spaces or signs that addresses cannot have"
    try:
        parts = urlsplit(url)
        port = parts.port
        host = ascii_host(parts.hostname or "")
    except ValueError:
        return _NOT_AN_ADDRESS
    wrong = (
        (parts.scheme not in {"https", "http"}, "must begin with https://"),
        (not parts.hostname, "must name a host, such as https://shop.example/hooks"),
        ("@" in parts.netloc, "must not hold a user name or password"),
        (port == 0 or not _is_host(host, bracketed="[" in parts.netloc), _NOT_AN_ADDRESS),
        (
            any(letter in _READ_DIFFERENTLY for letter in (parts.hostname or "")),
            "has a letter that programs write differently for name servers; write the name as xn--...",
        ),
        (
            not (parts.path + parts.query).isascii(),
            "must write letters other than those of ASCII as % and digits",
        ),
    )
    return next((problem for is_so, problem in wrong if is_so), None)


def forbidden(url: str, networks: Iterable[Network]) -> str | None:
    """What can be said against a good address without asking a name server; None when nothing."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    allowed = tuple(networks)
    if host == "localhost" or host.endswith(".localhost"):
        host = "127.0.0.1"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # Programs that resolve names also take "127.1" and "0x7f000001"; ours then looks at what they mean.
        return None if parts.scheme == "https" or allowed else "must begin with https://"
    if within(address, allowed):
        return None
    if not is_public(address):
        return "is not a public address, and this installation does not allow it"
    return None if parts.scheme == "https" else "must begin with https://"


def _is_host(host: str, *, bracketed: bool) -> bool:
    if bracketed:  # an address of IPv6; without a zone, which says something on one machine only
        return ":" in host and "%" not in host
    return len(host.rstrip(".")) <= _MAX_NAME and _NAME.fullmatch(host) is not None


def ascii_host(host: str) -> str:
    """A host as name servers know it.

    Raises:
        ValueError: it cannot be one.
    """
    if ":" in host:
        return str(ipaddress.IPv6Address(host))
    return host.encode("idna").decode() if not host.isascii() else host


def ascii_url(url: str) -> bytes:
    """An address with its host as name servers know it, without the part behind #."""
    parts = urlsplit(url)
    return SplitResult(parts.scheme, _netloc(parts), parts.path or "/", parts.query, "").geturl().encode()


def host_header(url: str) -> str:
    """What the header Host says for an address."""
    return _netloc(urlsplit(url))


def _netloc(parts: SplitResult) -> str:
    host = ascii_host(parts.hostname or "")
    shown = f"[{host}]" if ":" in host else host
    usual = {"https": 443, "http": 80}[parts.scheme]
    return shown if parts.port in {None, usual} else f"{shown}:{parts.port}"
