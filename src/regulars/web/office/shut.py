"""What somebody of a team sees whose business its operator keeps closed: since when, why, and where to go."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django_scopes import scope, scopes_disabled

from regulars import __version__
from regulars.auditlog.models import Record
from regulars.tenants.models import Business, Staff

if TYPE_CHECKING:
    from regulars.web.office.desk import Desk


def page(desk: Desk) -> HttpResponse:
    """403 as a page that leads on: to the account, to other businesses of this person, or out."""
    business = desk.business
    with scopes_disabled():
        others = (
            Staff.objects.filter(
                user=desk.request.user.pk, is_active=True, disable_backoffice_access=False, temp_password=""
            )
            .exclude(business=business.pk)
            .exists()
        )
    context = {
        "version": __version__,
        "business": business,
        "since": business.suspended_at and business.suspended_at.astimezone(desk.zone),
        "reason": _reason(business),
        "others": others,
    }
    return render(desk.request, "office/shut.html", context, status=HTTPStatus.FORBIDDEN)


def _reason(business: Business) -> str:
    """Why its operator closed it, as the audit log keeps it; empty when nothing was said."""
    with scope(business=business.pk):
        rows = Record.objects.filter(kind="business", object_id=business.pk, action="operator.close")
        return rows.order_by("-pk").values_list("reason", flat=True).first() or ""
