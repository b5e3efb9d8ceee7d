"""Where a business's micro-site is."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django_scopes import scopes_disabled

from regulars.rules.errors import NotFound
from regulars.tenants.microsites import check_open
from regulars.tenants.models import Business

_LONGEST_SLUG: Final = 60


def address(business: Business) -> str:
    """The address of a business's micro-site, with a slash at its end.

    A host of its own where the operator named a domain for them, because only the operator knows whether
    that leads here; else a part of the installation's address, which always does. So does the latter where
    the host would be one of the installation's own.
    """
    if settings.LINKS_TO_MICROSITE_HOSTS and slug_of(_host(business.slug)) is not None:
        return host_address(business.slug)
    return f"{settings.REGULARS_PUBLIC_URL}{path(business.slug)}"


def host_address(slug: str) -> str:
    """The address of the micro-site on a host of its own, with a slash at its end."""
    public = urlsplit(settings.REGULARS_PUBLIC_URL)
    port = "" if public.port is None else f":{public.port}"
    return f"{public.scheme}://{_host(slug)}{port}/"


def _host(slug: str) -> str:
    return f"{slug}.{settings.REGULARS_MICROSITE_DOMAIN}"


def path(slug: str) -> str:
    """The part of the installation's address that is a business's micro-site."""
    return f"/m/{slug}/"


def slug_of(host: str) -> str | None:
    """The slug that a host name asks for, without a port; None when it is no micro-site's host.

    Empty for a name below the domain of micro-sites that no business can have.
    """
    domain = settings.REGULARS_MICROSITE_DOMAIN
    name = host.lower().rstrip(".")
    if not domain or name in settings.OWN_HOSTS or not name.endswith(f".{domain}"):
        return None
    slug = name.removesuffix(f".{domain}")
    return "" if "." in slug else slug


def business_of(slug: str) -> Business:
    """The business with a slug, with its programme.

    Raises:
        NotFound: there is none.
        Closed: its operator keeps it closed.
    """
    found = None
    if 0 < len(slug) <= _LONGEST_SLUG and "\0" not in slug:
        with scopes_disabled():
            found = Business.objects.select_related("program").filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no business with this address.")
    check_open(found)
    return found
