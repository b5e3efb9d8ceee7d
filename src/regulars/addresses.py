"""Under which addresses other machines reach this one."""

from __future__ import annotations

import ipaddress
import socket

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


def lan_addresses() -> list[str]:
    """This machine's own addresses in its networks, IPv4 first, without loopback.

    Asks the routing table by connecting a datagram socket, which sends nothing and needs no name server.
    """
    found: list[str] = []
    for family, target in (
        (socket.AF_INET, "192.0.2.1"),
        (socket.AF_INET, "192.168.255.254"),
        (socket.AF_INET, "10.255.255.254"),
        (socket.AF_INET6, "2001:db8::1"),
    ):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 9))
                address = probe.getsockname()[0]
        except OSError:
            continue  # no such network here
        if address not in found and not ipaddress.ip_address(address).is_loopback:
            found.append(address)
    return found


def in_url(host: str) -> str:
    """A host as an address bar wants it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
