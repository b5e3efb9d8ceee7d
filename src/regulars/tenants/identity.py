"""Which business a key belongs to: looked up once, then remembered for a few seconds."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.db import Error
from django.db.models import Q
from django.utils import timezone
from django_scopes import scopes_disabled

from regulars.rules import codes
from regulars.rules.errors import Closed
from regulars.tenants.models import ApiKey
from regulars.tenants.plans import Plan, plan_of

# How long a revoked key or a changed plan may go unnoticed by a process.
REMEMBER_SECONDS = 5.0
_MOST_REMEMBERED = 20_000
_LAST_USED_STEP = timedelta(seconds=60)

_remembered: dict[str, tuple[float, Identity | None]] = {}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking: the business behind an API key, its plan, and how it writes what it means."""

    key_id: int
    business_id: int
    plan: Plan
    timezone: str
    currency: str
    country: str
    rpc_format: str
    closed: bool = False
    scopes: frozenset[str] = frozenset()  # of `scopes.SCOPES`; none for everything


def identify(key: str) -> Identity | None:
    """The identity behind an API key; None for a key that is unknown or revoked."""
    key_hash = codes.key_hash(key)
    now = time.monotonic()
    known = _remembered.get(key_hash)
    if known is not None and known[0] > now:
        return known[1]
    identity = _look_up(key_hash)
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    _remembered[key_hash] = (now + REMEMBER_SECONDS, identity)
    return identity


def check_open(identity: Identity) -> None:
    """Refuse what a key asks of a business that its operator keeps closed, with Closed."""
    if identity.closed:
        raise Closed("This business is closed for now. Nothing of it is lost; ask its operator.")


def forget() -> None:
    """Look everything up anew from here on, in this process."""
    _remembered.clear()


def _look_up(key_hash: str) -> Identity | None:
    # The one question that is asked before the business is known.
    with scopes_disabled():
        key = ApiKey.objects.select_related("business").filter(key_hash=key_hash, revoked_at=None).first()
        if key is None:
            return None
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > _LAST_USED_STEP:
            unused_since = Q(last_used_at=None) | Q(last_used_at__lt=now - _LAST_USED_STEP)
            with suppress(Error):  # a note for the owner's eyes: no reason to refuse the request
                ApiKey.objects.filter(unused_since, pk=key.pk).update(last_used_at=now)
        business = key.business
        return Identity(
            key_id=key.pk,
            business_id=business.pk,
            plan=plan_of(business),
            timezone=business.timezone,
            currency=business.currency,
            country=business.country,
            rpc_format=key.rpc_format,
            closed=business.suspended_at is not None,
            scopes=frozenset(key.scopes),
        )
