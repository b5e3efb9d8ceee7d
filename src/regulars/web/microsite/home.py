"""The first page: the business's face, or the card of whoever is signed in."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from django.utils.translation import gettext as _

from regulars.portal import wallet
from regulars.rules.errors import NotFound
from regulars.tenants.queries import branches, join_url
from regulars.web.member import picture
from regulars.web.microsite import cookies, entering
from regulars.web.microsite.visit import PAGES, Visit, page

# Stamps of the picture on the face, at most; a longer card is told in words.
_MOST_DRAWN = 12
# Vouchers on the card's own page; all of them have a page.
_FIRST = 3


@page("GET")
def home(visit: Visit) -> HttpResponse:
    """The shop's name, programme, branches and terms; the card instead when somebody is signed in."""
    if "Scan" in visit.request.GET:
        return entering.to_counter(visit)
    if entering.is_signed(visit) and visit.request.method == "GET":
        return entering.by_sso(visit)
    if not visit.signed_in:
        return _face(visit)
    wanted = visit.request.COOKIES.get(cookies.WANTED, "")
    if wanted not in PAGES:
        return _card(visit)
    # They came for it before they signed in; it is asked for once.
    response = visit.to(wanted)
    response.delete_cookie(cookies.WANTED, path=visit.base, samesite="Lax")
    return response


@page("GET")
def terms(visit: Visit) -> HttpResponse:
    """The terms of the programme."""
    if not visit.business.program.terms_conditions:
        raise NotFound("This programme has no terms.")
    return visit.page("terms")


@page("GET", "POST")
def elsewhere(visit: Visit, rest: str) -> HttpResponse:
    """Where there is no page below a shop's address."""
    return visit.notice(
        title=_("There is no page here"),
        text=_("The address may be mistyped, or the page has moved."),
        status=HTTPStatus.NOT_FOUND,
    )


def _face(visit: Visit) -> HttpResponse:
    program = visit.business.program
    drawn = program.stamps_required if program.stamps_required <= _MOST_DRAWN else 0
    response = visit.page(
        "face",
        {
            "join_url": join_url(visit.business) if visit.settings.join_open else "",
            "branches": [one for one in branches(visit.business.pk) if one.is_active],
            "grid": picture.slots(0, drawn) if drawn else None,
        },
    )
    response.headers["X-Robots-Tag"] = "all"
    return response


def _card(visit: Visit) -> HttpResponse:
    card = wallet.card_page(business_id=visit.business.pk, member_id=visit.member_id)
    lately = wallet.history(business_id=visit.business.pk, member_id=visit.member_id, most=4)
    return visit.page(
        "card",
        {
            "here": "card",
            "card": card,
            "slots": picture.slots(card.stamps, card.goal),
            "share": picture.share(card),
            "to_what": card.reward,
            "qr_code": picture.qr_code(card.qr_code),
            "tickets": [(ticket, picture.qr_code(ticket.code)) for ticket in card.vouchers[:_FIRST]],
            "lately": lately,
        },
    )
