"""The e-mail address that somebody signs in with: whether it was confirmed, and changing it.

A person has one address. A new one takes its place when whoever reads its mail has confirmed it, by a link
that holds what the address was then: it works once. Nobody learns from asking whether an address is known.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.db import transaction
from django_scopes import scopes_disabled

from regulars import db
from regulars.rules.errors import NotFound, TooManyRequests
from regulars.tenants import checks, mail, ratelimit
from regulars.tenants.models import Staff, User

# How long the link of an e-mail works.
LINK_LASTS: Final = dt.timedelta(days=3)
# E-mails to one address, in so many seconds.
MAILS: Final = 3
MAILS_IN: Final = 600
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


def ask(*, user: User, address: str = "") -> None:
    """Mail a link that confirms an address: the present one, or another to sign in with from then on.

    Raises:
        InvalidInput: `address` is not an e-mail address; `email` is named.
        NotFound: they are on no team, in whose name the mail could be written.
        TooManyRequests: the address was written to several times just now.
    """
    address = checks.check_email(address, field="email") if address else user.email
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
        key = signing.dumps([user.pk, user.email, address], salt=_SALT)
        mail.confirm_address(staff, address, f"{settings.REGULARS_PUBLIC_URL}/account/confirm-email/{key}/")


def place_of(user: User) -> Staff | None:
    """The oldest place of somebody on a team, in whose name mails to them are written."""
    with scopes_disabled():
        rows = Staff.objects.select_related("user", "business").filter(user=user, is_active=True)
        return rows.order_by("pk").first()


def asked_by(key: str) -> Asked:
    """What the link of an e-mail asks for.

    Raises:
        NotFound: the link was used, is older than three days, or was not made here.
    """
    try:
        pk, before, address = signing.loads(key, salt=_SALT, max_age=LINK_LASTS)
    except (signing.BadSignature, ValueError, TypeError):
        raise NotFound("This link is not valid, or older than three days. Ask for a new one.") from None
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or user.email != before or (before == address and is_confirmed(user)):
        raise NotFound("This link was used already. Nothing else is to be done.")
    return Asked(user, address)


def confirm(*, key: str) -> Asked:
    """Do what the link of an e-mail asks for; somebody whose address changes is told so at the old one.

    Raises:
        NotFound: the link was used, is older than three days, or was not made here; or somebody else signs
            in with the address.
    """
    asked = asked_by(key)
    with transaction.atomic():
        db.serialise("user", asked.address)
        user = User.objects.select_for_update().get(pk=asked.user.pk)
        before, address = user.email, asked.address
        if before != asked.user.email or User.objects.filter(email=address).exclude(pk=user.pk).exists():
            raise NotFound("This address cannot be used for signing in.")
        if before != address:
            _tell(user, before, address)
            user.email = address
            user.save(update_fields=["email"])
        _rows().filter(user_id=user.pk).delete()
        _rows().create(user=user, email=address, primary=True, verified=True)
    return Asked(user, address)


def _tell(user: User, before: str, address: str) -> None:
    staff = place_of(user)
    if staff is not None:
        security_url = f"{settings.REGULARS_PUBLIC_URL}/account/"
        mail.tell_change(staff, before, f"The address is {address} from now on.", security_url)
