"""Hosts of micro-sites: `{slug}.{domain}` shows one business's micro-site and nothing else that is here."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.http.response import HttpResponseBase

from regulars.portal import sites

URLS = "regulars.urls_microsite"


class Hosts:
    """Gives requests for a micro-site's host the addresses of a micro-site, and the slug it is for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Look at the host, which only counts when it is one that this installation answers for."""
        try:
            host, _ = split_domain_port(request.get_host())
        except DisallowedHost:
            return self.get_response(request)  # answered with 400 by what follows
        slug = sites.slug_of(host)
        if slug is not None:
            request.urlconf = URLS
            request.microsite = slug  # type: ignore[attr-defined]
        return self.get_response(request)


def slug_of_host(request: HttpRequest) -> str | None:
    """The slug of the host that a request came to; None when it is the installation's own."""
    found: str | None = getattr(request, "microsite", None)
    return found
