"""Vouchers in hand, and those that a member may choose for their points."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from regulars.portal import choices, wallet
from regulars.portal.wallet import CardPage
from regulars.rules.errors import InvalidInput, NotEnoughPoints, NotFound, Refusal, Suspended
from regulars.rules.vouchers import LimitReached, NotEligible
from regulars.web.member import choosing, picture
from regulars.web.microsite.visit import Visit, page


def _card(visit: Visit) -> CardPage:
    return wallet.card_page(business_id=visit.business.pk, member_id=visit.member_id)


@page("GET", member=True)
def vouchers(visit: Visit) -> HttpResponse:
    """All of them."""
    return _all(visit)


def _all(visit: Visit, **more: Any) -> HttpResponse:
    card = _card(visit)
    tickets = [(ticket, picture.qr_code(ticket.code)) for ticket in card.vouchers]
    return visit.page("vouchers", {"here": "vouchers", "card": card, "tickets": tickets, **more})


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
    offer = next((one for one in card.affordable if one.id == voucher_id), None)
    if offer is None:
        if changed:
            return _not_chosen(visit, NotEnoughPoints("The points were used elsewhere."))
        raise NotFound("This voucher cannot be chosen now.")
    # The form's own name: sent twice, it gives once.
    context = {"here": "vouchers", "card": card, "offer": offer, "token": secrets.token_hex(16)}
    status = HTTPStatus.CONFLICT if changed else HTTPStatus.OK
    return visit.page("_choose" if visit.is_partial else "choose", context | {"changed": changed}, status)


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
        return _not_chosen(visit, refusal)
    taken = {"here": "vouchers", "chosen": chosen, "qr_code": picture.qr_code(chosen.code)}
    return visit.page("_chosen" if visit.is_partial else "chosen", taken)


def _not_chosen(visit: Visit, refusal: Refusal) -> HttpResponse:
    context = {"here": "vouchers", "problem": _problem(refusal)}
    return visit.page("_not_chosen" if visit.is_partial else "not_chosen", context, HTTPStatus.CONFLICT)


def _problem(refusal: Refusal) -> str:
    if isinstance(refusal, NotEnoughPoints):
        return _("You have too few points for it now. Nothing was taken.")
    if isinstance(refusal, LimitReached):
        return _("You have had this one as often as you may. Nothing was taken.")
    return _("This voucher cannot be chosen any more. Nothing was taken.")
