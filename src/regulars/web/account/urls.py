"""Addresses of signing in. Of django-allauth's pages there are those that we have use for."""

from __future__ import annotations

from typing import Any, Final

from allauth.account import views as account
from allauth.mfa.base import views as two_steps
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from django.urls import path
from django.urls.resolvers import URLPattern
from django.views.generic.base import RedirectView

from regulars.tenants import tries
from regulars.web.account import views
from regulars.web.account.limits import guarded


def _at(route: str, view: Any, name: str, **guard: Any) -> URLPattern:
    return path(route, guarded(view, **guard), name=name)


def _leading_to(name: str) -> Any:
    return RedirectView.as_view(pattern_name=name)


# Where secrets are guessed: fewer tries, and all of them together, those at counters too.
_GUESSED: Final[dict[str, Any]] = {"what": tries.NETWORK_NAME, "limit": tries.NETWORK}

urlpatterns = [
    _at("", views.security, "account"),
    _at("login/", account.login, "account_login", **_GUESSED),
    _at("logout/", account.logout, "account_logout"),
    _at("inactive/", account.account_inactive, "account_inactive"),
    _at("register/", views.register, "account-register", what="account register"),
    _at("register", _leading_to("account-register"), "account-register-bare"),
    _at("signup/", _leading_to("account-register"), "account_signup"),
    _at("welcome/", views.first_password, "account-welcome", **_GUESSED),
    _at("invitation/", views.invitation, "account-invitation", **_GUESSED),
    _at("reauthenticate/", account.reauthenticate, "account_reauthenticate", **_GUESSED),
    _at("email/", views.email, "account_email"),
    _at("confirm-email/<str:key>/", views.confirm_email, "account_confirm_email"),
    _at("password/change/", account.password_change, "account_change_password", here="password", **_GUESSED),
    # A forgotten password has pages of its own, which the counter leads to as well.
    _at("password/reset/", _leading_to("password-forgot"), "account_reset_password"),
    _at("sessions/", views.places, "usersessions_list"),
    _at("sessions/<int:session_id>/end/", views.end_place, "account-session-end"),
    _at("2fa/", two_steps.index, "mfa_index", here="two_steps"),
    _at("2fa/authenticate/", two_steps.authenticate, "mfa_authenticate", **_GUESSED),
    _at("2fa/reauthenticate/", two_steps.reauthenticate, "mfa_reauthenticate", **_GUESSED),
    _at("2fa/totp/activate/", app.activate_totp, "mfa_activate_totp", here="two_steps"),
    _at("2fa/totp/deactivate/", app.deactivate_totp, "mfa_deactivate_totp", here="two_steps"),
    _at("2fa/recovery-codes/", recovery.view_recovery_codes, "mfa_view_recovery_codes", here="two_steps"),
    _at(
        "2fa/recovery-codes/generate/",
        recovery.generate_recovery_codes,
        "mfa_generate_recovery_codes",
        here="two_steps",
    ),
    _at("2fa/webauthn/", passkeys.list_webauthn, "mfa_list_webauthn", here="two_steps"),
    _at("2fa/webauthn/add/", passkeys.add_webauthn, "mfa_add_webauthn", here="two_steps"),
    _at("2fa/webauthn/login/", passkeys.login_webauthn, "mfa_login_webauthn", **_GUESSED),
    _at(
        "2fa/webauthn/reauthenticate/",
        passkeys.reauthenticate_webauthn,
        "mfa_reauthenticate_webauthn",
        **_GUESSED,
    ),
    _at(
        "2fa/webauthn/keys/<int:pk>/remove/",
        passkeys.remove_webauthn,
        "mfa_remove_webauthn",
        here="two_steps",
    ),
    _at("2fa/webauthn/keys/<int:pk>/edit/", passkeys.edit_webauthn, "mfa_edit_webauthn", here="two_steps"),
]
