"""The second step of signing in, as django-allauth does it: codes from an app, passkeys, recovery codes."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms as usual
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from regulars.seal import seal, unseal
from regulars.tenants import second_step
from regulars.tenants.models import User
from regulars.web.account.forms import plain

_NAME_LENGTH = 100


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets are sealed; passkeys belong to the address that people reach this installation by."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is wrong, was used, or is too old. Try the next one."),
        "too_many_tries": _("Too many tries. Wait five minutes and try again."),
    }

    def encrypt(self, text: str) -> str:
        """A secret as the database keeps it."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """What `encrypt` was given."""
        return unseal(encrypted_text)

    def build_totp_svg(self, url: str) -> str:
        """The code that an app scans, dark on light, as it must be."""
        import segno  # noqa: PLC0415 - 6 MB that nobody needs before the first code is drawn

        code = segno.make_qr(url, error="m")
        drawn: str = code.svg_inline(
            scale=1, border=2, dark="#000", light="#fff", omitsize=True, svgclass="qr"
        )
        return drawn

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 - allauth's name
        """What a new passkey is called until its owner says otherwise."""
        agent = context.request.headers.get("User-Agent", "") if context.request else ""
        return str(device_name(agent))

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """For which site passkeys are made."""
        return {"id": context.request.get_host().partition(":")[0], "name": settings.MFA_TOTP_ISSUER}


def device_name(agent: str) -> Any:
    """What somebody would call a device, by what its browser says about itself."""
    for sign, name in (
        ("iPad", _("iPad")),
        ("iPhone", _("iPhone")),
        ("Android", _("Android device")),
        ("CrOS", _("Chromebook")),
        ("Windows", _("Windows computer")),
        ("Macintosh", _("Mac")),
        ("Linux", _("Linux computer")),
    ):
        if sign in agent:
            return name
    return _("Unknown device")


def browser_name(agent: str) -> str:
    """The browser, by what it says about itself; empty for one that is not known."""
    for sign, name in (
        ("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
    ):  # fmt: skip
        if sign in agent:
            return name
    return ""


class _Code:
    """Tries are counted over all processes, and a code is right once."""

    user: User
    authenticator: Any

    def clean_code(self) -> str:
        """The code, or a ValidationError."""
        if not second_step.may_try(self.user).allowed:
            raise Adapter().validation_error("too_many_tries")
        code: str = super().clean_code()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.TOTP and not second_step.is_fresh(self.user, code):
            raise Adapter().validation_error("incorrect_code")
        return code

    def _plain(self) -> None:
        plain(self, {"code": (_("Code"), "")})  # type: ignore[arg-type]
        code: forms.Field = self.fields["code"]  # type: ignore[attr-defined]
        code.widget.attrs.update(
            autocomplete="one-time-code",
            inputmode="numeric",
            autofocus=True,
            maxlength=20,
            spellcheck="false",
        )


class EnterCode(_Code, usual.AuthenticateForm):  # type: ignore[misc]
    """A code, while signing in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plain()


class EnterCodeAgain(_Code, usual.ReauthenticateForm):  # type: ignore[misc]
    """A code, before something about signing in is changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plain()


class ActivateApp(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self, {"code": (_("Code from the app"), _("Six digits, new every half a minute."))})
        self.fields["code"].widget.attrs.update(inputmode="numeric", maxlength=20, spellcheck="false")

    def clean_code(self) -> str:
        """The code, or a ValidationError. It is used up: the next sign-in takes another one."""
        code: str = super().clean_code()
        if not second_step.is_fresh(self.user, code):
            raise Adapter().validation_error("incorrect_code")
        return code


class AddKey(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(
            self,
            {
                "name": (_("What is it called?"), _("Such as the device that it is kept on.")),
                "passwordless": (
                    _("Sign in with it alone, without the password"),
                    _("The device then asks for your finger, your face or its own PIN."),
                ),
            },
        )
        self.fields["name"].max_length = _NAME_LENGTH
        self.fields["passwordless"].initial = True


class NameKey(EditWebAuthnForm):  # type: ignore[misc]
    """Another name for a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self, {"name": (_("What is it called?"), "")})
        self.fields["name"].max_length = _NAME_LENGTH
