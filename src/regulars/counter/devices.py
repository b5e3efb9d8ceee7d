"""Devices at the counter: paired once with a short code, known by a token from then on."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import uuid
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_scopes import scope, scopes_disabled

from regulars.counter.models import Device, OperatorSession, Pairing
from regulars.counter.refusals import NotSignedIn
from regulars.rules import codes
from regulars.rules.errors import Conflict, NotFound
from regulars.rules.text import clean_line
from regulars.rules.vouchers import CODE_CHARACTERS
from regulars.tenants.models import Branch
from regulars.tenants.queries import own

# How long a code waits to be typed.
CODE_LASTS: Final = dt.timedelta(minutes=10)
# Of 25 characters each: about 37 bits, for ten minutes, behind a limit of attempts.
CODE_LENGTH: Final = 8
# Codes of one business that wait at once.
MOST_WAITING: Final = 20
MAX_NAME: Final = 100
USUAL_NAME: Final = "Counter"


def create_pairing(
    *, business_id: int, branch_id: int | None = None, made_by: int | None = None
) -> tuple[Pairing, str]:
    """A code that pairs one device within ten minutes. The code itself is the second value, shown once.

    With `branch_id` the device stands at that branch.

    Raises:
        NotFound: the business has no such active branch.
        Conflict: twenty codes wait already.
    """
    now = timezone.now()
    code = "".join(secrets.choice(CODE_CHARACTERS) for _ in range(CODE_LENGTH))
    with transaction.atomic(), scope(business=business_id):
        branch = own(Branch, branch_id, "branch_id")
        if branch is not None and not branch.is_active:
            raise NotFound(
                f"There is no active branch {branch_id}.", fields={"branch_id": "is not an active branch"}
            )
        if Pairing.objects.filter(used_at=None, expires_at__gt=now).count() >= MOST_WAITING:
            raise Conflict(f"{MOST_WAITING} codes wait to be used. Use one of them, or wait ten minutes.")
        row = Pairing.objects.create(
            business_id=business_id,
            code_hash=codes.key_hash(code),
            branch=branch,
            made_by_id=made_by,
            created_at=now,
            expires_at=now + CODE_LASTS,
        )
    return row, f"{code[:4]}-{code[4:]}"


def pair(
    *, code: str, name: str = "", client_id: uuid.UUID | None = None, before: str = ""
) -> tuple[Device, str]:
    """Make a device a counter of the business whose code it has. The second value is the device's token.

    `client_id` is a name that the device made and keeps to itself: with the same code it hears again what it
    was told, because the first answer may have been lost. `before` is the token of the device that it was:
    that one is ended when it is of the same business.

    Raises:
        InvalidInput: the name is unusable.
        NotFound: there is no such code, or somebody else used it, or it is older than ten minutes.
    """
    name = clean_line(name, field="name", max_length=MAX_NAME) or USUAL_NAME
    now = timezone.now()
    code_hash = codes.key_hash(re.sub(r"[\s-]", "", code[:40]).upper())
    token = secrets.token_urlsafe(32) if client_id is None else _token_for(code_hash, client_id)
    # The one question that is asked before the business is known.
    with transaction.atomic(), scopes_disabled():
        waiting = Pairing.objects.filter(code_hash=code_hash, used_at=None, expires_at__gt=now)
        # Of two who type it at once, one is paired.
        if waiting.update(used_at=now):
            device = _paired(Pairing.objects.get(code_hash=code_hash), name, token, now)
        else:
            device = _paired_before(token, now)
        _end_before(device, before, now)
    return device, token


def _token_for(code_hash: str, client_id: uuid.UUID) -> str:
    """A token that the same request makes again, and nobody who does not know all of it and our secret."""
    return salted_hmac("regulars.counter.pairing", f"{code_hash}:{client_id}", algorithm="sha256").hexdigest()


def _paired(pairing: Pairing, name: str, token: str, now: dt.datetime) -> Device:
    return Device.objects.create(
        business_id=pairing.business_id,
        name=name,
        branch_id=pairing.branch_id,
        token_hash=codes.key_hash(token),
        paired_by_id=pairing.made_by_id,
        paired_at=now,
        last_seen_at=now,
    )


def _paired_before(token: str, now: dt.datetime) -> Device:
    rows = Device.objects.filter(token_hash=codes.key_hash(token), revoked_at=None)
    device = rows.filter(paired_at__gt=now - CODE_LASTS).first()
    if device is None:
        raise NotFound(
            "There is no such code, or it is older than ten minutes. Ask for a new one.",
            fields={"code": "is unknown"},
        )
    return device


def _end_before(device: Device, before: str, now: dt.datetime) -> None:
    """End what this device was until now; a device of another business is not its owner's to end."""
    if not before:
        return
    rows = Device.objects.filter(token_hash=codes.key_hash(before), business_id=device.business_id)
    old = rows.filter(revoked_at=None).exclude(pk=device.pk).first()
    if old is not None:
        _revoke(old.pk, now)


def _revoke(device_id: int, now: dt.datetime) -> None:
    Device.objects.filter(pk=device_id, revoked_at=None).update(revoked_at=now)
    OperatorSession.objects.filter(device_id=device_id).delete()


def device_of(token: str) -> Device:
    """The device that a token belongs to, with its business and branch.

    Raises:
        NotSignedIn: it is nobody's, or the device was revoked.
    """
    with scopes_disabled():
        rows = Device.objects.select_related("business__program", "branch")
        found = rows.filter(token_hash=codes.key_hash(token), revoked_at=None).first() if token else None
    if found is None:
        raise NotSignedIn("This device is not paired.")
    return found


def devices(business_id: int) -> list[Device]:
    """All devices of a business, revoked ones too, oldest first."""
    with scope(business=business_id):
        return list(Device.objects.select_related("branch").order_by("pk"))


def revoke_device(*, business_id: int, device_id: int) -> Device:
    """End a device: whoever is signed in at it is signed out at once. Again is no error.

    Raises:
        NotFound: the business has no such device.
    """
    with transaction.atomic(), scope(business=business_id):
        _revoke(device_id, timezone.now())
        found = Device.objects.select_related("branch").filter(pk=device_id).first()
    if found is None:
        raise NotFound(f"There is no device {device_id}.")
    return found
