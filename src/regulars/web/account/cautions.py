"""What people read before they set up a second step: what a passkey needs, and what an address."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from django.http import HttpRequest

from regulars.tenants import addresses
from regulars.tenants.models import User


@dataclass(frozen=True, slots=True)
class NoPasskeys:
    """Why a browser makes no passkey for a page; `instead` is where it does, if we know that."""

    host: str
    is_number: bool
    instead: str = ""


def no_passkeys(request: HttpRequest) -> NoPasskeys | None:
    """Why no passkey can be made at the address that was asked; None where one can.

    Browsers make them for names, over https or on the computer itself (Web Authentication, 5.1.2 and
    13.4.9; Secure Contexts, 3.1).
    """
    name, port = _name_and_port(request)
    try:
        number = ipaddress.ip_address(name)
    except ValueError:
        at_home = name == "localhost" or name.endswith(".localhost")
        return None if request.is_secure() or at_home else NoPasskeys(name, is_number=False)
    instead = f"{request.scheme}://localhost{port}{request.path}" if number.is_loopback else ""
    return NoPasskeys(name, is_number=True, instead=instead)


def _name_and_port(request: HttpRequest) -> tuple[str, str]:
    host = request.get_host()
    if host.startswith("["):  # IPv6
        name, _, port = host[1:].partition("]")
        return name, port
    name, colon, port = host.partition(":")
    return name, colon + port


def is_unconfirmed(request: HttpRequest) -> bool:
    """Whether whoever is signed in never confirmed their address: then a forgotten password takes it all."""
    user = request.user
    return isinstance(user, User) and not addresses.is_confirmed(user)
