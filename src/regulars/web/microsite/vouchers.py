"""Vouchers in hand, and those that a member may choose for their points."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _

from regulars.portal import choices, tickets, wallet
from regulars.portal.wallet import CardPage
from regulars.rules.errors import InvalidInput, NotEnoughPoints, NotFound, Refusal, Suspended
from regulars.rules.vouchers import LimitReached, NotEligible
from regulars.web.member import choosing, picture
from regulars.web.microsite.visit import Visit, page

# Beyond so many pages of vouchers nobody has any; it bounds what is counted in an address.
_LAST_PAGE: Final = 1000


def _card(visit: Visit) -> CardPage:
    return wallet.card_page(business_id=visit.business.pk, member_id=visit.member_id)


@page("GET", member=True)
def vouchers(visit: Visit) -> HttpResponse:
    """All of them, page by page."""
    asked = visit.request.GET.get("page", "")
    number = int(asked[:9]) if asked.isascii() and asked.isdecimal() else 1
    return _all(visit, number=min(max(number, 1), _LAST_PAGE))


def _all(visit: Visit, *, number: int = 1, status: int = HTTPStatus.OK, **more: Any) -> HttpResponse:
    card = _card(visit)
    hand, left = card.vouchers, card.more_vouchers
    if number > 1:
        skip = (number - 1) * tickets.MOST
        hand, left = tickets.vouchers_in_hand(
            business=visit.business, member_id=visit.member_id, today=card.today, skip=skip
        )
    shown = [(ticket, picture.qr_code(ticket.code)) for ticket in hand]
    context = {"here": "vouchers", "card": card, "tickets": shown, "more": left, "page": number, **more}
    response = visit.page("_vouchers" if visit.is_partial else "vouchers", context, status)
    # Balance, hand and offers change together, whatever part the script wanted to put something into.
    response.headers["HX-Retarget"] = "#all"
    response.headers["HX-Reswap"] = "innerHTML show:top"
    return response


@page("GET", "POST", member=True)
def choose(visit: Visit, voucher_id: int) -> HttpResponse:
    """Ask whether it is to be this one; then take the points and show the code.

    A script gets only the part of the page that changes.
    """
    if visit.request.method == "POST":
        return _take(visit, voucher_id)
    return _ask(visit, voucher_id)


def _ask(visit: Visit, voucher_id: int, *, changed: bool = False) -> HttpResponse:
    card = _card(visit)
    offer = next((one for one in card.offers if one.id == voucher_id and one.chosen), None)
    if offer is None:
        return _all(visit, problem=_gone(), status=HTTPStatus.NOT_FOUND)
    if offer.missing:
        return _all(visit, problem=_too_few(), status=HTTPStatus.CONFLICT)
    # The form's own name: sent twice, it gives once.
    context = {"here": "vouchers", "card": card, "offer": offer, "token": secrets.token_hex(16)}
    status = HTTPStatus.CONFLICT if changed else HTTPStatus.OK
    template = "_choose" if visit.is_partial else "choose"
    response = visit.page(template, context | {"changed": changed}, status)
    response.headers["HX-Retarget"] = f"#offer-{voucher_id}"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def _take(visit: Visit, voucher_id: int) -> HttpResponse:
    try:
        chosen = choices.choose(
            business_id=visit.business.pk,
            member_id=visit.member_id,
            voucher_id=voucher_id,
            token=visit.request.POST.get("token", ""),
            seen=choosing.sum_of(visit.request.POST),
        )
    except choices.SumChanged:
        return _ask(visit, voucher_id, changed=True)
    except Suspended:
        raise
    except (NotEnoughPoints, NotEligible, LimitReached, NotFound, InvalidInput) as refusal:
        return _all(visit, problem=_problem(refusal), status=HTTPStatus.CONFLICT)
    taken: dict[str, Any] = {"chosen": chosen, "qr_code": picture.qr_code(chosen.code)}
    if visit.is_partial:
        return _all(visit, **taken)
    return visit.page("chosen", {"here": "vouchers", **taken})


def _problem(refusal: Refusal) -> str:
    if isinstance(refusal, NotEnoughPoints):
        return _too_few()
    if isinstance(refusal, LimitReached):
        return _("You have had this one as often as you may. Nothing was taken.")
    return _gone()


def _too_few() -> str:
    return _("You have too few points for it now. Nothing was taken.")


def _gone() -> str:
    return _("This voucher cannot be chosen any more. Nothing was taken.")
