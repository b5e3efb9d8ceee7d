"""Who a signed address says that it brings: the RPC seed's formula, and a safer one (docs/decisions/0017).

The seed: `token` is the MD5 of the hour in GMT (YYYYMMDDHH), the member's code or e-mail, and an API key.
Such a token lives for the hour in which it was made and the next. Ours: `token2` is an HMAC-SHA256, lives for
minutes and works once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django_scopes import scope

from regulars.members import queries as members
from regulars.portal import sso_secrets
from regulars.portal.models import UsedToken
from regulars.rules.errors import Refusal
from regulars.rules.text import is_storable
from regulars.tenants import legacy_sso
from regulars.tenants.models import Business

# How far ahead `expires` may lie: an address that signs in is opened at once or not at all.
TOKEN2_LASTS: Final = dt.timedelta(minutes=10)
# A balance only shows something, and shops keep pages in caches.
BALANCE_LASTS: Final = dt.timedelta(hours=24)
NONCE_MIN: Final = 8
NONCE_MAX: Final = 128
LONGEST_SSO: Final = 254
_HOUR: Final = dt.timedelta(hours=1)
_NONCE: Final = re.compile(f"[!-~]{{{NONCE_MIN},{NONCE_MAX}}}")
_SECONDS: Final = re.compile("[0-9]{1,12}")


class NotSigned(Refusal):
    """The address carries no valid signature of this business, or none any more."""

    code = "sso_not_signed"


class Outdated(Refusal):
    """The signature is right, and its time is over."""

    code = "sso_expired"


class UsedUp(Refusal):
    """The signature is right, and it has signed somebody in already."""

    code = "sso_used"


class Unknown(Refusal):
    """The signature is right, and no member (or more than one) is named so."""

    code = "sso_unknown_member"


@dataclass(frozen=True, slots=True)
class Signed:
    """What an address brings along, each as it was typed; what is not there is empty."""

    sso: str
    token: str = ""
    token2: str = ""
    expires: str = ""
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """Whom a signed address brings, and what it was signed with: "key:1:8d4f0c21a97b" or "secret:1".

    Of a key it also says when it was switched on, as a hash: switched off and on, it is another one.
    """

    member_id: int
    credential: str


def hour_of(moment: dt.datetime) -> str:
    """The hour of a point in time as the seed's formula writes it: YYYYMMDDHH in GMT."""
    return moment.astimezone(dt.UTC).strftime("%Y%m%d%H")


def legacy_token(*, hour: str, sso: str, api_key: str) -> str:
    """The seed's formula: MD5 of hour, code or e-mail as it stands in the address, and API key."""
    text = f"{hour}{sso}{api_key}".encode("utf-8", "surrogatepass")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def signature(secret: str, *lines: str) -> str:
    """HMAC-SHA256 over lines of text, as hex digits. The whole secret, with its mark, is the key."""
    text = "\n".join(lines).encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def member_of(*, business: Business, signed: Signed, only_look: bool = False) -> Brought:
    """The member whom a signed address brings. A `token2` is used up by it, unless it is `only_look`ed at.

    Raises:
        NotSigned: there is no valid signature by a key or secret in use of this business.
        Outdated: `expires` has passed, or lies too far ahead.
        UsedUp: the `token2` was used before.
        Unknown: no member, or more than one, has this code or e-mail.
    """
    if signed.token2:
        return _by_token2(business, signed, only_look=only_look)
    return _by_token(business, signed)


def balance_of(*, business: Business, signed: Signed) -> int:
    """The id of the member whose balance a signed address shows. It may be opened again until it expires.

    Raises:
        NotSigned, Outdated, Unknown: as `member_of` says.
    """
    secrets = sso_secrets.in_use(business.pk)
    for sso in _readings(signed.sso):
        lines = ("balance", sso, signed.expires)
        if _signer(signed.token, ((pk, signature(secret, *lines)) for pk, secret in secrets)) is not None:
            _check_expires(signed.expires, BALANCE_LASTS)
            return _find(business, sso)
    raise NotSigned("The balance's address is not signed with a secret of this business.")


def is_in_force(*, business_id: int, credential: str) -> bool:
    """Whether that with which an address was signed still may sign: no key or secret was revoked since."""
    kind, number, *switched = credential.split(":")
    if kind == "key":
        return legacy_sso.switching(business_id=business_id, key_id=int(number)) in switched
    return sso_secrets.is_in_use(business_id=business_id, pk=int(number))


def _by_token(business: Business, signed: Signed) -> Brought:
    now = timezone.now()
    hours = (hour_of(now), hour_of(now - _HOUR))
    keys = legacy_sso.keys(business.pk)
    for sso in _readings(signed.sso):
        expected = ((pk, legacy_token(hour=hour, sso=sso, api_key=key)) for pk, key in keys for hour in hours)
        if (signer := _signer(signed.token, expected)) is not None:
            switched = legacy_sso.switching(business_id=business.pk, key_id=signer)
            return Brought(_find(business, sso), f"key:{signer}:{switched}")
    raise NotSigned("The token fits no key of this business with single sign-on, or is older than two hours.")


def _by_token2(business: Business, signed: Signed, *, only_look: bool) -> Brought:
    secrets = sso_secrets.in_use(business.pk)
    for sso in _readings(signed.sso):
        lines = ("sso", sso, signed.expires, signed.nonce)
        expected = ((pk, signature(secret, *lines)) for pk, secret in secrets)
        if (signer := _signer(signed.token2, expected)) is not None:
            if not _NONCE.fullmatch(signed.nonce):
                raise NotSigned(f"The nonce must have {NONCE_MIN} to {NONCE_MAX} characters of ASCII.")
            ends = _check_expires(signed.expires, TOKEN2_LASTS)
            member_id = _find(business, sso)
            _use_up(business, signed.token2, ends, only_look=only_look)
            return Brought(member_id, f"secret:{signer}")
    raise NotSigned("The address is not signed with a secret of this business.")


def _readings(sso: str) -> Iterator[str]:
    """The text that was signed. A plus sign that a shop forgot to escape arrives as a space."""
    # Lines are what is signed, so a text of several lines could be read in two ways.
    if not 0 < len(sso) <= LONGEST_SSO or not is_storable(sso) or "\n" in sso:
        return
    yield sso
    if "@" in sso and " " in sso:
        yield sso.replace(" ", "+")


def _signer(given: str, expected: Iterable[tuple[int, str]]) -> int | None:
    """Whose token it is, of those expected. How long it takes tells nothing about them."""
    told = given.lower().encode("utf-8", "surrogatepass")
    found = None
    for pk, one in expected:
        if hmac.compare_digest(told, one.encode()):
            found = pk
    return found


def _check_expires(text: str, most: dt.timedelta) -> dt.datetime:
    now = timezone.now()
    if not _SECONDS.fullmatch(text):
        raise NotSigned("expires must be the seconds since 1970 in digits.")
    ends = int(text) - now.timestamp()
    if ends <= 0:
        raise Outdated("This address has expired.")
    if ends > most.total_seconds():
        raise Outdated(f"expires lies more than {most} ahead.")
    return now + dt.timedelta(seconds=ends)


def _find(business: Business, sso: str) -> int:
    try:
        return members.find_member(business_id=business.pk, reference=sso)
    except Refusal as refusal:
        raise Unknown(refusal.message) from None


def _use_up(business: Business, token2: str, ends: dt.datetime, *, only_look: bool) -> None:
    digest = hashlib.sha256(token2.lower().encode()).hexdigest()
    used = UsedUp("This address has signed somebody in already.")
    if only_look:
        with scope(business=business):
            if UsedToken.objects.filter(digest=digest).exists():
                raise used
        return
    try:
        with transaction.atomic(), scope(business=business):
            UsedToken.objects.create(business=business, digest=digest, expires_at=ends)
    except IntegrityError:
        raise used from None
