"""A member's balance in a frame on the shop's own website, and the script that makes the frame."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from regulars import policies
from regulars.portal import sso, wallet
from regulars.portal.sso import Signed
from regulars.rules.errors import Refusal
from regulars.web.member import picture
from regulars.web.microsite.visit import Visit, page, take

log = structlog.get_logger(__name__)

# Frames a minute from one address: a school or an office behind one.
BALANCE_LIMIT = 600
WRONG_LIMIT = 60
_THEMES = ("light", "dark")


@page("GET", cookies_count=False)
def balance(visit: Visit) -> HttpResponse:
    """The balance of whom the address names, signed by the shop. Read only, and no cookie counts."""
    take(visit, "balance", BALANCE_LIMIT)
    query = visit.request.GET
    signed = Signed(query.get("sso", ""), token=query.get("token", ""), expires=query.get("expires", ""))
    context: dict[str, Any] = {
        "origins": visit.settings.embed_origins,
        "theme": query.get("theme", "") if query.get("theme", "") in _THEMES else "",
    }
    status = HTTPStatus.OK
    try:
        member_id = sso.balance_of(business=visit.business, signed=signed)
        card = wallet.card_page(business_id=visit.business.pk, member_id=member_id)
        context |= {
            "card": card,
            "slots": picture.slots(card.stamps, card.goal),
            "share": picture.share(card),
            "to_what": card.reward,
        }
    except Refusal as refusal:
        log.info("a balance was refused", business=visit.business.slug, why=refusal.code)
        take(visit, "balance-wrong", WRONG_LIMIT)
        status = HTTPStatus.FORBIDDEN
    return _framed(visit, visit.page("balance", context, status))


def _framed(visit: Visit, response: HttpResponse) -> HttpResponse:
    """Let the shop's websites show a page in a frame, and nobody else."""
    origins = visit.settings.embed_origins
    response.headers["Content-Security-Policy"] = policies.of_frame(
        frame_ancestors=" ".join(origins) or "'none'"
    )
    if origins:
        # An older header, which knows no list of origins and would forbid them all.
        response.xframe_options_exempt = True
    return response


@cache
def _script() -> bytes:
    file = Path(__file__).parents[2] / "static" / "regulars" / "embed.js"
    return file.read_bytes()


@require_safe
def embed(request: HttpRequest) -> HttpResponse:
    """The script for the shop's pages. It is the same for all shops."""
    response = HttpResponse(_script(), content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
