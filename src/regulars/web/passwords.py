"""The pages for somebody of a team who has forgotten their password."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants import passwords, ratelimit
from regulars.web import language, mail
from regulars.web.private import notice, private

# Requests a minute from one address.
FORGOT_LIMIT = 10
RESET_LIMIT = 30

_METHODS = ["GET", "HEAD", "POST"]

View = Callable[..., HttpResponse]


def _spoken(view: View) -> View:
    """Answer in the language of the browser: nobody is known here yet."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        with language.speaking(request):
            response = view(request, *args, **kwargs)
        language.remember(response, request)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    return wrapped


@require_http_methods(_METHODS)
@private
@_spoken
def forgot(request: HttpRequest) -> HttpResponse:
    """Ask for an address and mail a link to it. The answer does not tell whether anybody has it."""
    if request.method != "POST":
        return _ask(request)
    if (refused := _too_many(request, "forgot", FORGOT_LIMIT)) is not None:
        return refused
    email = request.POST.get("email", "")
    try:
        passwords.request_password_reset(email=email)
    except InvalidInput:
        return _ask(request, email=email, wrong=_("Enter a whole e-mail address, such as tara@example.com."))
    if unsent := mail.unsent():
        ask = _("Ask whoever runs this installation for the link.")
        return notice(request, title=_("No mail leaves here"), text=f"{unsent} {ask}")
    return notice(
        request,
        title=_("Look into your mail"),
        text=_(
            "If somebody signs in with this address, a link for choosing a new password is on its way "
            "to it and works for one hour. Nothing there? Look among unwanted mail, or ask again."
        ),
        done=True,
    )


def _ask(request: HttpRequest, *, email: str = "", wrong: str = "") -> HttpResponse:
    page = {"title": _("Forgot your password?"), "email": email[:254], "wrong": wrong}
    status = HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK
    return render(request, "web/password_forgot.html", page, status=status)


@require_http_methods(_METHODS)
@private
@_spoken
def reset(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Let the person of a link choose a password."""
    if (refused := _too_many(request, "reset", RESET_LIMIT)) is not None:
        return refused
    try:
        if request.method != "POST":
            return _choose(request, passwords.person_of_link(uid=uid, token=token).email, {})
        return _set(request, uid, token)
    except NotFound:
        return notice(
            request,
            title=_("This link does not work any more"),
            text=_("It was used already, or it is older than an hour."),
            status=HTTPStatus.NOT_FOUND,
            way_on=reverse("password-forgot"),
            way_on_text=_("Ask for a new link"),
        )


def _set(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    password = request.POST.get("password", "")
    person = passwords.person_of_link(uid=uid, token=token)
    if request.POST.get("again", "") != password:
        return _choose(request, person.email, {"again": _("This is not the same. Type both again.")})
    try:
        passwords.set_password(uid=uid, token=token, password=password)
    except InvalidInput as refusal:
        return _choose(request, person.email, {"password": refusal.fields["password"]})
    return notice(
        request,
        title=_("Your new password is set"),
        text=_("Sign in with it from now on."),
        done=True,
        way_on=settings.LOGIN_URL,
        way_on_text=_("Sign in"),
    )


def _choose(request: HttpRequest, email: str, wrong: dict[str, str]) -> HttpResponse:
    page = {"title": _("Choose a new password"), "email": email, "wrong": wrong}
    status = HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK
    return render(request, "web/password_reset.html", page, status=status)


def _too_many(request: HttpRequest, what: str, limit: int) -> HttpResponse | None:
    allowance = ratelimit.take(f"password {what}:{request.META.get('REMOTE_ADDR', '')}", limit)
    if allowance.allowed:
        return None
    response = notice(
        request,
        title=_("Please wait a minute"),
        text=_("There were too many requests from your network. Nothing was changed."),
        status=HTTPStatus.TOO_MANY_REQUESTS,
    )
    response.headers["Retry-After"] = str(max(allowance.retry_after, 1))
    return response
