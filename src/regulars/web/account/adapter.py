"""What django-allauth asks of us."""

from __future__ import annotations

from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.counter.signing import end_sessions_of
from regulars.tenants import addresses, mail
from regulars.tenants.models import User
from regulars.tenants.passwords import MAX_PASSWORD
from regulars.web.account import limits
from regulars.web.office.desk import AS_OPERATOR

# What somebody is told by mail, by the name that allauth gives the occasion.
CHANGES: Final = {
    "account/email/password_changed": gettext_lazy("The password was changed."),
    "account/email/password_set": gettext_lazy("A password was set."),
    "mfa/email/totp_activated": gettext_lazy("An app for codes was set up."),
    "mfa/email/totp_deactivated": gettext_lazy("The app for codes was removed."),
    "mfa/email/recovery_codes_generated": gettext_lazy("New recovery codes were made."),
    "mfa/email/webauthn_added": gettext_lazy("A passkey was added."),
    "mfa/email/webauthn_removed": gettext_lazy("A passkey was removed."),
}
# The same on the page that comes next.
SAID: Final = {
    "account/messages/password_changed.txt": gettext_lazy(
        "Your new password is set. You are signed out everywhere else."
    ),
    "mfa/messages/totp_activated.txt": gettext_lazy("From now on signing in asks for a code from your app."),
    "mfa/messages/totp_deactivated.txt": gettext_lazy("The app for codes was removed."),
    "mfa/messages/recovery_codes_generated.txt": gettext_lazy(
        "Here are new recovery codes. The old ones are void."
    ),
    "mfa/messages/webauthn_added.txt": gettext_lazy("The passkey was added."),
    "mfa/messages/webauthn_removed.txt": gettext_lazy("The passkey was removed."),
}


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signing in by e-mail; businesses are registered at a page of our own."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": gettext_lazy("The e-mail address or the password is wrong."),
        "incorrect_password": gettext_lazy("This is not your password."),
        "too_many_login_attempts": gettext_lazy("Too many tries. Wait a minute and try again."),
        "rate_limited": gettext_lazy("Too many tries. Wait some minutes and try again."),
        "password_too_long": gettext_lazy("A password has at most %s characters."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up without a business."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Whether one may be led to an address after signing in: to our own pages, named without a host."""
        return bool(url) and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Where a request comes from; proxies that are trusted were looked through before."""
        return limits.source_of(request) or "0.0.0.0"  # noqa: S104 - nobody listens there

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try, before anything is looked at."""
        if not limits.may_sign_in(request, str(credentials.get("email", ""))):
            raise self.validation_error("too_many_login_attempts")

    def pre_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponseBase | None:
        """Note the address of people whom a command, the team page or the demo made."""
        addresses.ensure(user)
        found: HttpResponseBase | None = super().pre_login(request, user, **more)
        return found

    def logout(self, request: HttpRequest) -> None:
        """Sign out; an operator leaves the business at whose desk they sit."""
        if AS_OPERATOR in request.session:
            from regulars.web.operator import visiting  # noqa: PLC0415 - only operators need it

            visiting.end(request)
        super().logout(request)

    def reauthenticate(self, user: User, password: str) -> bool:
        """Whether this is the password of whoever is signed in."""
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk and user.has_usable_password()

    def clean_password(self, password: str, user: User | None = None) -> str:
        """A new password that is fit to be used, or a ValidationError."""
        if len(password) > MAX_PASSWORD:
            raise self.validation_error("password_too_long", MAX_PASSWORD)
        found: str = super().clean_password(password, user)
        return found

    def set_password(self, user: User, password: str) -> None:
        """Give somebody a new password. They are signed out at counters, too, where they used the old one."""
        with transaction.atomic():
            user.set_password(password)
            user.save(update_fields=["password"])
            end_sessions_of(user_id=user.pk)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell somebody what was changed about how they sign in, by the queue of messages."""
        change, staff = CHANGES.get(template_prefix), addresses.place_of(user)
        if change is None or staff is None:
            return
        with transaction.atomic():
            mail.tell_change(
                staff, email or user.email, str(change), f"{settings.REGULARS_PUBLIC_URL}/account/"
            )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Nothing is sent while a page waits: all our mail goes through the queue."""
        raise NotImplementedError(_("This mail has no text: %(name)s") % {"name": template_prefix})

    def add_message(  # noqa: PLR0917 - allauth's signature
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Say what was done, in our words; what the page shows anyway is not said."""
        said = message or SAID.get(message_template or "")
        if said:
            super().add_message(request, level, extra_tags=extra_tags, message=str(said))
