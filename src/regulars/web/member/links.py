"""The page behind a link that a customer was sent. Its button does what the link is for, once."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_scopes import scope

from regulars.ledger.models import Card
from regulars.portal import disowning, joining, links, sites
from regulars.portal.links import Purpose
from regulars.portal.models import OneTimeLink
from regulars.rules.errors import AlreadyEnrolled, NotFound
from regulars.tenants import ratelimit
from regulars.tenants.models import Business
from regulars.web import language
from regulars.web.member.join import page_of
from regulars.web.origin import same_origin
from regulars.web.private import notice, private

# Of one network in a minute.
LOOKS_A_MINUTE: Final = 60
MINE, MINE_ALONE, NOT_MINE, NOT_ME = "mine", "mine-alone", "not-mine", "not-me"


@require_http_methods(["GET", "HEAD", "POST"])
@private
@same_origin
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Say what the link does, with a button; or do it."""
    allowance = ratelimit.take(f"link:{request.META.get('REMOTE_ADDR', '')}", LOOKS_A_MINUTE)
    if not allowance.allowed:
        with language.speaking(request):
            response = notice(
                request,
                title=_("Please wait a minute"),
                text=_("There were too many requests from your network. Nothing was changed."),
                status=HTTPStatus.TOO_MANY_REQUESTS,
            )
        response.headers["Retry-After"] = str(max(allowance.retry_after, 1))
        return response
    try:
        link = links.find_link(token)
    except NotFound:
        response = _gone(request, token)
    else:
        with language.speaking(request, member=link.member.language, business=link.business.language):
            response = _answer(request, link, token)
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response


def _answer(request: HttpRequest, link: OneTimeLink, token: str) -> HttpResponse:
    if link.purpose == Purpose.SIGN_IN:
        return HttpResponseRedirect(f"{sites.address(link.business)}l/{token}")
    if request.method != "POST":
        return _ask(request, link)
    try:
        if request.POST.get("choice") == NOT_ME:
            return _disown(request, link, token)
        return _DO[Purpose(link.purpose)](request, link, token)
    except NotFound:
        return _gone(request, token)


def _ask(request: HttpRequest, link: OneTimeLink) -> HttpResponse:
    shop = {"shop": link.business.name}
    not_me = [(NOT_ME, _("No, this was not me"), "second")] if disowning.can_disown(link) else []
    if link.purpose == Purpose.OPEN_CARD and link.alias:
        return _render(
            request,
            link,
            title=_("Was it you?"),
            text=_(
                "Somebody joined %(shop)s with your address or phone number. If it was you, the card that "
                "you got then opens your own card from now on. If it was not, it stays empty, and nobody "
                "sees anything of yours."
            )
            % shop,
            buttons=[
                (MINE, _("Yes, that was me"), ""),
                *_alone(link),
                (NOT_MINE, _("No, just open my card"), "second"),
            ],
            when=timezone.make_naive(link.created_at, ZoneInfo(link.business.timezone)),
        )
    if link.purpose == Purpose.OPEN_CARD:
        return _render(
            request,
            link,
            title=_("Your card is ready"),
            text=_("Open your card of %(shop)s. That also tells the shop that this address is yours.") % shop,
            buttons=[(MINE, _("Open my card"), ""), *not_me],
        )
    if link.purpose == Purpose.CHANGE_EMAIL:
        return _render(
            request,
            link,
            title=_("Is this your new address?"),
            text=_("From now on %(shop)s writes to you there.") % shop,
            address=link.address,
            buttons=[(MINE, _("Yes, use this address"), ""), *not_me],
        )
    return _render(
        request,
        link,
        title=_("Is this your address?"),
        text=_("Then %(shop)s may send you the offers and news that you asked for.") % shop,
        address=link.address,
        buttons=[(MINE, _("Yes, this is mine"), ""), *not_me],
    )


def _alone(link: OneTimeLink) -> list[tuple[str, str, str]]:
    """The button that shuts out whoever joined with the address before its owner came."""
    told = _("Yes, but I never had a card here before")
    return [(MINE_ALONE, told, "second")] if joining.may_be_anothers(link) else []


def _open_card(request: HttpRequest, _link: OneTimeLink, token: str) -> HttpResponse:
    choice = request.POST.get("choice")
    card = joining.open_card(token=token, mine=choice != NOT_MINE, alone=choice == MINE_ALONE)
    response = HttpResponseRedirect(reverse("card", args=[card.qr_code]))
    response.status_code = HTTPStatus.SEE_OTHER
    return response


def _disown(request: HttpRequest, link: OneTimeLink, token: str) -> HttpResponse:
    disowning.by_link(token=token, purpose=link.purpose)
    return _render(
        request, link, title=_("Thank you for telling us"), text=disowned(link.business), done=True
    )


def disowned(business: Business) -> str:
    """What somebody is told who said that a card's address is not theirs."""
    return _("%(shop)s does not write to this address any more.") % {"shop": business.name}


def _confirm(request: HttpRequest, link: OneTimeLink, token: str) -> HttpResponse:
    joining.confirm_email(token=token)
    return _done(request, link, _("Thank you, your address is confirmed"))


def _change(request: HttpRequest, link: OneTimeLink, token: str) -> HttpResponse:
    try:
        links.change_email(token=token)
    except AlreadyEnrolled:
        return _render(
            request,
            link,
            HTTPStatus.CONFLICT,
            title=_("This address is taken"),
            text=_("Another card of %(shop)s has this address. Please ask at the counter.")
            % {"shop": link.business.name},
        )
    return _done(request, link, _("Your address is changed"))


def _done(request: HttpRequest, link: OneTimeLink, title: str) -> HttpResponse:
    with scope(business=link.business_id):
        card = Card.objects.get(pk=link.member_id)
    return _render(
        request,
        link,
        title=title,
        text=_("You can close this page, or go on to your card."),
        done=True,
        way_on=reverse("card", args=[card.qr_code]),
        way_on_text=_("Open my card"),
    )


_DO: Final = {
    Purpose.OPEN_CARD: _open_card,
    Purpose.CONFIRM_EMAIL: _confirm,
    Purpose.CHANGE_EMAIL: _change,
}


def _gone(request: HttpRequest, token: str) -> HttpResponse:
    business = links.business_of(token)
    with language.speaking(request, business=business.language if business else ""):
        more: dict[str, Any] = {}
        text = _("It was cut off on its way, or it is too old. Open the whole link, or ask at the counter.")
        if business is not None:
            text = _("It was used already, or it is too old. Your card is where it always was.")
            to_card = {"way_on": f"{sites.address(business)}sign-in", "way_on_text": _("Get a new link")}
            more = page_of(business) | to_card
        title = _("This link does not work any more")
        return notice(request, title=title, text=text, status=HTTPStatus.NOT_FOUND, **more)


def _render(
    request: HttpRequest, link: OneTimeLink, status: HTTPStatus = HTTPStatus.OK, **more: Any
) -> HttpResponse:
    return render(request, "web/small.html", page_of(link.business) | more, status=status)
