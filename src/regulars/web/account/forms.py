"""The forms of signing in."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as usual
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from regulars.web.account import welcome
from regulars.web.office.forms import OfficeForm

_LONGEST = 1000


def plain(form: forms.Form, texts: dict[str, tuple[Any, Any]]) -> None:
    """Give fields of a form our labels and hints, and no grey examples inside."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        is_check = isinstance(field.widget, forms.CheckboxInput)
        field.widget.attrs["class"] = "form-check-input" if is_check else "form-control"
        if name in texts:
            field.label, field.help_text = texts[name]


class SignIn(usual.LoginForm):  # type: ignore[misc]
    """With the password of one's own, or for the first time with a temporary one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(
            self,
            {
                "login": (_("E-mail address"), ""),
                "password": (_("Password"), ""),
                "remember": (_("Stay signed in on this device for 14 days"), ""),
            },
        )
        self.fields["login"].widget.attrs.update(autocomplete="username", autofocus=True, maxlength=254)
        self.fields["password"].max_length = _LONGEST

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Sign in; with a temporary password, lead to choosing one's own."""
        invited = getattr(self.user, "invited_staff", None)
        if invited is not None:
            welcome.remember(request, invited)
            return HttpResponseRedirect(reverse("account-welcome"))
        response: HttpResponse = super().login(request, redirect_url)
        return response


class ChangePassword(usual.ChangePasswordForm):  # type: ignore[misc]
    """A new password instead of the present one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hint = _("At least 10 characters. A few words in a row are easy to remember.")
        plain(
            self,
            {
                "oldpassword": (_("Present password"), ""),
                "password1": (_("New password"), hint),
                "password2": (_("The same again"), ""),
            },
        )


class Reauthenticate(usual.ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something about signing in is changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain(self, {"password": (_("Password"), "")})
        self.fields["password"].widget.attrs["autofocus"] = True


def begin(request: HttpRequest, user: Any, *, to: str | None = None) -> HttpResponse:
    """Sign somebody in who has proved who they are, with the second step if they have one."""
    login = Login(user=user, email=user.email, redirect_url=to)
    response: HttpResponse = perform_login(request, login)
    return response


_PASSWORD_HINT = _("At least 10 characters. A few words in a row are easy to remember.")


class Register(OfficeForm):
    """A new business. Somebody who is signed in needs no account."""

    business_name = forms.CharField(label=_("Name of your business"), max_length=200)
    owner_name = forms.CharField(label=_("Your name"), max_length=200, required=False)
    email = forms.CharField(
        label=_("E-mail address"),
        help_text=_("You sign in with it."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "inputmode": "email"}),
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_PASSWORD_HINT,
        max_length=_LONGEST,
        strip=False,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "new-password", "minlength": 10}, render_value=True
        ),
    )
    # Where the browser says it is: it makes country, currency and days right without asking.
    timezone = forms.CharField(
        max_length=64, required=False, widget=forms.HiddenInput(attrs={"data-zone": ""})
    )

    def __init__(self, *args: Any, user: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["business_name"].widget.attrs.update(
            autocomplete="organization", autofocus=True, dir="auto"
        )
        self.fields["owner_name"].widget.attrs["autocomplete"] = "name"
        if user is not None:
            for name in ("owner_name", "email", "password"):
                del self.fields[name]


class FirstPassword(OfficeForm):
    """A password of one's own."""

    password = forms.CharField(
        label=_("Your new password"),
        help_text=_PASSWORD_HINT,
        max_length=_LONGEST,
        strip=False,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "new-password", "minlength": 10, "autofocus": True}, render_value=True
        ),
    )
    again = forms.CharField(
        label=_("The same again"),
        max_length=_LONGEST,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
    )

    def clean_again(self) -> str:
        """The same password, or a ValidationError."""
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("password"):
            raise forms.ValidationError(_("This is not the same. Type both again."))
        return again


class Invitation(OfficeForm):
    """The temporary password of an invitation."""

    temp_password = forms.CharField(
        label=_("Temporary password"),
        help_text=_("Whoever added you has it, and the invitation that was mailed to you."),
        max_length=100,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )


class NewAddress(OfficeForm):
    """Another address to sign in with."""

    email = forms.CharField(
        label=_("New address"),
        help_text=_("We mail a link to it. Until you follow it, the present address stays."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )
