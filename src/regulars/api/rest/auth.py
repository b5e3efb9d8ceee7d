"""Who is asking, and may they: the key, its rate limit, its plan."""

from django.http import HttpRequest
from ninja.security import APIKeyHeader, HttpBearer

from regulars.api import calls, limits
from regulars.api.rest import scopes
from regulars.api.rest.errors import Unauthorized
from regulars.rules.errors import TooManyRequests
from regulars.tenants.identity import Identity, check_open, identify
from regulars.tenants.plans import check_feature
from regulars.tenants.scopes import require


def _check_key(request: HttpRequest, key: str | None) -> Identity:
    identity = identify(key) if key else None
    if identity is None:
        if not limits.take_anonymous(request).allowed:
            raise TooManyRequests("Too many requests without a valid API key. Check the key, wait a minute.")
        raise Unauthorized(
            "This API key is unknown or was revoked."
            if key
            else "Send your API key in the header X-Api-Key, or as Authorization: Bearer."
        )
    allowance = limits.take(request, identity)
    if not allowance.allowed:
        raise TooManyRequests(
            f"The limit of {allowance.limit} requests a minute is used up. "
            f"Try again in {allowance.retry_after} s."
        )
    check_open(identity)
    check_feature(identity.plan, "rest_access")
    require(identity, scopes.needed(request))
    return identity


def recognise(request: HttpRequest) -> None:
    """Note whose key a request brought that nobody asked for one, because there is nothing at its address."""
    key = key_of(request)
    if key and not hasattr(request, "identity"):
        identity = identify(key)
        if identity is not None:
            calls.mark(request, identity)


class HeaderKey(APIKeyHeader):
    """The key in `X-Api-Key`; it also looks into `Authorization`, so that one answer is given for both."""

    param_name = "X-Api-Key"

    def authenticate(self, request: HttpRequest, key: str | None) -> Identity:
        """The identity behind the request's key.

        Raises:
            Unauthorized: there is no valid key.
            TooManyRequests: the rate limit is used up.
            Closed: the operator keeps the business closed.
            PlanRequired: the plan has no API access.
        ScopeRequired: the key is for other things.
        """
        if not key:
            scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
            key = token.strip() if scheme.lower() == "bearer" else None
        return _check_key(request, key)


def key_of(request: HttpRequest) -> str:
    """The key itself that a request brought."""
    key: str = request.headers.get("X-Api-Key", "")
    return key or request.headers.get("Authorization", "").partition(" ")[2].strip()


class BearerKey(HttpBearer):
    """The key in `Authorization: Bearer`. `HeaderKey` has looked there already."""

    def authenticate(self, request: HttpRequest, token: str) -> Identity:
        """See `HeaderKey`."""
        return _check_key(request, token)


def identity_of(request: HttpRequest) -> Identity:
    """Who is asking, after the key was checked."""
    identity: Identity = request.auth  # type: ignore[attr-defined]
    return identity
