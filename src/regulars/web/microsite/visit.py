"""What every page of a micro-site begins with: whose it is, who is signed in, in which language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from regulars import __version__
from regulars.portal import sessions, sites
from regulars.portal.sessions import SignedIn
from regulars.rules import languages
from regulars.rules.errors import NotFound, Refusal, Suspended, TooManyRequests
from regulars.tenants import microsites, ratelimit
from regulars.tenants.models import Business, Microsite
from regulars.web import language, look
from regulars.web.member import icons
from regulars.web.microsite import cookies
from regulars.web.microsite.hosts import slug_of_host
from regulars.web.origin import is_ours

# Requests a minute from one address: a shop full of phones behind one router.
PAGES_LIMIT: Final = 600
WRITES_LIMIT: Final = 60

# What somebody may come for and is led to after signing in.
PAGES: Final = frozenset({"data", "history", "profile", "statement", "vouchers"})

_SAFE: Final = frozenset({"GET", "HEAD"})


@dataclass(slots=True)
class Visit:
    """A request for a page of a business's micro-site.

    `base` is where the micro-site is at the host that was asked, with a slash at its end.
    """

    request: HttpRequest
    business: Business
    base: str
    settings: Microsite
    signed_in: SignedIn | None = None
    language: str = languages.USUAL

    @property
    def address(self) -> str:
        """The client's address, for limits."""
        return str(self.request.META.get("REMOTE_ADDR", ""))

    @property
    def member_id(self) -> int:
        """The member who is signed in, on pages for members."""
        return self.me.member.pk

    @property
    def me(self) -> SignedIn:
        """Who is signed in, on pages for members."""
        if self.signed_in is None:
            raise TypeError("nobody is signed in")
        return self.signed_in

    @property
    def is_partial(self) -> bool:
        """Whether a script of the page asks for the part that changes."""
        return self.request.headers.get("HX-Request") == "true"

    def to(self, path: str = "") -> HttpResponse:
        """Lead to another page of this micro-site. Where to is never taken from the request."""
        response = HttpResponseRedirect(f"{self.base}{path}")
        response.status_code = HTTPStatus.SEE_OTHER
        return response

    def page(
        self, template: str, context: dict[str, Any] | None = None, status: int = HTTPStatus.OK
    ) -> HttpResponse:
        """Render a template of the micro-site with what all of them need."""
        shared = {
            "business": self.business,
            "program": self.business.program,
            "settings": self.settings,
            "base": self.base,
            "member": self.signed_in.member if self.signed_in else None,
            "look": look.address(self.business.accent_color),
            "logo": look.logo_url(self.business, size=128),
            "initial": icons.initial(self.business.name),
            "languages": languages.LANGUAGES,
            "spoken": self.language,
            "version": __version__,
        }
        return render(self.request, f"web/microsite/{template}.html", shared | (context or {}), status=status)

    def notice(self, *, title: str, text: str, status: int = HTTPStatus.OK, **more: Any) -> HttpResponse:
        """A page that says one thing, or a part of one when a script of the page asks.

        `link` and `link_text` say where to go on; the start without them.
        """
        template = "_notice" if self.is_partial else "notice"
        return self.page(template, {"title": title, "text": text, **more}, status)


View = Callable[..., HttpResponseBase]


def page(*methods: str, member: bool = False, cookies_count: bool = True) -> Callable[[View], View]:
    """A view of the micro-site; it takes a Visit. With `member`, whoever is not signed in is led to sign in.

    What is posted must come from a page of the micro-site itself. Without `cookies_count` none is read and
    none is set: nobody is signed in, and a language is neither remembered nor kept.
    """
    allowed = methods or ("GET",)

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, slug: str = "", **more: Any) -> HttpResponseBase:
            visit = _arrive(request, slug, cookies_count=cookies_count)
            me = visit.signed_in.member if visit.signed_in else None
            with language.speaking(
                request,
                member=me.language if me else "",
                business=visit.business.language,
                cookies=cookies_count,
            ) as spoken:
                visit.language = spoken
                response = _answer(visit, view, allowed, more, member=member)
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers.setdefault("Referrer-Policy", "same-origin")
            response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
            response.headers.setdefault("Vary", "Accept-Language, Cookie, HX-Request")
            if cookies_count:
                language.remember(response, request)
            return response

        return wrapped

    return decorate


def _arrive(request: HttpRequest, slug: str, *, cookies_count: bool) -> Visit:
    host = slug_of_host(request)
    try:
        business = sites.business_of(slug if host is None else host)
    except NotFound:
        raise Http404 from None
    base = sites.path(business.slug) if host is None else "/"
    visit = Visit(request, business, base, microsites.microsite(business.pk))
    if cookies_count:
        visit.signed_in = sessions.find(business_id=business.pk, token=cookies.token_of(request, base))
    return visit


def _answer(
    visit: Visit, view: View, allowed: tuple[str, ...], more: Any, *, member: bool
) -> HttpResponseBase:
    method = visit.request.method or ""
    if (method if method != "HEAD" else "GET") not in allowed:
        return HttpResponseNotAllowed([*allowed, "HEAD"] if "GET" in allowed else allowed)
    if method not in _SAFE and not is_ours(visit.request):
        return _from_elsewhere(visit)
    try:
        take(visit, "microsite", PAGES_LIMIT)
        if method not in _SAFE:
            take(visit, "microsite-writes", WRITES_LIMIT)
        if member and visit.signed_in is None:
            return _sign_in_first(visit)
        return view(visit, **more)
    except TooManyRequests as refusal:
        return too_many(visit, refusal)
    except (Suspended, NotFound) as refusal:
        return _closed(visit) if isinstance(refusal, Suspended) else _missing(visit)


def _from_elsewhere(visit: Visit) -> HttpResponse:
    return visit.notice(
        title=_("This was sent from another site"),
        text=_("Nothing was changed. Open the page itself and try again."),
        status=HTTPStatus.FORBIDDEN,
    )


def _closed(visit: Visit) -> HttpResponse:
    return visit.notice(
        title=_("Your card is paused"),
        text=_("Ask at the counter. What is on it stays."),
        status=HTTPStatus.FORBIDDEN,
    )


def _missing(visit: Visit) -> HttpResponse:
    return visit.notice(
        title=_("This is not here any more"),
        text=_("Go back to the start and look from there."),
        status=HTTPStatus.NOT_FOUND,
    )


def _sign_in_first(visit: Visit) -> HttpResponse:
    if visit.is_partial:  # the script loads the page
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": f"{visit.base}sign-in"})
    response = visit.to("sign-in")
    wanted = visit.request.path.removeprefix(visit.base)
    if wanted in PAGES:
        cookies.ask_for(response, visit.request, visit.base, wanted)
    return response


def take(visit: Visit, what: str, limit: int) -> None:
    """Take one from a limit a minute of the client's address.

    Raises:
        TooManyRequests: it is used up.
    """
    allowance = ratelimit.take(f"{what}:{visit.address}", limit)
    if not allowance.allowed:
        raise TooManyRequests("Too many requests from one address.", retry_after=allowance.retry_after)


def too_many(visit: Visit, refusal: TooManyRequests) -> HttpResponse:
    """The page for whoever asks too often."""
    minutes = (refusal.retry_after or 1) / 60
    response = visit.notice(
        title=_("Please wait a minute") if minutes <= 1 else _("Please wait a few minutes"),
        text=_("There were too many tries. Nothing was changed; go on in a minute.")
        if minutes <= 1
        else _("We have sent you several links already. Look for them in your mail; nothing was sent now."),
        status=HTTPStatus.TOO_MANY_REQUESTS,
    )
    response.headers["Retry-After"] = str(max(refusal.retry_after or 1, 1))
    return response


def refused(refusal: Refusal, known: dict[str, str]) -> dict[str, str]:
    """What is wrong with a form, by its fields, in words for people; `known` has those for each field."""
    return {field: known.get(field, problem) for field, problem in refusal.fields.items()}
