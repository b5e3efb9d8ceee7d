"""The page on which a customer scratches a card. Its address is the only key to it.

Asking for the page never reveals anything, because scanners of mail open every link: that takes a POST.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars import __version__, db
from regulars.rules import scratch
from regulars.rules.errors import NotFound
from regulars.scratchcards import cards, queries
from regulars.scratchcards.queries import CardView
from regulars.tenants import ratelimit
from regulars.web import language, look
from regulars.web.private import notice

# Requests a minute from one address: a shop full of phones behind one router, and not much guessing.
PAGES_LIMIT = 600
UNKNOWN_LIMIT = 60
# A prize is set the larger the shorter it is: up to so many characters.
_SIZES = ((12, "xl"), (28, "l"), (64, "m"), (120, "s"))

View = Callable[..., HttpResponse]


def _private(view: View) -> View:
    """Keep pages of a card out of caches, search engines and other sites' logs, and slow down who guesses."""

    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        source = request.META.get("REMOTE_ADDR", "")
        allowance = ratelimit.take(f"scratch:{source}", PAGES_LIMIT)
        with language.speaking(request):
            if not allowance.allowed:
                response = _too_many(request, allowance)
            else:
                try:
                    response = db.unless_overtaken(lambda: view(request, token), vanishing=True)
                except NotFound:
                    response = _unknown(request, source)
        language.remember(response, request)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return wrapped


def _too_many(request: HttpRequest, allowance: ratelimit.Allowance) -> HttpResponse:
    response = _message(
        request,
        HTTPStatus.TOO_MANY_REQUESTS,
        _("Please wait a minute"),
        _("There were too many requests from your network. Your card stays as it is."),
    )
    response.headers["Retry-After"] = str(max(allowance.retry_after, 1))
    return response


def _unknown(request: HttpRequest, source: str) -> HttpResponse:
    allowance = ratelimit.take(f"scratch-unknown:{source}", UNKNOWN_LIMIT)
    if not allowance.allowed:
        return _too_many(request, allowance)
    return _message(
        request,
        HTTPStatus.NOT_FOUND,
        _("This card is not here"),
        _("Check the link, or ask the shop that gave you the card for a new one."),
    )


def _message(request: HttpRequest, status: HTTPStatus, title: str, text: str) -> HttpResponse:
    return notice(request, title=title, text=text, status=status)


def _size(prize: str) -> str:
    return next((name for most, name in _SIZES if len(prize) <= most), "xs")


def _qr_code(token: str) -> SafeString:
    # In capitals it needs fewer and larger dots, which a camera finds more easily.
    import segno  # noqa: PLC0415 - 6 MB that nobody needs before the first code is drawn

    code = segno.make_qr(token.upper(), error="m")
    drawn: str = code.svg_inline(border=0, omitsize=True, svgclass=None, lineclass=None)
    return mark_safe(drawn)  # noqa: S308 - made here, of hex digits


def _texts() -> dict[str, str]:
    """What the page's script says."""
    return {
        "here": _("Scratch here"),
        "label": _("Scratch card"),
        "offline": _("That did not work. Check your connection and try again."),
        "too_many": _("There were too many requests from your network. Wait a minute and try again."),
        "away": _("This does not work at the moment. Wait a minute and try again."),
    }


def _render(request: HttpRequest, template: str, card: CardView) -> HttpResponse:
    with language.speaking(request, member=card.language, business=card.business_language):
        return render(request, template, _shown(card))


def _shown(card: CardView) -> dict[str, Any]:
    found: dict[str, Any] = {
        "card": card,
        "look": look.address(card.accent_color),
        "version": __version__,
        "initial": next((sign for sign in card.business_name if sign.isalnum()), "").upper(),
        "reveal_url": reverse("scratch-reveal", args=[card.token]),
        "covered": card.status == queries.COVERED,
        "texts": _texts(),
    }
    if card.prize is not None:
        found |= {"size": _size(card.prize), "code": scratch.short_code(card.token)}
        if card.is_winner and card.status == queries.REVEALED:
            found["qr_code"] = _qr_code(card.token)
    return found


@require_safe
@_private
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The card: covered, or with what it holds."""
    return _render(request, "web/scratch.html", cards.open_card(token=token))


@require_POST
@_private
def reveal(request: HttpRequest, token: str) -> HttpResponse:
    """Reveal the card. The page's script gets the part of the page that changes, a form the page again."""
    try:
        card = cards.reveal(token=token)
    except scratch.CardExpired:
        card = cards.open_card(token=token)
    if request.headers.get("X-Requested-With") == "fetch":
        return _render(request, "web/scratch_result.html", card)
    response = HttpResponseRedirect(reverse("scratch", args=[token]))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
