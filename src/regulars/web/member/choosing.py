"""Choosing a voucher for points, on the card's own pages: once asked, then given."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from regulars.portal import choices, money, wallet
from regulars.portal.wallet import CardPage, Found
from regulars.rules.errors import NotEnoughPoints, Refusal, Suspended
from regulars.rules.vouchers import LimitReached
from regulars.web import language
from regulars.web.member.card import message, see_other, shop_of, with_card
from regulars.web.origin import same_origin
from regulars.web.private import private

_DIGITS: Final = 18


@require_http_methods(["GET", "HEAD", "POST"])
@same_origin
@private
@with_card
def voucher(request: HttpRequest, found: Found, voucher_id: int) -> HttpResponse:
    """Ask whether the member really wants a voucher for their points; then give it to them."""
    card = wallet.read(found)
    with language.speaking(request, member=card.language, business=card.business.language):
        if request.method != "POST" or found.member_id is None or card.is_fresh:
            return _ask(request, card, voucher_id)
        try:
            choices.choose(
                business_id=found.business_id,
                member_id=found.member_id,
                voucher_id=voucher_id,
                token=request.POST.get("token", ""),
                seen=sum_of(request.POST),
            )
        except choices.SumChanged:
            return _ask(request, card, voucher_id, changed=True)
        except Refusal as refusal:
            return _refused(request, card, _why(card, voucher_id, refusal))
        return see_other(f"{reverse('card', args=[found.qr_code])}#tickets")


def sum_of(form: QueryDict) -> tuple[int, int]:
    """The points and the price that a confirming form showed; -1 for what it does not say."""
    said = (form.get("points", ""), form.get("price", ""))
    points, price = (
        int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else -1 for text in said
    )
    return points, price


def _ask(request: HttpRequest, card: CardPage, voucher_id: int, *, changed: bool = False) -> HttpResponse:
    offer = next((one for one in card.affordable if one.id == voucher_id), None)
    if offer is None:
        return _refused(request, card, _why(card, voucher_id))
    page = {
        "card": card,
        **shop_of(card.business),
        "offer": offer,
        "left": card.points - offer.price,
        "token": secrets.token_hex(16),
        "changed": changed,
    }
    status = HTTPStatus.CONFLICT if changed else HTTPStatus.OK
    return render(request, "web/card_voucher.html", page, status=status)


def _why(card: CardPage, voucher_id: int, refusal: Refusal | None = None) -> str:
    """Why they cannot have it now."""
    offer = next((one for one in card.offers if one.id == voucher_id), None)
    if card.suspended or isinstance(refusal, Suspended):
        return _("Your card is paused. Ask at the counter.")
    if offer is not None and offer.missing:
        text = ngettext(
            "You need %(number)s more point for it. Nothing was taken.",
            "You need %(number)s more points for it. Nothing was taken.",
            offer.missing,
        )
        return text % {"number": money.whole(offer.missing)}
    if isinstance(refusal, NotEnoughPoints):
        return _("Your points do not cover it any more. Nothing was taken.")
    if isinstance(refusal, LimitReached):
        return _("You have had this one as often as you may. Nothing was taken.")
    return _("It has ended, or you have had it already. Nothing was taken.")


def _refused(request: HttpRequest, card: CardPage, why: str) -> HttpResponse:
    return message(
        request,
        HTTPStatus.CONFLICT,
        _("You cannot choose this now"),
        why,
        **shop_of(card.business),
        back=reverse("card", args=[card.qr_code]),
    )
