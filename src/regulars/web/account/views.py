"""Pages of signing in that are our own: registering, the first password, the address, sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.core import context
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars import __version__
from regulars.rules.errors import Conflict, InvalidInput, NotFound, Refusal, TooManyRequests
from regulars.tenants import addresses, invitations, ratelimit, registration, second_step, sessions, tries
from regulars.tenants.actions import NewBusiness
from regulars.tenants.models import User
from regulars.web import mail
from regulars.web.account import forms, limits, welcome
from regulars.web.account.two_steps import browser_name, device_name
from regulars.web.office.desk import LAST
from regulars.web.private import notice

_METHODS = ["GET", "HEAD", "POST"]


def page(
    request: HttpRequest, name: str, context: dict[str, Any] | None = None, status: int = HTTPStatus.OK
) -> HttpResponse:
    """Draw `account/{name}.html`."""
    return render(request, f"account/{name}.html", {"version": __version__, **(context or {})}, status=status)


def _shown(request: HttpRequest, name: str, form: Any, **more: Any) -> HttpResponse:
    status = HTTPStatus.BAD_REQUEST if form.is_bound else HTTPStatus.OK
    return page(request, name, {"form": form, **more}, status)


def person(request: HttpRequest) -> User:
    """Who is signed in, behind `login_required`."""
    user: Any = request.user
    return User.objects.get(pk=user.pk)


@require_safe
@login_required
def security(request: HttpRequest) -> HttpResponse:
    """How somebody signs in, and from where: all on one page, with the ways to change each."""
    user = person(request)
    return page(
        request,
        "security",
        {
            "here": "security",
            "person": user,
            "confirmed": addresses.is_confirmed(user),
            "two_steps": second_step.asks(user),
            "sessions": len(sessions.of_person(user)),
            "registers": registration.is_open(),
        },
    )


@require_http_methods(_METHODS)
def register(request: HttpRequest) -> HttpResponse:
    """Make a business of one's own; whoever is signed in makes another one."""
    if not registration.is_open():
        return page(request, "signup_closed", status=HTTPStatus.FORBIDDEN)
    user = person(request) if request.user.is_authenticated else None
    form = forms.Register(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            made = _registered(request, user, form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal, {"name": "business_name"})
        else:
            start = reverse("office-start", kwargs={"slug": made.business.slug})
            if user is None:
                return forms.begin(request, made.owner.user, to=start)
            return HttpResponseRedirect(start, status=HTTPStatus.SEE_OTHER)
    return _shown(request, "register", form, known=user)


def _registered(request: HttpRequest, user: User | None, given: dict[str, Any]) -> NewBusiness:
    source = limits.source_of(request)
    if not ratelimit.take(f"register:{source}", limits.REGISTRATIONS, window=limits.HOUR).allowed:
        raise TooManyRequests(_("There were too many registrations from your network. Try again later."))
    return registration.register(user=user, **given)


@require_http_methods(_METHODS)
def first_password(request: HttpRequest) -> HttpResponse:
    """Choose a password of one's own, after signing in with a temporary one."""
    known = welcome.remembered(request)
    if known is None:
        return HttpResponseRedirect(reverse("account_login"))
    staff_id, proof, email = known
    form = forms.FirstPassword(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            staff = invitations.accept_shown(
                staff_id=staff_id, proof=proof, new_password=form.cleaned_data["password"]
            )
        except NotFound as refusal:
            welcome.forget(request)
            messages.error(request, refusal.message)
            return HttpResponseRedirect(reverse("account_login"))
        except InvalidInput as refusal:
            form.refuse(refusal, {"new_password": "password"})
        else:
            welcome.forget(request)
            return forms.begin(request, staff.user)
    return _shown(request, "welcome", form, email=email)


@require_http_methods(_METHODS)
@login_required
def invitation(request: HttpRequest) -> HttpResponse:
    """Join another team, with its temporary password beside one's own."""
    form = forms.Invitation(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = person(request)
        try:
            if not ratelimit.take(f"invitation:{user.pk}", tries.PERSON).allowed:
                raise TooManyRequests(_("Too many tries. Wait a minute and try again."))
            staff = invitations.accept(user=user, temp_password=form.cleaned_data["temp_password"])
        except Refusal as refusal:
            form.add_error("temp_password", refusal.message)
        else:
            request.session[LAST] = staff.business.slug
            return HttpResponseRedirect(reverse("office"), status=HTTPStatus.SEE_OTHER)
    return _shown(request, "invitation", form, here="invitation")


@require_http_methods(_METHODS)
@login_required
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
def email(request: HttpRequest) -> HttpResponse:
    """The address that somebody signs in with: confirming it, and another one instead."""
    user = person(request)
    resend = request.method == "POST" and "again" in request.POST
    form = forms.NewAddress(None if resend else request.POST or None)
    if resend or (request.method == "POST" and form.is_valid()):
        address = user.email if resend else form.cleaned_data["email"]
        try:
            addresses.ask(user=user, address=address)
        except Refusal as refusal:
            if resend:
                messages.error(request, refusal.message)
                return HttpResponseRedirect(reverse("account_email"), status=HTTPStatus.SEE_OTHER)
            form.refuse(refusal)
        else:
            text = _("A link is on its way to %(email)s. It works for three days.") % {"email": address}
            messages.success(request, mail.told(text, to=address))
            return HttpResponseRedirect(reverse("account_email"), status=HTTPStatus.SEE_OTHER)
    shown = {"here": "email", "person": user, "confirmed": addresses.is_confirmed(user)}
    return _shown(request, "email", form, **shown)


@require_http_methods(_METHODS)
def confirm_email(request: HttpRequest, key: str) -> HttpResponse:
    """Confirm an address, with the link of an e-mail: by a button, because mail scanners open links.

    Whoever is not signed in to the account signs in first, and comes back here.
    """
    user_id = person(request).pk if request.user.is_authenticated else None
    try:
        if request.method != "POST":
            asked = addresses.asked_by(key)
            return page(request, "email_confirm", {"asked": asked, "is_theirs": asked.user.pk == user_id})
        asked = addresses.confirm(key=key, user_id=user_id)
    except Conflict:  # nobody is signed in to that account here
        asked = addresses.asked_by(key)
        return page(request, "email_confirm", {"asked": asked}, status=HTTPStatus.FORBIDDEN)
    except NotFound as refusal:
        return notice(
            request,
            title=_("This link does not work any more"),
            text=refusal.message,
            status=HTTPStatus.NOT_FOUND,
            way_on=reverse("account_email"),
            way_on_text=_("Your address"),
        )
    return notice(
        request,
        title=_("The address is confirmed"),
        text=_("You sign in with %(email)s.") % {"email": asked.address},
        done=True,
        way_on=reverse("office"),
        way_on_text=_("To the back office"),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is signed in, as the page shows it."""

    pk: int
    device: str
    browser: str
    ip: str
    since: datetime
    is_here: bool


@require_http_methods(_METHODS)
@login_required
def places(request: HttpRequest) -> HttpResponse:
    """Where somebody is signed in; all others can be ended at once."""
    user = person(request)
    if request.method == "POST":
        gone = sessions.end_all(user=user, but=request.session.session_key or "")
        if gone:
            messages.success(request, _("You are signed out everywhere else."))
        return HttpResponseRedirect(reverse("usersessions_list"), status=HTTPStatus.SEE_OTHER)
    found = [
        Place(
            row.pk,
            str(device_name(row.user_agent)),
            browser_name(row.user_agent),
            row.ip,
            row.created_at,
            row.session_key == context.request.session.session_key,
        )
        for row in sessions.of_person(user)
    ]
    return page(request, "sessions", {"here": "sessions", "places": found})


@require_POST
@login_required
def end_place(request: HttpRequest, session_id: int) -> HttpResponse:
    """End one session."""
    try:
        sessions.end(user=person(request), session_id=session_id)
    except NotFound:
        messages.info(request, _("That session had ended already."))
    else:
        messages.success(request, _("The session was ended."))
    return HttpResponseRedirect(reverse("usersessions_list"), status=HTTPStatus.SEE_OTHER)
