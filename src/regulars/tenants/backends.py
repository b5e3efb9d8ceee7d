"""How people sign in: with their own password, or for the first time with a temporary one."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest
from django.utils import timezone
from django_scopes import scopes_disabled

from regulars.tenants.models import Staff, User


class StaffBackend(ModelBackend):
    """Accepts a person's own password; of somebody who has none yet, also a temporary one in its seven days.

    `invited_staff` on the user is then the membership that the temporary password belongs to, and the only
    one that this sign-in may open: another business's invitation must not open this one's door
    (docs/decisions/0004).
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """The person behind an e-mail address and a password, or None."""
        email = (username or kwargs.get("email") or "").strip().lower()
        if not email or password is None:
            return None
        user = User.objects.filter(email=email, is_active=True).first()
        if user is None:
            make_password(password)  # as slow as a wrong password, so that nobody learns who is known
            return None
        if user.has_usable_password():
            return user if user.check_password(password) else None
        return _invited(user, password)


def _invited(user: User, password: str) -> User | None:
    # Somebody may be invited by several businesses; which one, only the password tells.
    with scopes_disabled():
        open_now = Staff.objects.filter(
            user=user, is_active=True, temp_password_expires_at__gt=timezone.now()
        ).exclude(temp_password="")
        for staff in open_now:
            if check_password(password, staff.temp_password):
                user.invited_staff = staff  # type: ignore[attr-defined]
                return user
    return None
