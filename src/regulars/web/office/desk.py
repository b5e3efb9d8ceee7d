"""The desk at which somebody of a team sits: who they are, what they may do, how pages are drawn for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, wraps
from http import HTTPStatus
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_scopes import scope, scopes_disabled

from regulars import __version__, db
from regulars.auditlog import actions as auditlog
from regulars.rules.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    PlanLimit,
    PlanRequired,
    Refusal,
    TooManyRequests,
)
from regulars.tenants import permissions
from regulars.tenants.models import Business, Staff
from regulars.web.office import navigation, shut, twice
from regulars.web.office.pages import BIGGEST_ID, Page, View

log = structlog.get_logger(__name__)

# In a session: the business that was open last, and the operator who is signed in as it.
LAST: Final = "office_business"
AS_OPERATOR: Final = "office_operator"
# How the views of pages may be asked.
_METHODS: Final[dict[Callable[..., Any], tuple[str, ...]]] = {}
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_STATUS: Final[dict[type[Refusal], HTTPStatus]] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    PlanRequired: HTTPStatus.FORBIDDEN,
    PlanLimit: HTTPStatus.FORBIDDEN,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
}


@dataclass
class Change:
    """Something that is being done: what it is done to, and what else is worth knowing."""

    thing: Model | None = None
    before: dict[str, Any] = field(default_factory=dict)
    noted: dict[str, Any] = field(default_factory=dict)
    was: dict[str, Any] = field(default_factory=dict)
    is_new: bool = False

    def made(self, thing: Model) -> None:
        """Name what was made just now."""
        self.thing = thing
        self.is_new = True

    def note(self, **facts: Any) -> None:
        """Add to what the audit log says came of it."""
        self.noted.update(facts)

    def turned(self, **facts: tuple[Any, Any]) -> None:
        """Tell what something of another row was and what it is now, by name, where that differs."""
        for name, (before, after) in facts.items():
            if before != after:
                self.was[name], self.noted[name] = before, after


@dataclass
class Desk:
    """Somebody of a team at work in the back office of one business."""

    request: HttpRequest
    staff: Staff
    here: Page
    logged: int = 0
    regretted: bool = False
    said: str = ""

    @property
    def business(self) -> Business:
        """The business, with its stamp programme."""
        return self.staff.business

    @property
    def branch_id(self) -> int | None:
        """The branch to which this person is limited; None for nobody's limit."""
        return self.staff.branch_id

    @property
    def get(self) -> QueryDict:
        """What the address says behind its question mark."""
        return self.request.GET

    @property
    def post(self) -> QueryDict:
        """What was sent."""
        return self.request.POST

    @property
    def is_post(self) -> bool:
        """Whether something was sent."""
        return self.request.method == "POST"

    @property
    def is_htmx(self) -> bool:
        """Whether a script of the page asks for a part of it."""
        return (
            "HX-Request" in self.request.headers and "HX-History-Restore-Request" not in self.request.headers
        )

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of the business's days."""
        return ZoneInfo(self.business.timezone)

    @cached_property
    def today(self) -> dt.date:
        """The business's day."""
        return timezone.now().astimezone(self.zone).date()

    @property
    def operator_id(self) -> int | None:
        """The account of the operator who is signed in as the business; None for its own people."""
        found: int | None = self.request.session.get(AS_OPERATOR, {}).get(self.business.slug)
        return found

    @property
    def staff_id(self) -> int | None:
        """Who of the team does what is done here; None for an operator, who only sits at an owner's place."""
        return self.staff.pk if self.operator_id is None else None

    @cached_property
    def actor(self) -> auditlog.Actor:
        """Who does what is done here."""
        address = self.request.META.get("REMOTE_ADDR", "")
        if self.operator_id is not None:  # at an owner's place, and yet not the owner
            return auditlog.Actor.of_operator(self.request.user, address=address)
        return auditlog.Actor.of(self.staff, address=address)

    def may(self, permission: str) -> bool:
        """Whether this person may do something."""
        return permissions.may(self.staff, permission)

    def url(self, name: str, **ids: Any) -> str:
        """The address of a page of this business."""
        return reverse(f"office-{name}", kwargs={"slug": self.business.slug, **ids})

    def tabs(self, section: str) -> list[navigation.Link]:
        """The tabs of a section."""
        return navigation.tabs(self, section, self.here.name)

    def page(
        self, template: str, context: Mapping[str, Any] | None = None, status: int = HTTPStatus.OK
    ) -> HttpResponse:
        """Draw `office/{template}.html`. `here` in the context is the section that it belongs to."""
        context = {"way_on": reverse("office"), "way_on_text": _("Go to the start"), **(context or {})}
        here = context.setdefault("here", "")
        shared = {
            "desk": self,
            "business": self.business,
            "staff": self.staff,
            "version": __version__,
            "once": twice.key(),
            "nav": [] if self.is_htmx else navigation.sections(self, here),
            "tabs": self.tabs(here) if here and not self.is_htmx else [],
        }
        return render(self.request, f"office/{template}.html", {**shared, **context}, status=status)

    def to(self, name: str, **ids: Any) -> HttpResponse:
        """Lead on to another page."""
        return self.on(self.url(name, **ids))

    def on(self, url: str) -> HttpResponse:
        """Lead on to an address of ours."""
        if self.is_htmx:  # the script would put the page into a part of this one
            return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": url})
        return HttpResponseRedirect(url, status=HTTPStatus.SEE_OTHER)

    def done(self, text: str, name: str, **ids: Any) -> HttpResponse:
        """Lead on to another page, which says that something was done."""
        messages.success(self.request, text)
        self.said = text
        return self.to(name, **ids)

    def sorry(self, text: str, name: str, **ids: Any) -> HttpResponse:
        """Lead on to another page, which says why something was not done."""
        messages.error(self.request, text)
        self.regretted = True
        return self.to(name, **ids)

    @contextmanager
    def changing(
        self, action: str, thing: Model | None = None, *, member_id: int | None = None, reason: str = ""
    ) -> Iterator[Change]:
        """Do something, and write to the audit log what it was before and what after, both or neither.

        What is done inside may refuse: then nothing is changed and nothing is written.
        """
        change = Change(thing, auditlog.facts(thing) if thing is not None else {})
        key = thing.pk if thing is not None else None
        with transaction.atomic():
            yield change
            after: dict[str, Any] = {}
            if change.thing is not None:
                key = change.thing.pk or key
                rows = type(change.thing)._default_manager.filter(pk=key)  # noqa: SLF001 - Django's name
                now = rows.first()
                after = auditlog.facts(now) if now is not None else {}
            before, after = auditlog.difference(change.before, after)
            auditlog.record(
                business_id=self.business.pk,
                actor=self.actor,
                action=action,
                kind=change.thing._meta.model_name or "" if change.thing is not None else "",  # noqa: SLF001
                object_id=key,
                label=str(change.thing) if change.thing is not None else "",
                member_id=member_id if member_id is not None else _member_of(change.thing, key),
                before={**before, **change.was},
                after={**after, **change.noted},
                reason=reason,
            )
        self.logged += 1


def _member_of(thing: Model | None, key: int | None) -> int | None:
    """The member whom a row is about."""
    if thing is None:
        return None
    if thing._meta.label == "members.Member":  # noqa: SLF001 - Django's name for it
        return key
    found: int | None = getattr(thing, "member_id", None)
    return found


def at(page: Page) -> View:
    """The view of a page: who asks is found, and asked for the password or turned away."""

    @wraps(page.view)
    def wrapped(request: HttpRequest, slug: str, **ids: Any) -> HttpResponseBase:
        response = _answer(page, request, slug, ids)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        return response

    _METHODS[wrapped] = page.methods
    return wrapped


def _answer(page: Page, request: HttpRequest, slug: str, ids: dict[str, Any]) -> HttpResponseBase:
    method = "GET" if request.method == "HEAD" else request.method
    if method not in page.methods:
        return HttpResponseNotAllowed(page.methods)
    if not request.user.is_authenticated:
        if request.headers.get("HX-Request"):
            return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Refresh": "true"})
        return redirect_to_login(request.get_full_path())
    staff = _place(request, slug)
    if staff is None:
        if _is_at_counter_only(request, slug):
            text = _("The back office is not open to you. An owner can change that.")
            title = _("You work at the counter only")
            counter = {"way_on": "/scan/", "way_on_text": _("To the counter")}
            return _apart(request, HTTPStatus.NOT_FOUND, title, text, **counter)
        text = _("Or you do not work for it.")
        return _apart(request, HTTPStatus.NOT_FOUND, _("There is no such business"), text)
    if request.session.get(LAST) != slug:
        request.session[LAST] = slug
    # A row that it refers to may be deleted at the same moment: then nothing is written, and it looks again.
    return db.unless_overtaken(lambda: _at_desk(Desk(request, staff, page), ids), vanishing=True)


def _at_desk(desk: Desk, ids: dict[str, Any]) -> HttpResponseBase:
    page, business = desk.here, desk.business
    files: Any = desk.request.FILES
    for file in files.values():
        file.seek(0)  # it may have been read before
    if business.suspended_at is not None and desk.operator_id is None:
        return shut.page(desk)
    if not desk.may(page.permission) or (page.whole_business and desk.branch_id is not None):
        return refused(desk)
    with scope(business=business), timezone.override(desk.zone):
        try:
            _check_ids(ids)
            response = twice.once(desk, lambda: page.view(desk, **ids))
        except Refusal as refusal:
            return _back_to(desk, refusal) or told(desk, refusal)
    _check_logged(desk, response)
    return response


def _check_ids(ids: Mapping[str, Any]) -> None:
    for name, value in ids.items():
        if isinstance(value, int) and value > BIGGEST_ID:
            raise NotFound(f"There is no {name} {value}.")


def _place(request: HttpRequest, slug: str) -> Staff | None:
    """The place of whoever asks in the business of a slug; None where they have none, or may not come in."""
    with scopes_disabled():
        found = Staff.objects.select_related("business__program", "user", "branch").filter(
            business__slug=slug
        )
        acting = request.session.get(AS_OPERATOR, {}).get(slug)
        if acting is not None and acting == request.user.pk and getattr(request.user, "is_staff", False):
            # An operator sits at the place of the first owner, and everything says so.
            return found.filter(role=Staff.Role.OWNER, is_active=True).order_by("pk").first()
        return found.filter(
            user=request.user.pk, is_active=True, disable_backoffice_access=False, temp_password=""
        ).first()


def _is_at_counter_only(request: HttpRequest, slug: str) -> bool:
    """Whether somebody works for a business who may not come into its back office."""
    with scopes_disabled():
        rows = Staff.objects.filter(business__slug=slug, user=request.user.pk, is_active=True)
        return rows.filter(disable_backoffice_access=True, temp_password="").exists()


def _check_logged(desk: Desk, response: HttpResponseBase) -> None:
    succeeded = response.status_code in (HTTPStatus.SEE_OTHER, HTTPStatus.NO_CONTENT)
    if desk.regretted:  # it leads on, too, and nothing was done
        return
    if desk.here.audited and desk.request.method not in _SAFE and succeeded and not desk.logged:
        log.error("nothing was written to the audit log", page=desk.here.name)


def refused(desk: Desk) -> HttpResponse:
    """The page for whoever may not open a page."""
    text = _("Your role does not include this. Ask an owner of %(name)s.") % {"name": desk.business.name}
    context = {"title": _("This is not open to you"), "text": text}
    return desk.page("notice", context, HTTPStatus.FORBIDDEN)


def told(desk: Desk, refusal: Refusal) -> HttpResponse:
    """The page that says why something was not done."""
    status = next((code for kind, code in _STATUS.items() if isinstance(refusal, kind)), HTTPStatus.CONFLICT)
    titles = {
        HTTPStatus.NOT_FOUND: _("This is not here any more"),
        HTTPStatus.FORBIDDEN: _("Your plan does not include this"),
    }
    title = titles.get(status, _("That could not be done"))
    if isinstance(refusal, PlanRequired) and not refusal.details.get("plans"):
        title = _("Your operator has switched this off")
    elif isinstance(refusal, PlanLimit):
        title = _("There are as many as you may have")
    gone = status == HTTPStatus.NOT_FOUND
    text = _("It was deleted, or the address is mistyped.") if gone else refusal.message
    response = desk.page("notice", {"title": title, "text": text}, status)
    if isinstance(refusal, TooManyRequests):
        response.headers["Retry-After"] = str(max(refusal.retry_after or 1, 1))
    return response


def _back_to(desk: Desk, refusal: Refusal) -> HttpResponse | None:
    """The page on which a button was pressed, which says why nothing was done; None where it is unknown.

    Forms show refusals by themselves, with what was typed. Frames and scripts get the answer itself.
    """
    headers = desk.request.headers
    is_page = headers.get("Sec-Fetch-Dest", "document") == "document"
    if not desk.is_post or isinstance(refusal, NotFound) or desk.is_htmx or not is_page:
        return None
    ours = desk.request.build_absolute_uri("/").removesuffix("/")
    came = headers.get("Referer", "").partition("#")[0]
    try:
        page = resolve(came.removeprefix(ours).partition("?")[0])
    except Resolver404:
        return None
    if page.kwargs.get("slug") != desk.business.slug or "GET" not in _METHODS.get(page.func, ()):
        return None
    text = refusal.message
    messages.error(desk.request, text if text.endswith((".", "?")) else f"{text}.")
    return HttpResponseRedirect(came.removeprefix(ours), status=HTTPStatus.SEE_OTHER)


def _apart(request: HttpRequest, status: HTTPStatus, title: str, text: str, **more: str) -> HttpResponse:
    """A page for somebody who sits at no desk."""
    context = {"version": __version__, "title": title, "text": text, "way_on": reverse("office"), **more}
    return render(request, "office/apart.html", context, status=status)
