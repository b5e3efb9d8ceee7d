"""Signing in and out: by the shop's website, by a mailed link, by password."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import structlog
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.members import queries
from regulars.portal import accounts, links, sessions, sites, sso
from regulars.portal.models import OneTimeLink, Session
from regulars.portal.sso import Brought, Signed
from regulars.rules.errors import InvalidInput, NotFound, Refusal, TooManyRequests
from regulars.web import mail
from regulars.web.microsite import cookies
from regulars.web.microsite.devices import device_of
from regulars.web.microsite.hosts import slug_of_host
from regulars.web.microsite.visit import Visit, page, take

log = structlog.get_logger(__name__)

# Signed addresses a minute from one address; wrong ones among them.
SSO_LIMIT: Final = 300
WRONG_LIMIT: Final = 20
# Passwords and links asked for in a minute from one address.
SIGN_IN_LIMIT: Final = 20
LINK_LIMIT: Final = 60
_LONGEST_CODE: Final = 100


def is_signed(visit: Visit) -> bool:
    """Whether a shop's website sent somebody here to be signed in."""
    query = visit.request.GET
    return "sso" in query and ("token" in query or "token2" in query)


def by_sso(visit: Visit) -> HttpResponse:
    """Sign in whom a signed address brings, and lead on to the address without the signature.

    While another member is signed in, somebody else may have sent the browser there. So their session is
    replaced by a button only, and nothing is used up before it is pressed.
    """
    signed = _signed(visit.request.GET)
    if visit.signed_in is not None:
        brought = _brought(visit, signed, only_look=True)
        if isinstance(brought, HttpResponse):
            return brought
        if brought.member_id != visit.member_id:
            other = queries.member_by_id(business_id=visit.business.pk, member_id=brought.member_id)
            return visit.page("other_member", {"signed": asdict(signed), "other": other})
    return _enter_signed(visit, signed)


@page("POST")
def go_on(visit: Visit) -> HttpResponse:
    """Sign in whom a signed address brought instead of whoever is signed in here."""
    return _enter_signed(visit, _signed(visit.request.POST))


def _signed(given: QueryDict) -> Signed:
    return Signed(
        given.get("sso", ""),
        token=given.get("token", ""),
        token2=given.get("token2", ""),
        expires=given.get("expires", ""),
        nonce=given.get("nonce", ""),
    )


def _enter_signed(visit: Visit, signed: Signed) -> HttpResponse:
    brought = _brought(visit, signed)
    if isinstance(brought, HttpResponse):
        return brought
    return _enter(visit, brought.member_id, Session.How.SSO, brought.credential)


def _brought(visit: Visit, signed: Signed, *, only_look: bool = False) -> Brought | HttpResponse:
    """Whom an address brings, or the page that says what is wrong with it."""
    take(visit, "sso", SSO_LIMIT)
    try:
        return sso.member_of(business=visit.business, signed=signed, only_look=only_look)
    except Refusal as refusal:
        log.info("single sign-on refused", business=visit.business.slug, why=refusal.code)
        take(visit, "sso-wrong", WRONG_LIMIT)
        return _not_signed(visit, refusal)


def _not_signed(visit: Visit, refusal: Refusal) -> HttpResponse:
    texts = {
        sso.Outdated.code: _("This link has expired. Go back to the shop's website and follow it again."),
        sso.UsedUp.code: _("This link was used already. Go back to the shop's website and follow it again."),
        sso.Unknown.code: _("The shop's website sent you here, but we found no card of yours."),
    }
    usual = _("The link that brought you here is not valid, or not any more.")
    return visit.notice(
        title=_("We could not sign you in"),
        text=texts.get(refusal.code, usual),
        status=HTTPStatus.FORBIDDEN,
        link=f"{visit.base}sign-in",
        link_text=_("Sign in here instead"),
    )


def _enter(visit: Visit, member_id: int, how: Session.How, credential: str = "") -> HttpResponse:
    token = sessions.begin(
        business_id=visit.business.pk,
        member_id=member_id,
        how=how.value,
        device=device_of(visit.request.headers.get("User-Agent", "")),
        replaces=cookies.token_of(visit.request, visit.base),
        credential=credential,
    )
    response = visit.to()
    cookies.give(response, visit.request, visit.base, token)
    return response


@page("GET", "POST")
def sign_in(visit: Visit) -> HttpResponse:
    """Ask for an e-mail address or phone number, and mail a link; or take a password."""
    if visit.request.method != "POST":
        return visit.to() if visit.signed_in else visit.page("sign_in")
    take(visit, "member-sign-in", SIGN_IN_LIMIT)
    if "password" in visit.request.POST:
        return _by_password(visit)
    contact = visit.request.POST.get("contact", "")
    host = slug_of_host(visit.request)
    # From our settings, never from the request: a mail must not lead to a host that somebody else named.
    site = f"{settings.REGULARS_PUBLIC_URL}{visit.base}" if host is None else sites.host_address(host)
    try:
        links.request_sign_in(business=visit.business, contact=contact, page=f"{site}l/")
    except InvalidInput:
        wrong = _("Enter a whole e-mail address, or a phone number with all its digits.")
        return visit.page("sign_in", {"contact": contact[:254], "wrong": wrong}, HTTPStatus.BAD_REQUEST)
    context = {
        "minutes": int(links.SIGN_IN_LASTS.total_seconds() // 60),
        # The same for every number, whoever has it.
        "unsent": bool(mail.unsent()),
        "needs_mail": "@" not in contact and not links.reach_phones(),
    }
    return visit.page("sign_in_sent", context)


def _by_password(visit: Visit) -> HttpResponse:
    contact = visit.request.POST.get("contact", "")
    try:
        member_id = accounts.sign_in(
            business=visit.business, contact=contact, password=visit.request.POST.get("password", "")
        )
    except accounts.WrongPassword:
        wrong = _("That is not right. Check both, or have a link sent to you instead.")
        context = {"contact": contact[:254], "wrong_password": wrong}
        return visit.page("sign_in", context, HTTPStatus.BAD_REQUEST)
    except TooManyRequests as refusal:
        wait = _("Too many tries. Wait a minute, or have a link sent to you instead.")
        context = {"contact": contact[:254], "wrong_password": wait}
        response = visit.page("sign_in", context, HTTPStatus.TOO_MANY_REQUESTS)
        response.headers["Retry-After"] = str(max(refusal.retry_after or 1, 1))
        return response
    return _enter(visit, member_id, Session.How.PASSWORD)


@page("GET", "POST")
def by_link(visit: Visit, token: str) -> HttpResponse:
    """The page of a mailed link: asking for it changes nothing, its button signs in."""
    take(visit, "member-link", LINK_LIMIT)
    try:
        link = _sign_in_link(visit, token)
        if visit.request.method != "POST":
            return visit.page("sign_in_link", {"name": link.member.first_name or link.member.name})
        with transaction.atomic():
            links.use_sign_in(token=token)
            return _enter(visit, link.member_id, Session.How.LINK)
    except NotFound:
        return visit.notice(
            title=_("This link does not work any more"),
            text=_("It was used already, or it is too old. Have a new one sent to you."),
            status=HTTPStatus.NOT_FOUND,
            link=f"{visit.base}sign-in",
            link_text=_("Get a new link"),
        )


def _sign_in_link(visit: Visit, token: str) -> OneTimeLink:
    link = links.find_link(token)
    if link.business_id != visit.business.pk or link.purpose != OneTimeLink.Purpose.SIGN_IN:
        raise NotFound("This link is for something else.")
    return link


@page("POST")
def sign_out(visit: Visit) -> HttpResponse:
    """Sign this browser out; with `everywhere` all others, too."""
    if visit.signed_in is not None and "everywhere" in visit.request.POST:
        sessions.end_all(business_id=visit.business.pk, member_id=visit.member_id)
    sessions.end(business_id=visit.business.pk, token=cookies.token_of(visit.request, visit.base))
    response = visit.to()
    cookies.take_away(response, visit.request, visit.base)
    return response


@require_safe
def with_slash(request: HttpRequest, slug: str) -> HttpResponse:
    """Lead the address of a micro-site without its last slash to the one with it, signature and all."""
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(f"{sites.path(slug)}{'?' if query else ''}{query}")


def to_counter(visit: Visit) -> HttpResponse:
    """Lead the RPC seed's addresses for operators, `/?Scan` and `/?Scan&code=M000001`, to the counter."""
    code = visit.request.GET.get("code", "")[:_LONGEST_CODE]
    query = f"?{urlencode({'code': code})}" if code else ""
    return HttpResponseRedirect(f"{settings.REGULARS_PUBLIC_URL}/scan/{query}")
