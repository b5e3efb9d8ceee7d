"""The second step of signing in: a code from an app, or one of the recovery codes (docs/decisions/0024)."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django_scopes import scopes_disabled

from regulars.rules.errors import NotFound
from regulars.tenants import addresses, checks, mail, ratelimit, sessions
from regulars.tenants.models import Staff, User

# Codes that one person may try, in so many seconds: a code has six digits and holds for a minute and a half.
TRIES: Final = 5
TRIES_IN: Final = 300
# For how long a code that was used is remembered: longer than it holds.
USED_FOR: Final = 180
# Businesses that a mail names, at most.
_NAMED: Final = 5


@cache
def _authenticators() -> Any:
    # The model is not there yet when this room is loaded.
    from allauth.mfa.models import Authenticator  # noqa: PLC0415

    return Authenticator


def asks(user: User) -> bool:
    """Whether somebody has a second step: an app, or a passkey."""
    model = _authenticators()
    kinds = [model.Type.TOTP, model.Type.WEBAUTHN]
    return bool(model.objects.filter(user_id=user.pk, type__in=kinds).exists())


def takes_codes(user: User) -> bool:
    """Whether there is something of theirs that a typed code may come from."""
    model = _authenticators()
    return bool(model.objects.filter(user_id=user.pk).exclude(type=model.Type.WEBAUTHN).exists())


def has_app(user: User) -> bool:
    """Whether they have an app that shows codes."""
    model = _authenticators()
    return bool(model.objects.filter(user_id=user.pk, type=model.Type.TOTP).exists())


def may_try(user: User) -> ratelimit.Allowance:
    """Count a try; it is not allowed when there were too many."""
    return ratelimit.take(f"second step:{user.email}", TRIES, window=TRIES_IN)


def is_fresh(user: User, code: str) -> bool:
    """Whether a code that is right was not used before, by any process; it counts as used from here on."""
    from allauth.core.internal.cryptokit import normalize_user_code  # noqa: PLC0415 - as above

    # As it is compared: however it was typed, it is the same code.
    typed = normalize_user_code(code)
    return ratelimit.take(f"second step used:{user.email}:{typed}", 1, window=USED_FOR).allowed


def is_right(user: User, code: str) -> bool:
    """Whether a typed code is right as far as one can tell without using it up: see `use`."""
    return _belonging(user, code) is not None


def use(user: User, code: str) -> bool:
    """Use a typed code up; False when it is wrong or was used. Tries are counted by `may_try` before."""
    one = _belonging(user, code)
    if one is None or not is_fresh(user, code):
        return False
    if one.type == one.Type.RECOVERY_CODES and not one.wrap().validate_code(code):
        return False
    one.record_usage()
    return True


def _belonging(user: User, code: str) -> Any:
    """The app, or the recovery codes, that a code comes from."""
    from allauth.core.internal.cryptokit import compare_user_code  # noqa: PLC0415 - as above
    from allauth.mfa.totp.internal.auth import validate_totp_code  # noqa: PLC0415
    from allauth.mfa.utils import decrypt  # noqa: PLC0415

    model = _authenticators()
    for one in model.objects.filter(user_id=user.pk).exclude(type=model.Type.WEBAUTHN).order_by("type"):
        if one.type == model.Type.TOTP:
            if validate_totp_code(decrypt(one.data["secret"]), code):
                return one
        elif any(compare_user_code(actual=code, expected=each) for each in one.wrap().get_unused_codes()):
            return one
    return None


def switch_off(*, email: str) -> tuple[User, list[str]]:
    """Take the second step from somebody who has lost it, and end their sessions; they are told by mail.

    Whoever runs the installation does so, and knows that it is them. Gives the person, and what was removed.

    Raises:
        InvalidInput: `email` is not an e-mail address.
        NotFound: nobody signs in with it.
    """
    email = checks.check_email(email, field="email")
    with transaction.atomic():
        user = User.objects.filter(email=email).first()
        if user is None:
            raise NotFound(f"Nobody signs in with {email}.")
        gone = _take(user, "The second step was taken away by whoever runs the installation.")
        sessions.end_everywhere(user=user)
    return user, gone


def take_unproven(user: User) -> list[str]:
    """Take apps, passkeys and recovery codes from an account whose address nobody had confirmed.

    Anybody may have registered with the address and put them there. Whoever reads its mail is told, and told
    where to look for more: what somebody else set up within a business may be what its owner works with, so
    nothing of that is touched. Gives what was removed. Within a transaction.
    """
    with scopes_disabled():
        rows = Staff.objects.filter(user=user, is_active=True, temp_password="").order_by("pk")
        names = ", ".join(rows.values_list("business__name", flat=True)[:_NAMED])
    told = "There is a new password. Any second step that was set up was removed: set up your own."
    if names:
        told += (
            f" Nobody had confirmed your address before. If somebody else used it to open {names}, "
            "look there at the team, the API keys, the webhooks and the devices at the counter: they stay."
        )
    return _take(user, told, always=bool(names))


def _take(user: User, told: str, *, always: bool = False) -> list[str]:
    rows = _authenticators().objects.filter(user_id=user.pk)
    gone = sorted(rows.values_list("type", flat=True))
    rows.delete()
    staff = addresses.place_of(user)
    if (gone or always) and staff is not None:
        mail.tell_change(staff, user.email, told, f"{settings.REGULARS_PUBLIC_URL}/account/")
    return gone
