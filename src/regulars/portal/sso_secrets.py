"""Secrets with which a shop's website signs: members in (`token2`), and their balance in a frame.

A secret is shown once and kept sealed, because checking a signature needs the secret itself.
"""

from __future__ import annotations

import secrets
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.portal.models import SsoSecret
from regulars.rules import codes
from regulars.rules.errors import Conflict, NotFound
from regulars.seal import Unsealable, seal, unseal
from regulars.tenants.models import Business

MARK: Final = "ssosec_"
# Letters and digits after the mark: about 231 random bits.
LENGTH: Final = 40
PREFIX_LENGTH: Final = len(MARK) + 6
# In use at once; each is tried with every signature.
MOST: Final = 10

log = structlog.get_logger(__name__)


def create_secret(*, business: Business) -> tuple[SsoSecret, str]:
    """Make a secret. The secret itself is the second value, shown once.

    Raises:
        Conflict: there are as many in use as may be (`MOST`).
    """
    secret = MARK + "".join(secrets.choice(codes.CLEAR_CHARACTERS) for _ in range(LENGTH))
    with transaction.atomic(), scope(business=business):
        db.serialise("secrets of single sign-on", business.pk)  # so that no two count at once
        if SsoSecret.objects.filter(revoked_at=None).count() >= MOST:
            raise Conflict(f"{MOST} secrets are in use. Revoke one first.")
        row = SsoSecret.objects.create(
            business=business, prefix=secret[:PREFIX_LENGTH], sealed=seal(secret), created_at=timezone.now()
        )
    return row, secret


def all_secrets(*, business_id: int) -> list[SsoSecret]:
    """All secrets, revoked ones too, oldest first. They cannot be shown again."""
    with scope(business=business_id):
        return list(SsoSecret.objects.order_by("id"))


def revoke_secret(*, business_id: int, pk: int) -> SsoSecret:
    """End a secret at once and for good. Revoking it again changes nothing.

    Raises:
        NotFound: the business has no such secret.
    """
    with scope(business=business_id):
        SsoSecret.objects.filter(pk=pk, revoked_at=None).update(revoked_at=timezone.now(), sealed="")
        row = SsoSecret.objects.filter(pk=pk).first()
    if row is None:
        raise NotFound(f"There is no secret {pk}.")
    return row


def is_in_use(*, business_id: int, pk: int) -> bool:
    """Whether a secret was not revoked."""
    with scope(business=business_id):
        return SsoSecret.objects.filter(pk=pk, revoked_at=None).exists()


def in_use(business_id: int) -> list[tuple[int, str]]:
    """The secrets themselves, those that are in use, with their ids."""
    with scope(business=business_id):
        rows = SsoSecret.objects.filter(revoked_at=None).order_by("id")
        sealed = list(rows.values_list("pk", "prefix", "sealed"))
    found = []
    for pk, prefix, text in sealed:
        try:
            found.append((pk, unseal(text)))
        except Unsealable as problem:
            log.warning("a secret of single sign-on is out of order", prefix=prefix, problem=str(problem))
    return found
