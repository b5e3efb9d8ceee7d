"""The e-mail address that somebody signs in with: whether it was confirmed, and changing it.

A person has one address. A new one takes its place when whoever reads its mail has confirmed it, by a link
that holds what the address was then: it works once, and no longer than the password with which it was asked
for (docs/decisions/0024). It works only for whoever is signed in to the account as well: reading the mail
shows whose the address is, signing in shows whose the account is, and the two need not be the same. Nobody
learns from asking whether an address is known.
"""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils.crypto import salted_hmac
from django_scopes import scopes_disabled

from regulars import db
from regulars.rules.errors import Conflict, NotFound, TooManyRequests
from regulars.tenants import checks, mail, ratelimit
from regulars.tenants.models import Staff, User

# How long the link of an e-mail works.
LINK_LASTS: Final = dt.timedelta(days=3)
# E-mails to one address, in so many seconds.
MAILS: Final = 3
MAILS_IN: Final = 600
# E-mails that one person asks for, to whatever address, in so many seconds: they may go to strangers.
ASKED: Final = 5
ASKED_IN: Final = 3600
_SALT: Final = "regulars.tenants.addresses"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link asks for: that `address` is, or becomes, the address of `user`."""

    user: User
    address: str

    @property
    def is_change(self) -> bool:
        """Whether they sign in with another address until it is confirmed."""
        return self.user.email != self.address


def _rows() -> Any:
    # The model is not there yet when this room is loaded.
    from allauth.account.models import EmailAddress  # noqa: PLC0415

    return EmailAddress.objects


def is_confirmed(user: User) -> bool:
    """Whether somebody has shown that they read the mail of the address that they sign in with."""
    return bool(_rows().filter(user_id=user.pk, email=user.email, verified=True).exists())


def ensure(user: User) -> None:
    """Note the address of somebody, not confirmed yet, if nobody did: the sign-in looks there."""
    _rows().filter(user_id=user.pk).exclude(email=user.email).delete()
    _rows().get_or_create(user=user, email=user.email, defaults={"primary": True, "verified": False})


def note_confirmed(user: User) -> None:
    """Note that somebody reads the mail of the address that they sign in with. Within a transaction."""
    ensure(user)
    _rows().filter(user_id=user.pk).update(primary=True, verified=True)


def ask(*, user: User, address: str = "") -> None:
    """Mail a link that confirms an address: the present one, or another to sign in with from then on.

    Raises:
        InvalidInput: `address` is not an e-mail address; `email` is named.
        NotFound: they are on no team, in whose name the mail could be written.
        TooManyRequests: the address was written to several times just now, or they asked too often.
    """
    address = checks.check_email(address, field="email") if address else user.email
    allowance = ratelimit.take(f"confirm address by:{user.pk}", ASKED, window=ASKED_IN)
    if not allowance.allowed:
        raise TooManyRequests(
            "You asked for several mails within an hour. Wait, and look into your mail meanwhile.",
            retry_after=allowance.retry_after,
        )
    allowance = ratelimit.take(f"confirm address:{address}", MAILS, window=MAILS_IN)
    if not allowance.allowed:
        raise TooManyRequests(
            "There were several mails to this address just now. Wait some minutes.",
            retry_after=allowance.retry_after,
        )
    with transaction.atomic(), scopes_disabled():  # any business that they work for
        staff = place_of(user)
        if staff is None:
            raise NotFound("You are on no team, in whose name this mail could be written.")
        ensure(user)
        key = signing.dumps([user.pk, user.email, address, _state(user)], salt=_SALT)
        mail.confirm_address(staff, address, f"{settings.REGULARS_PUBLIC_URL}/account/confirm-email/{key}/")


def place_of(user: User) -> Staff | None:
    """The oldest place of somebody on a team, in whose name mails to them are written."""
    with scopes_disabled():
        rows = Staff.objects.select_related("user", "business").filter(user=user, is_active=True)
        return rows.order_by("pk").first()


def _state(user: User) -> str:
    """A fingerprint of what a link must not outlive: the password, and the address as it was noted."""
    noted = _rows().filter(user_id=user.pk, email=user.email).values_list("pk", flat=True).first()
    return salted_hmac(_SALT, f"{noted}:{user.password}", algorithm="sha256").hexdigest()[:32]


def _read(key: str) -> tuple[int, str, str, str]:
    """Whose link it is, what their address was, what it shall be, and the state at that time."""
    try:
        pk, before, address, state = signing.loads(key, salt=_SALT, max_age=LINK_LASTS)
    except (signing.BadSignature, ValueError, TypeError):
        raise NotFound("This link is not valid, or older than three days. Ask for a new one.") from None
    return pk, before, address, state


def _check(user: User | None, before: str, address: str, state: str) -> User:
    current = user is not None and user.email == before and hmac.compare_digest(_state(user), state)
    if user is None or not current or (before == address and is_confirmed(user)):
        raise NotFound(
            "This link was used already, or how you sign in has changed since. Ask for a new one if need be."
        )
    return user


def asked_by(key: str) -> Asked:
    """What the link of an e-mail asks for.

    Raises:
        NotFound: the link was used, is older than three days or than the password, or was not made here.
    """
    pk, before, address, state = _read(key)
    user = User.objects.filter(pk=pk, is_active=True).first()
    return Asked(_check(user, before, address, state), address)


def confirm(*, key: str, user_id: int | None) -> Asked:
    """Do what the link of an e-mail asks for; somebody whose address changes is told so at the old one.

    `user_id` is who is signed in where the link is followed. Somebody who registered with the address of a
    stranger could have it confirmed by them otherwise, and keep what opens the account.

    Raises:
        Conflict: that is somebody else, or nobody.
        NotFound: the link was used, is older than three days or than the password, or was not made here; or
            somebody else signs in with the address.
    """
    pk, before, address, state = _read(key)
    with transaction.atomic():
        db.serialise("user", address)
        locked = User.objects.select_for_update().filter(pk=pk, is_active=True).first()
        user = _check(locked, before, address, state)
        if user.pk != user_id:
            raise Conflict("Sign in to the account that this link is about, and follow the link again.")
        if User.objects.filter(email=address).exclude(pk=user.pk).exists():
            raise NotFound("This address cannot be used for signing in.")
        if before != address:
            _tell(user, before, address)
            user.email = address
            user.save(update_fields=["email"])
        note_confirmed(user)
    return Asked(user, address)


def _tell(user: User, before: str, address: str) -> None:
    staff = place_of(user)
    if staff is not None:
        security_url = f"{settings.REGULARS_PUBLIC_URL}/account/"
        mail.tell_change(staff, before, f"The address is {address} from now on.", security_url)
