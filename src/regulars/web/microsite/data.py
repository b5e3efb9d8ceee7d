"""A member's data: to take along, and to have erased."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from regulars import spool
from regulars.members import actions as members
from regulars.members import own_data
from regulars.portal import accounts
from regulars.web.microsite import cookies, proof
from regulars.web.microsite.visit import Visit, page, take

# Files a minute for one address: each reads everything.
DOWNLOADS_LIMIT = 6


@page("GET", member=True)
def data(visit: Visit) -> HttpResponse:
    """What can be done with it."""
    return _show(visit)


def _show(visit: Visit, status: int = HTTPStatus.OK, **wrong: str) -> HttpResponse:
    return visit.page("data", {"here": "profile", "wrong": wrong, **proof.needed(visit)}, status)


@page("GET", "POST", member=True)
def download(visit: Visit) -> HttpResponseBase:
    """All of it as one file, for whoever shows that they are the member; others are led to the page."""
    if visit.request.method != "POST" and not accounts.is_fresh(visit.me.session):
        return visit.to("data")
    if (refused := _unproved(visit, "take")) is not None:
        return refused
    take(visit, "member-data", DOWNLOADS_LIMIT)
    response = spool.answer(
        lambda file: own_data.write_data(business_id=visit.business.pk, member_id=visit.member_id, file=file),
        content_type="application/json; charset=utf-8",
    )
    name = f"my-data-{visit.business.slug}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _unproved(visit: Visit, what: str) -> HttpResponse | None:
    """The page again, unless it is the member themselves; `what` is the part with the button."""
    try:
        accounts.check_proof(
            business=visit.business,
            session=visit.me.session,
            current=visit.request.POST.get("current", ""),
        )
    except accounts.NeedsProof:
        return _show(visit, HTTPStatus.FORBIDDEN)
    except accounts.WrongPassword:
        return _show(visit, HTTPStatus.BAD_REQUEST, **{what: _("This is not your password.")})
    return None


@page("POST", member=True)
def erase(visit: Visit) -> HttpResponse:
    """Erase the member for good, when they typed the number of their card and showed that it is them."""
    typed = visit.request.POST.get("code", "").strip().upper()
    member = visit.me.member
    if (refused := _unproved(visit, "erase")) is not None:
        return refused
    if not constant_time_compare(typed, member.code.upper()):
        wrong = _("Type %(code)s, exactly as it stands here.") % {"code": member.code}
        return _show(visit, HTTPStatus.BAD_REQUEST, code=wrong)
    members.delete_member(business_id=visit.business.pk, member_id=member.pk)
    visit.signed_in = None
    response = visit.notice(
        title=_("Your card and your data are erased"),
        text=_("Nothing about you is left here. You are welcome again whenever you like."),
        done=True,
        forgets_cards=True,
    )
    # Not "storage": on the same address a counter may keep what it did without network. The page's script
    # deletes cards that were kept.
    response.headers["Clear-Site-Data"] = '"cache"'
    cookies.take_away(response, visit.request, visit.base)
    return response
