"""What an owner prints, in the browser in which they are signed in at the counter; and the logo on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars import __version__
from regulars.counter.operators import Operator
from regulars.members import blank_cards
from regulars.printing import cards, poster
from regulars.printing.fonts import NoFont
from regulars.printing.sizes import PAPERS, paper_of
from regulars.rules.errors import InvalidInput, NotFound, Refusal
from regulars.rules.languages import LANGUAGES, check_language
from regulars.tenants import logos, ratelimit
from regulars.web import language, look
from regulars.web.counter.calls import operator_here
from regulars.web.origin import same_origin
from regulars.web.private import notice, private

# Of one network in a minute: a sheet takes the time of a hundred scans.
A_MINUTE: Final = 60
_MOST_DIGITS: Final = 9

View = Callable[..., HttpResponse]


def _owners(view: View) -> View:
    """Let an owner in who is signed in at the counter; everybody else is shown where to go."""

    @wraps(view)
    @private
    @same_origin
    def wrapped(request: HttpRequest) -> HttpResponse:
        operator = operator_here(request)
        if operator is None:
            return HttpResponseRedirect(reverse("counter-page"), status=HTTPStatus.SEE_OTHER)
        with language.speaking(request, business=operator.business.language):
            response = _refused(request, operator) or view(request, operator)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    return wrapped


def _refused(request: HttpRequest, operator: Operator) -> HttpResponse | None:
    if not operator.is_owner:
        return notice(
            request,
            title=_("Only owners print"),
            text=_("Ask the owner to sign in at the counter and to open this page."),
            status=HTTPStatus.FORBIDDEN,
            way_on=reverse("counter-page"),
            way_on_text=_("Back to the counter"),
        )
    allowance = ratelimit.take(f"print:{request.META.get('REMOTE_ADDR', '')}", A_MINUTE)
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


@require_safe
@_owners
def page(request: HttpRequest, operator: Operator) -> HttpResponse:
    """Everything that can be printed, on one page."""
    return _show(request, operator)


@require_safe
@_owners
def printed_poster(request: HttpRequest, operator: Operator) -> HttpResponse:
    """The poster."""
    return _file(request, operator, "poster", poster.poster)


@require_safe
@_owners
def printed_tent(request: HttpRequest, operator: Operator) -> HttpResponse:
    """The tent for tables."""
    return _file(request, operator, "tent", poster.table_tent)


@require_safe
@_owners
def printed_cards(request: HttpRequest, operator: Operator) -> HttpResponse:
    """Blank cards by their numbers, which are printed as often as needed."""
    first, last = (_number(request.GET.get(name, "")) for name in ("first", "last"))
    return _file(request, operator, "cards", cards.blank_cards, first=first, last=last or first)


@require_POST
@_owners
def new_cards(request: HttpRequest, operator: Operator) -> HttpResponse:
    """Number new blank cards; the page then leads to their sheets."""
    count, after = (_number(request.POST.get(name, "")) for name in ("count", "after"))
    try:
        made = blank_cards.make_blanks(business_id=operator.business_id, count=count, after=after)
        last = made[-1].number
    except Refusal as refusal:
        if "after" not in refusal.fields:
            return _show(request, operator, refusal)
        last = blank_cards.counts(operator.business_id).last or 0  # pressed twice: those of the first time
    kept = {name: str(request.POST.get(name, "")) for name in ("language", "size")}
    query = urlencode({"made": str(last), "first": str(after + 1), **kept})
    return HttpResponseRedirect(f"{reverse('counter-print')}?{query}#cards", status=HTTPStatus.SEE_OTHER)


@require_POST
@_owners
def new_logo(request: HttpRequest, operator: Operator) -> HttpResponse:
    """Take a picture as the logo, or the logo away."""
    file = request.FILES.get("logo")
    try:
        if "remove" in request.POST:
            logos.remove_logo(business_id=operator.business_id)
        else:
            data = file.read(logos.MOST_BYTES + 1) if file is not None else b""
            logos.set_logo(business_id=operator.business_id, data=data)
    except InvalidInput as refusal:
        return _show(request, operator, refusal)
    return HttpResponseRedirect(f"{reverse('counter-print')}#logo", status=HTTPStatus.SEE_OTHER)


def _number(text: str) -> int:
    """A whole number as typed; 0 for anything else, which is never a right one."""
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else 0


def _file(
    request: HttpRequest, operator: Operator, name: str, make: Callable[..., bytes], **which: int
) -> HttpResponse:
    business = operator.business
    try:
        spoken = request.GET.get("language", "")
        document = make(
            business_id=business.pk,
            language=check_language(spoken) if spoken else business.language,
            paper=paper_of(request.GET.get("size", ""), country=business.country),
            **which,
        )
    except Refusal as refusal:
        return _show(request, operator, refusal)
    answer = HttpResponse(document, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{business.slug}-{name}.pdf"'
    return answer


def _show(request: HttpRequest, operator: Operator, refusal: Refusal | None = None) -> HttpResponse:
    business = operator.business
    asked = request.POST if request.method == "POST" else request.GET
    made = _number(request.GET.get("made", ""))
    context = {
        "version": __version__,
        "look": look.address(business.accent_color),
        "business": business,
        "logo": look.logo_url(business, size=256),
        "languages": LANGUAGES.items(),
        "spoken": asked.get("language") or business.language,
        "papers": [paper.name for paper in PAPERS.values()],
        "paper": asked.get("size") or paper_of("", country=business.country).name,
        "cards": blank_cards.counts(business.pk),
        "count": asked.get("count", ""),
        "first": asked.get("first", ""),
        "last": asked.get("last", "") or made or "",
        "made": made if made >= _number(request.GET.get("first", "")) > 0 else 0,
        "most": blank_cards.MOST_AT_ONCE,
        "problem": _sentences(refusal) if refusal else {},
    }
    status = HTTPStatus.OK if refusal is None else HTTPStatus.BAD_REQUEST
    return render(request, "web/print.html", context, status=status)


def _sentences(refusal: Refusal) -> dict[str, str]:
    """What went wrong and what to do, by the part of the page."""
    if isinstance(refusal, NoFont):
        text = _("This server has no font with the letters of your name or reward. Ask who runs it for one.")
        return {"page": text}
    if isinstance(refusal, NotFound):
        return {"again": _("Nobody can use these: somebody has each of them, or they do not exist.")}
    most = {"most": blank_cards.MOST_AT_ONCE}
    known = {
        "logo": ("logo", _("Choose a PNG, JPEG, WebP or GIF picture of at most 2 MB.")),
        "count": ("count", _("Enter a whole number from 1 to %(most)s.") % most),
        "last": ("again", _("Enter two numbers, the smaller one first, for %(most)s cards at most.") % most),
        "language": ("page", _("Choose the language and the paper from the lists.")),
        "size": ("page", _("Choose the language and the paper from the lists.")),
    }
    many = ("count", _("So many printed cards are still unused that no more are needed."))
    return dict(known.get(field, many) for field in refusal.fields or ("",))
