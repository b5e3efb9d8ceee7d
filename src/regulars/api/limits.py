"""Rate limits as both dialects take them, count them and show them."""

from http import HTTPStatus

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from regulars.api import calls
from regulars.tenants import ratelimit
from regulars.tenants.identity import Identity
from regulars.tenants.plans import UNLIMITED_REQUESTS

# Requests a minute from one address without a valid key: enough to notice a mistake, not to try keys.
ANONYMOUS_LIMIT = 300


def take(request: HttpRequest, identity: Identity) -> ratelimit.Allowance:
    """Count a request against the limit of its business, which all its keys and both dialects share."""
    calls.mark(request, identity)
    limit = identity.plan.requests_per_minute
    allowance = ratelimit.take(
        f"business:{identity.business_id}", limit or UNLIMITED_REQUESTS, enforced=limit is not None
    )
    request.allowance = allowance  # type: ignore[attr-defined]
    return allowance


def take_anonymous(request: HttpRequest) -> ratelimit.Allowance:
    """Count a request without a valid key against its address."""
    allowance = ratelimit.take(f"address:{request.META.get('REMOTE_ADDR', '')}", ANONYMOUS_LIMIT)
    request.allowance = allowance  # type: ignore[attr-defined]
    return allowance


def add_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """Say what is left of the limit; requests that never reached a key count for their address."""
    allowance: ratelimit.Allowance = getattr(request, "allowance", None) or take_anonymous(request)
    response.headers["X-RateLimit-Limit"] = str(allowance.limit)
    response.headers["X-RateLimit-Remaining"] = str(allowance.remaining)
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        # Unless another limit than this one said no.
        response.headers.setdefault("Retry-After", str(max(allowance.retry_after, 1)))
