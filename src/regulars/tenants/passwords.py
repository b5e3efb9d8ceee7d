"""A new password for somebody who has forgotten theirs."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django_scopes import scopes_disabled

from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants import addresses, checks, mail, ratelimit, second_step, sessions
from regulars.tenants.models import Staff, User

# How long the link of an e-mail works.
LINK_LASTS = dt.timedelta(hours=1)
# E-mails in a minute to one address.
MAILS_A_MINUTE = 1
MAX_PASSWORD = 1000


class _Undone(Exception):  # noqa: N818 - nothing went wrong
    """Ends a transaction that must leave nothing."""


class _Tokens(PasswordResetTokenGenerator):
    """Tokens that end with their first use, with the next sign-in, and after an hour."""

    key_salt = "regulars.tenants.passwords"

    def check_token(self, user: User | None, token: str | None) -> bool:
        """Whether the token is this person's, unused, and not too old."""
        if user is None or not token or not super().check_token(user, token):
            return False
        made = int(token.partition("-")[0], 36)
        age = self._num_seconds(self._now()) - made
        return 0 <= age < LINK_LASTS.total_seconds()


_tokens = _Tokens()


def request_password_reset(*, email: str) -> None:
    """Mail a link for choosing a new password to the person with this address, if there is one.

    Whoever asks cannot tell whether there is, nor by the time that it takes: where no mail is due, one is
    written all the same, if need be as to somebody else, and taken back. One address gets at most one mail a
    minute. Somebody who was invited and has no password of their own yet gets none: they choose it in
    accepting, with the temporary one (docs/decisions/0004).

    Raises:
        InvalidInput: `email` is not an e-mail address.
    """
    email = checks.check_email(email, field="email")
    allowed = ratelimit.take(f"password reset:{email}", MAILS_A_MINUTE).allowed
    with transaction.atomic(), scopes_disabled():
        user = User.objects.filter(email=email, is_active=True).first()
        rows = Staff.objects.select_related("user", "business").filter(is_active=True).order_by("id")
        # The business whose name stands on the mail: any of those that they work for.
        known = rows.filter(user_id=user.pk if user is not None else 0).first()
        anybody = rows.first()
        wanted = known is not None and known.user.has_usable_password() and allowed
        staff = known or anybody
        if staff is not None:
            _send(staff, wanted=wanted)


def _send(staff: Staff, *, wanted: bool) -> None:
    """Mail a link, or do all that it takes and take it back."""
    with suppress(_Undone), transaction.atomic():
        mail.send_reset(staff, _link(staff.user))
        if not wanted:
            raise _Undone


def _link(user: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"{settings.REGULARS_PUBLIC_URL}/password/reset/{uid}/{_tokens.make_token(user)}"


def person_of_link(*, uid: str, token: str) -> User:
    """Whose password the link of an e-mail changes.

    Raises:
        NotFound: the link was used, is older than an hour, or was not made here.
    """
    user = _user(uid)
    if user is None or not user.has_usable_password() or not _tokens.check_token(user, token):
        raise NotFound("This link was used already, or is older than an hour. Ask for a new one.")
    return user


def _user(uid: str) -> User | None:
    try:
        pk = int(urlsafe_base64_decode(uid).decode())
    except (ValueError, UnicodeDecodeError):
        return None
    return User.objects.filter(pk=pk, is_active=True).first() if 0 < pk < 2**63 else None


def set_password(*, uid: str, token: str, password: str) -> User:
    """Give the person of a link a new password; the link is used up, and they are signed out everywhere.

    Reading the mail confirms the address. Where nobody had confirmed it, apps and passkeys may be of somebody
    else, who registered with it: they go, and so do sessions that a PIN began (docs/decisions/0024).

    Teams that have invited them still want the temporary password before they are let in: reading the mail
    of an address is not the same as being the one whom a business meant (docs/decisions/0004).

    Raises:
        NotFound: the link was used, is older than an hour, or was not made here.
        InvalidInput: the password is too short, too common, or too much like their name; `password` is named.
    """
    with transaction.atomic():
        locked = person_of_link(uid=uid, token=token)
        # Of two who use a link at once the second finds it used.
        user = User.objects.select_for_update().get(pk=locked.pk)
        if not _tokens.check_token(user, token):
            raise NotFound("This link was used already. Ask for a new one.")
        check_new_password(password, user)
        user.set_password(password)
        user.save(update_fields=["password"])
        proven = addresses.is_confirmed(user)
        if not proven:
            second_step.take_unproven(user)
            addresses.note_confirmed(user)
        sessions.end_everywhere(user=user, pins=not proven)
    return user


def check_new_password(password: str, user: User, *, field: str = "password") -> None:
    """Refuse a password that is too short, too common, or too much like the name, with InvalidInput."""
    if len(password) > MAX_PASSWORD:
        raise InvalidInput.at(field, f"must have at most {MAX_PASSWORD} characters")
    try:
        validate_password(password, user)
    except ValidationError as error:
        told = " ".join(error.messages)
        raise InvalidInput(told, fields={field: told}) from error
