"""What a phone keeps of a card: an icon on its home screen, and pages for when there is no network."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars import __version__
from regulars.portal.wallet import Found
from regulars.tenants.queries import business_by_id
from regulars.web import language
from regulars.web.member import icons, join
from regulars.web.member.card import message, shop_of, with_card
from regulars.web.origin import same_origin
from regulars.web.private import private

# So many characters of a shop's name fit under an icon.
_SHORT_NAME: Final = 12
# What stands between words, and not at the end.
_JOINING: Final = " &+,-/|\N{EN DASH}\N{EM DASH}\N{MIDDLE DOT}"


def short_name(name: str) -> str:
    """As many whole words of a shop's name as fit under an icon; of a long first word its beginning."""
    if len(name) <= _SHORT_NAME:
        return name
    words = name[: _SHORT_NAME + 1].rpartition(" ")[0] or name[:_SHORT_NAME]
    return words.rstrip(_JOINING) or name[:_SHORT_NAME]


@require_safe
@private
@with_card
def manifest(request: HttpRequest, found: Found) -> HttpResponse:
    """What a phone needs to keep the card on its home screen."""
    business = business_by_id(found.business_id)
    address = reverse("card", args=[found.qr_code])
    told = {
        "id": address,
        "name": business.name,
        "short_name": short_name(business.name),
        "start_url": address,
        "scope": address,
        "display": "standalone",
        "background_color": "#f5f4f1",
        "theme_color": business.accent_color,
        "icons": [
            {
                "src": icons.address(business, size),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size in icons.SIZES
            for purpose in ("any", "maskable")
        ],
    }
    return HttpResponse(json.dumps(told), content_type="application/manifest+json")


@require_safe
@private
@with_card
def away(request: HttpRequest, found: Found) -> HttpResponse:
    """What the service worker shows instead of a page that needs the network. It is asked for beforehand."""
    business = business_by_id(found.business_id)
    with language.speaking(request, business=business.language):
        return message(
            request,
            HTTPStatus.OK,
            _("No connection"),
            _(
                "This page needs the network; your card works all the same. If you were changing something, "
                "look at it again once you are connected: it was probably not kept."
            ),
            **shop_of(business),
            back=reverse("card", args=[found.qr_code]),
        )


@require_POST
@same_origin
@private
@with_card
def forget(request: HttpRequest, found: Found) -> HttpResponse:
    """Leave nothing of the card in this browser. Its service worker deletes what is kept there."""
    business = business_by_id(found.business_id)
    with language.speaking(request, business=business.language):
        response = message(
            request,
            HTTPStatus.OK,
            _("This phone has forgotten the card"),
            _(
                "Nothing of it is kept here for when there is no network. The card itself stays as it is: "
                "its link opens it, and keeps it again."
            ),
            **shop_of(business),
            way_on=reverse("card", args=[found.qr_code]),
            way_on_text=_("Open the card again"),
        )
    response.delete_cookie(join.COOKIE, path=reverse("join", args=[business.join_code]), samesite="Lax")
    return response


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, which keeps cards that were seen for when there is no network."""
    response = render(
        request, "web/card_worker.js", {"version": __version__}, content_type="text/javascript; charset=utf-8"
    )
    response.headers["Cache-Control"] = "no-cache"
    return response
