"""A customer's card. Its address is the only key to it, so nothing on it says how to reach them.

Pages ask every few seconds whether anything has changed: that costs two statements and answers nothing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars import __version__
from regulars.portal import choices, sites, wallet
from regulars.portal.history import joined_row
from regulars.portal.wallet import CardPage, Found
from regulars.rules import languages
from regulars.rules.errors import NotFound
from regulars.tenants import ratelimit
from regulars.tenants.microsites import microsite
from regulars.tenants.models import Business
from regulars.tenants.queries import business_by_id
from regulars.web import language, look
from regulars.web.member import channels, icons, picture
from regulars.web.origin import same_origin
from regulars.web.private import notice, private

# Requests a minute from one address: a shop full of phones behind one router that ask every few seconds,
# and not much guessing.
PAGES_LIMIT: Final = 3_000
UNKNOWN_LIMIT: Final = 60
WRITES_LIMIT: Final = 60
# What happened lately, at the foot of the card; on the page of its own.
LATELY: Final = 4
A_PAGE: Final = 30
_DIGITS: Final = 18

View = Callable[..., HttpResponse]


def with_card(view: View) -> View:
    """Find the card of a code and hand it to the view; throttle, and refuse codes that are nobody's."""

    @wraps(view)
    def wrapped(request: HttpRequest, qr_code: str, **more: Any) -> HttpResponse:
        source = request.META.get("REMOTE_ADDR", "")
        allowance = ratelimit.take(f"card:{source}", PAGES_LIMIT)
        if allowance.allowed and request.method == "POST":
            allowance = ratelimit.take(f"card writes:{source}", WRITES_LIMIT)
        if not allowance.allowed:
            return _too_many(request, allowance)
        try:
            return view(request, wallet.find(qr_code), **more)
        except NotFound:
            allowance = ratelimit.take(f"card-unknown:{source}", UNKNOWN_LIMIT)
            return _unknown(request) if allowance.allowed else _too_many(request, allowance)

    return wrapped


def _too_many(request: HttpRequest, allowance: ratelimit.Allowance) -> HttpResponse:
    with language.speaking(request):
        response = message(
            request,
            HTTPStatus.TOO_MANY_REQUESTS,
            _("Please wait a minute"),
            _("There were too many requests from your network. Your card stays as it is."),
        )
    response.headers["Retry-After"] = str(max(allowance.retry_after, 1))
    return response


def _unknown(request: HttpRequest) -> HttpResponse:
    with language.speaking(request):
        return message(
            request,
            HTTPStatus.NOT_FOUND,
            _("This card is not here"),
            _("Check the link, or ask at the counter: the shop can open your card for you."),
        )


def message(
    request: HttpRequest, status: HTTPStatus, title: str, text: str, *, back: str = "", **more: Any
) -> HttpResponse:
    """A page beside a card that says one thing; `back` leads to the card."""
    if back:
        more |= {"way_on": back, "way_on_text": _("Back to your card")}
    return notice(request, title=title, text=text, status=status, **more)


def shop_of(business: Business) -> dict[str, Any]:
    """What every page of a shop shows of it."""
    logo = look.logo_url(business, size=128)
    return {
        "business": business,
        "look": look.address(business.accent_color),
        "logo": logo,
        "initial": icons.initial(business.name),
        "version": __version__,
    }


def _lately(card: CardPage, most: int, before: int | None = None) -> list[wallet.HistoryRow]:
    if card.is_fresh or card.member_id is None:
        return [] if before else [joined_row(card.joined_on, timezone.now())]
    return wallet.history(business_id=card.business.pk, member_id=card.member_id, most=most, before=before)


def _live(found: Found) -> dict[str, Any]:
    """What the part of the page needs that changes while somebody looks at it."""
    # The stamp is read first: what changes in between is shown now and once again.
    stamp = wallet.stamp(found)
    card = wallet.read(found)
    return {
        "card": card,
        "stamp": stamp,
        "slots": picture.slots(card.stamps, card.goal),
        "qr_code": picture.qr_code(card.qr_code),
        "tickets": [(ticket, picture.qr_code(ticket.code)) for ticket in card.vouchers],
        "share": picture.share(card),
        "initial": icons.initial(card.business.name),
    }


def _in_words(live: dict[str, Any]) -> dict[str, Any]:
    """What is said in the language that is spoken."""
    card: CardPage = live["card"]
    return {"lately": _lately(card, LATELY), "to_what": card.reward}


@require_safe
@private
@with_card
def page(request: HttpRequest, found: Found) -> HttpResponse:
    """The card, complete without any script."""
    if found.is_blank:
        return _join_with(found)
    if _asked(request) != found.qr_code:
        return HttpResponseRedirect(reverse("card", args=[found.qr_code]))
    live = _live(found)
    card: CardPage = live["card"]
    shop = shop_of(card.business)
    with language.speaking(request, member=card.language, business=card.business.language) as spoken:
        context = {
            **live,
            **shop,
            **_in_words(live),
            "languages": languages.LANGUAGES,
            "spoken": spoken,
            "texts": _texts(),
            "grouped": " ".join(textwrap.wrap(card.qr_code, 4)),
            "privacy_url": microsite(card.business.pk).privacy_url,
            "site": sites.address(card.business),
            "icon": icons.address(card.business, icons.SIZES[0]),
            "seen_at": timezone.now(),
            "saved": request.GET.get("saved", ""),
        }
        response = render(request, "web/card.html", context)
    response.headers["Vary"] = "Accept-Language, Cookie"
    language.remember(response, request)
    return response


def _asked(request: HttpRequest) -> str:
    match = request.resolver_match
    return str(match.kwargs["qr_code"]) if match is not None else ""


def _join_with(found: Found) -> HttpResponse:
    """A printed card that is nobody's: whoever holds it joins, and it becomes theirs."""
    code = business_by_id(found.business_id).join_code
    return HttpResponseRedirect(f"{reverse('join', args=[code])}?{urlencode({'card': found.qr_code})}")


def _texts() -> dict[str, str]:
    """What the page's script says."""
    return {
        "stamped": _("Stamped."),
        "reward": _("A reward is yours!"),
        "changed": _("Your card has changed."),
        "offline": _("No connection. As of {time}; the code works all the same."),
    }


@require_safe
@private
@with_card
def now(request: HttpRequest, found: Found) -> HttpResponse:
    """204 while the card is as the page has it (`v`); else what has changed. 410: open the page again."""
    if found.is_blank or _asked(request) != found.qr_code:
        return HttpResponse(status=HTTPStatus.GONE)
    if wallet.stamp(found) == request.GET.get("v", ""):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    live = _live(found)
    card: CardPage = live["card"]
    with language.speaking(request, member=card.language, business=card.business.language):
        context = {**live, **shop_of(card.business), **_in_words(live)}
        response = render(request, "web/card_live.html", context)
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


@require_safe
@private
@with_card
def history(request: HttpRequest, found: Found) -> HttpResponse:
    """All that happened on the card, newest first, a page at a time."""
    card = wallet.read(found)
    before = request.GET.get("before", "")
    last = int(before) if before.isascii() and before.isdigit() and len(before) <= _DIGITS else None
    with language.speaking(request, member=card.language, business=card.business.language):
        rows = _lately(card, A_PAGE + 1, last)
        context = {
            "card": card,
            **shop_of(card.business),
            "rows": rows[:A_PAGE],
            "next": rows[A_PAGE - 1].id if len(rows) > A_PAGE else None,
            "before": last,
        }
        return render(request, "web/card_history.html", context)


@require_POST
@same_origin
@private
@with_card
def settings(request: HttpRequest, found: Found) -> HttpResponse:
    """Keep which messages the member wants, and the language of this card."""
    spoken = request.POST.get("language", "")
    said: dict[str, Any] = {"saved": 1}
    if found.member_id is not None and not found.is_fresh:
        ids: dict[str, Any] = {"business_id": found.business_id, "member_id": found.member_id}
        drawn_in = request.POST.get("drawn-in", "")
        with translation.override(drawn_in if drawn_in in languages.LANGUAGES else languages.USUAL):
            changed = choices.change_messages(**ids, source="card", **channels.touched(request.POST))
        if changed.asked_first:
            said["saved"] = "link"
        if spoken in languages.LANGUAGES:
            choices.change_language(**ids, language=spoken)
    # The language is this browser's, too: for a card that is nobody's yet it is the only place to keep it.
    said |= {"language": spoken} if spoken in languages.LANGUAGES else {}
    return see_other(f"{reverse('card', args=[found.qr_code])}?{urlencode(said)}#settings")


def see_other(address: str) -> HttpResponse:
    """Lead on after something was done."""
    response = HttpResponseRedirect(address)
    response.status_code = HTTPStatus.SEE_OTHER
    return response
