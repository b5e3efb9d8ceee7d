"""What members change by themselves: who they are, how to reach them, what they are sent, their password."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _

from regulars.formats.months import MONTHS
from regulars.members.models import Member
from regulars.portal import accounts, choices, sessions
from regulars.rules.errors import AlreadyEnrolled, InvalidInput, Refusal, TooManyRequests
from regulars.web.member import channels
from regulars.web.member.own_fields import Birthday, birthday_told, name_told, phone_told
from regulars.web.microsite import proof
from regulars.web.microsite.visit import Visit, page

_LONGEST: Final = 500
_TEXTS: Final = tuple(field for field in accounts.OWN_FIELDS if field != "birthday")


@page("GET", "POST", member=True)
def profile(visit: Visit) -> HttpResponse:
    """Show who they are; or store what they changed, keeping what they typed when it cannot be."""
    if visit.request.method != "POST":
        return _form(visit, _stored(visit.me.member), {})
    typed: dict[str, Any] = {field: visit.request.POST.get(field, "")[:_LONGEST] for field in _TEXTS}
    typed["birthday"] = Birthday.of(visit.request.POST)
    try:
        changes = {field: typed[field] for field in _TEXTS if field in visit.request.POST}
        if "year" in visit.request.POST:
            changes["birthday"] = typed["birthday"].date()
        accounts.change_profile(
            business=visit.business, session=visit.me.session, address=visit.address, **changes
        )
    except accounts.NeedsProof:
        wrong = {"phone": _("To change this number, first sign in with a link that we send to you.")}
    except AlreadyEnrolled:
        # Whose it is, nobody learns here.
        wrong = {"phone": _("This number cannot be used here. Please ask at the counter.")}
    except TooManyRequests as refusal:
        wrong = {"phone": _("You tried several numbers today. Try again tomorrow, or ask at the counter.")}
        response = _form(visit, typed, wrong, HTTPStatus.TOO_MANY_REQUESTS)
        response.headers["Retry-After"] = str(refusal.retry_after)
        return response
    except InvalidInput as refusal:
        wrong = _wrong(refusal)
    else:
        return visit.to("profile?saved=profile")
    return _form(visit, typed, wrong, HTTPStatus.BAD_REQUEST)


def _wrong(refusal: Refusal) -> dict[str, str]:
    problems = refusal.fields
    phone = _("This is not a whole phone number. Check its digits.")
    if "no e-mail address" in problems.get("phone", ""):
        phone = _("Without an e-mail address we need your number. Add an address first.")
    known = {
        "name": name_told(problems.get("name", "")),
        "phone": phone_told(problems.get("phone", ""), usual=phone),
        "birthday": birthday_told(problems.get("birthday", "")),
        "email": _("Enter a whole e-mail address, such as tara@example.com."),
        "language": _("Choose one of the languages."),
    }
    usual = _("This cannot be kept. Please make it shorter or simpler.")
    return {field: known.get(field, usual) for field in refusal.fields}


def _stored(member: Member) -> dict[str, Any]:
    columns = {"phone": member.cell, "birthday": Birthday.of_day(member.date_of_birth)}
    return {
        field: columns[field] if field in columns else getattr(member, field) for field in accounts.OWN_FIELDS
    }


def _form(
    visit: Visit, typed: dict[str, Any], wrong: dict[str, str], status: int = HTTPStatus.OK
) -> HttpResponse:
    me = visit.me
    business = visit.business
    saved = "" if wrong else visit.request.GET.get("saved", "")
    context = {
        "here": "profile",
        "typed": typed,
        "born": typed["birthday"],
        "months": MONTHS.items(),
        "wrong": wrong,
        "saved": saved if saved in {"profile", "messages", "password", "link"} else "",
        "channels": choices.channels(me.member),
        "sessions": sessions.active(business_id=business.pk, member_id=me.member.pk),
        "session": me.session,
        "has_password": accounts.has_password(business=business, member_id=me.member.pk),
    }
    return visit.page("profile", context, status)


@page("POST", member=True)
def messages(visit: Visit) -> HttpResponse:
    """Store which offers they want."""
    changed = choices.change_messages(
        business_id=visit.business.pk,
        member_id=visit.member_id,
        source="microsite",
        **channels.touched(visit.request.POST),
    )
    return visit.to("profile?saved=link" if changed.asked_first else "profile?saved=messages")


@page("GET", "POST", member=True)
def email(visit: Visit) -> HttpResponse:
    """Mail a link to a new address, which becomes theirs when it is opened."""
    context: dict[str, Any] = {"here": "profile", **proof.needed(visit)}
    if visit.request.method != "POST":
        return visit.page("email", context)
    typed = visit.request.POST
    context["typed"] = typed.get("email", "")[:_LONGEST]
    status = HTTPStatus.BAD_REQUEST
    try:
        accounts.change_email(
            business=visit.business,
            session=visit.me.session,
            address=typed.get("email", ""),
            current=typed.get("current", ""),
        )
    except accounts.NeedsProof:
        status = HTTPStatus.FORBIDDEN
    except accounts.WrongPassword:
        context["wrong"] = {"current": _("This is not your password.")}
    except accounts.SameAddress:
        context["wrong"] = {"email": _("This is your address already.")}
    except InvalidInput as refusal:
        context["wrong"] = _wrong(refusal)
    else:
        return _link_sent(visit)
    return visit.page("email", context, status)


def _link_sent(visit: Visit) -> HttpResponse:
    return visit.notice(
        title=_("Look into your new mailbox"),
        text=_("We have sent a link to it. Your address changes when you open it and press its button."),
        done=True,
        link=f"{visit.base}profile",
        link_text=_("Back to your profile"),
    )


@page("GET", "POST", member=True)
def password(visit: Visit) -> HttpResponse:
    """Choose a password, or another one."""
    context: dict[str, Any] = {"here": "profile", **proof.needed(visit)}
    if visit.request.method != "POST":
        return visit.page("password", context)
    typed = visit.request.POST
    try:
        _check_again(typed.get("password", ""), typed.get("again", ""))
        accounts.set_password(
            business=visit.business,
            session=visit.me.session,
            password=typed.get("password", ""),
            current=typed.get("current", ""),
        )
    except accounts.NeedsProof:
        return visit.page("password", context, HTTPStatus.FORBIDDEN)
    except accounts.WrongPassword:
        context["wrong"] = {"current": _("This is not your password.")}
    except InvalidInput as refusal:
        context["wrong"] = refusal.fields  # Django's own words, which it translates
    else:
        return visit.to("profile?saved=password")
    return visit.page("password", context, HTTPStatus.BAD_REQUEST)


def _check_again(password: str, again: str) -> None:
    if again != password:
        told = _("This is not the same. Type both again.")
        raise InvalidInput(told, fields={"again": told})


@page("POST", member=True)
def end_session(visit: Visit, session_id: int) -> HttpResponse:
    """Sign one browser out."""
    sessions.end_one(business_id=visit.business.pk, member_id=visit.member_id, session_id=session_id)
    return visit.to("profile#devices")
