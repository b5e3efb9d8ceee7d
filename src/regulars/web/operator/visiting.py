"""An operator who is signed in as a business: they sit at its owner's place, and every page says so."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST
from django_scopes import scopes_disabled

from regulars.rules.errors import Conflict
from regulars.tenants.models import Business, Staff
from regulars.web.office.desk import AS_OPERATOR
from regulars.web.operator.notes import note


def begin(request: HttpRequest, business: Business) -> Business:
    """Let the operator into the back office of a business.

    Whichever they were in before they leave.

    Raises:
        Conflict: it has no owner whose place they could take.
    """
    owners = Staff.objects.filter(business=business, role=Staff.Role.OWNER, is_active=True)
    if not owners.exists():
        raise Conflict("This business has no owner, so there is no place to sit at.")
    user: Any = request.user
    end(request, but=business.slug)
    request.session[AS_OPERATOR] = {business.slug: user.pk}
    return business


def end(request: HttpRequest, *, but: str = "") -> list[Business]:
    """Let the operator sit at nobody's place any more, and write it down; which businesses they left.

    `but` is the slug of one to which they come back.
    """
    places = request.session.pop(AS_OPERATOR, {})
    with scopes_disabled():
        left = list(Business.objects.filter(slug__in=places).exclude(slug=but))
    with transaction.atomic():
        for business in left:
            note(request, "operator.leave", business, businesses=[business.pk])
    return left


@require_POST
@login_required
def leave(request: HttpRequest) -> HttpResponse:
    """End it, and lead back to where it began. The end is in the audit log, too."""
    user: Any = request.user
    visited = end(request)
    to = f"/admin/tenants/business/{visited[0].pk}/change/" if visited else "/admin/"
    return HttpResponseRedirect(to if user.is_staff else "/office/", status=HTTPStatus.SEE_OTHER)
