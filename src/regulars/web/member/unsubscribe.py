"""The page behind the link under every message: no more of them, please.

Asking for the page changes nothing, because scanners of mail open every link. The button of the page posts
here, and so do mail programs that have a button of their own (RFC 8058): without a cookie, and from anywhere.
The signature in the address is what says who it is.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods

from regulars.messages import unsubscribe
from regulars.messages.unsubscribe import Subscription
from regulars.portal import disowning
from regulars.rules.errors import NotFound
from regulars.web import language
from regulars.web.member.join import page_of
from regulars.web.member.links import disowned
from regulars.web.private import notice, private

Show = Callable[[HttpRequest, Subscription], HttpResponse]

OUT, IN, NOT_MINE = "out", "in", "not-mine"
_STAYS = _lazy("Your card and your rewards stay as they are.")
# By channel: the question, what a yes means, what was done, how to undo it, and what comes then.
_WORDS = {
    "email": (
        _lazy("No more e\u2011mails?"),
        _lazy("You will get no more e-mails from %(shop)s."),
        _lazy("%(shop)s sends you no more e-mails."),
        _lazy("Undo, keep the e-mails"),
        _lazy("%(shop)s goes on sending you e-mails."),
    ),
    "sms": (
        _lazy("No more text messages?"),
        _lazy("You will get no more text messages from %(shop)s."),
        _lazy("%(shop)s sends you no more text messages."),
        _lazy("Undo, keep the text messages"),
        _lazy("%(shop)s goes on sending you text messages."),
    ),
    "post": (
        _lazy("No more letters?"),
        _lazy("You will get no more letters from %(shop)s."),
        _lazy("%(shop)s sends you no more letters."),
        _lazy("Undo, keep the letters"),
        _lazy("%(shop)s goes on sending you letters."),
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@private
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Ask; or do it, and offer to undo it."""
    try:
        found, show = _answer(request, token)
    except NotFound:
        with language.speaking(request):
            response = notice(
                request,
                title=_("This link is not valid"),
                text=_(
                    "It may have been cut off on its way. Open the link of the latest message, or tell the "
                    "business at the counter that you want no more of them."
                ),
                status=HTTPStatus.NOT_FOUND,
            )
    else:
        with language.speaking(request, member=found.language, business=found.business.language):
            response = show(request, found)
    language.remember(response, request)
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response


def _answer(request: HttpRequest, token: str) -> tuple[Subscription, Show]:
    if request.method != "POST":
        found = unsubscribe.read(token)
        return found, _done if found.out else _page
    choice = _choice(request)
    if choice == IN:
        return unsubscribe.opt_in(signed=token), _back
    if choice == NOT_MINE:
        return disowning.by_message(signed=token), _disowned
    return unsubscribe.opt_out(signed=token), _done


def _choice(request: HttpRequest) -> str:
    """Which button was pressed. Whatever else is posted here says no, however it is written."""
    try:
        return OUT if "List-Unsubscribe" in request.POST else request.POST.get("choice", OUT)
    except MultiPartParserError:
        return OUT


def _page(request: HttpRequest, found: Subscription) -> HttpResponse:
    question, means, *_rest = _words(found)
    return _render(
        request,
        found,
        title=question,
        text=f"{means} {_STAYS}",
        button=_("Unsubscribe"),
        choice=OUT,
        not_mine=NOT_MINE if disowning.of_message(found) else "",
    )


def _done(request: HttpRequest, found: Subscription) -> HttpResponse:
    _question, _means, done, undo, _then = _words(found)
    return _render(
        request,
        found,
        title=_("You are unsubscribed"),
        text=f"{done} {_STAYS}",
        button=undo,
        choice=IN,
        done=True,
    )


def _back(request: HttpRequest, found: Subscription) -> HttpResponse:
    *_others, then = _words(found)
    return notice(request, title=_("All as before"), text=then, done=True, **page_of(found.business))


def _disowned(request: HttpRequest, found: Subscription) -> HttpResponse:
    return notice(
        request,
        title=_("Thank you for telling us"),
        text=disowned(found.business),
        done=True,
        **page_of(found.business),
    )


def _words(found: Subscription) -> list[str]:
    return [str(text) % {"shop": found.business.name} for text in _WORDS[found.channel]]


def _render(request: HttpRequest, found: Subscription, **page: object) -> HttpResponse:
    return render(request, "web/unsubscribe.html", page | page_of(found.business))
