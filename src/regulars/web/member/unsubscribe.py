"""The page behind the link under every message: no more of them, please.

Asking for the page changes nothing, because scanners of mail open every link. The button of the page posts
here, and so do mail programs that have a button of their own (RFC 8058): without a cookie, and from anywhere.
The signature in the address is what says who it is.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from regulars.messages import unsubscribe
from regulars.messages.unsubscribe import Subscription
from regulars.rules.errors import NotFound
from regulars.web import look
from regulars.web.private import notice, private

OUT, IN = "out", "in"
_CHANNELS = {"email": "e-mails", "sms": "text messages", "post": "letters"}
_STAYS = "Your card and your rewards stay as they are."


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@private
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Ask; or do it, and offer to undo it."""
    try:
        if request.method != "POST":
            found = unsubscribe.read(token)
            return _page(request, found) if not found.out else _done(request, found)
        if _keeps(request):
            return _back(request, unsubscribe.opt_in(signed=token))
        return _done(request, unsubscribe.opt_out(signed=token))
    except NotFound:
        return notice(
            request,
            title="This link is not valid",
            text="It may have been cut off on its way. Open the link of the latest message, or tell the "
            "business at the counter that you want no more of them.",
            status=HTTPStatus.NOT_FOUND,
        )


def _keeps(request: HttpRequest) -> bool:
    """Whether somebody takes back their no. Whatever else is posted here says no, however it is written."""
    try:
        return request.POST.get("choice") == IN and "List-Unsubscribe" not in request.POST
    except MultiPartParserError:
        return False


def _page(request: HttpRequest, found: Subscription) -> HttpResponse:
    what = _CHANNELS[found.channel]
    return _render(
        request,
        found,
        title=f"No more {what}?",
        text=f"You will get no more {what} from {found.business.name}. {_STAYS}",
        button="Unsubscribe",
        choice=OUT,
    )


def _done(request: HttpRequest, found: Subscription) -> HttpResponse:
    what = _CHANNELS[found.channel]
    return _render(
        request,
        found,
        title="You are unsubscribed",
        text=f"{found.business.name} sends you no more {what}. {_STAYS}",
        button=f"Undo, keep the {what}",
        choice=IN,
        done=True,
    )


def _back(request: HttpRequest, found: Subscription) -> HttpResponse:
    what = _CHANNELS[found.channel]
    return notice(
        request,
        title="All as before",
        text=f"{found.business.name} goes on sending you {what}.",
        done=True,
        **_look(found),
    )


def _render(request: HttpRequest, found: Subscription, **page: object) -> HttpResponse:
    return render(request, "web/unsubscribe.html", page | _look(found))


def _look(found: Subscription) -> dict[str, Any]:
    return {"business_name": found.business.name, "look": look.address(found.business.accent_color)}
