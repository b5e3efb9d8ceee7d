"""What a sale would earn: promotions are tried out on a sale that nobody makes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from regulars.promotions.models import Promotion
from regulars.rules.errors import InvalidInput, NotFound
from regulars.sales.worth import worth_to_anybody
from regulars.web.office import offers
from regulars.web.office.desk import Desk
from regulars.web.office.promotions.forms import TryForm
from regulars.web.office.promotions.lists import gives, kinds

_USUAL = "50"


def sale(desk: Desk) -> HttpResponse:
    """The points of a sale, promotion by promotion."""
    asked = "total_value" in desk.get
    data = desk.get if asked else {"total_value": _USUAL, "branch": desk.branch_id or ""}
    form = TryForm(data, at=desk)
    found: dict[str, Any] = {}
    if form.is_valid():
        try:
            found = _tried(desk, form.cleaned_data)
        except (InvalidInput, NotFound) as refusal:
            form.refuse(refusal, {"group_id": "group", "branch_id": "branch", "sku_id": "sku"})
    context = {
        "title": _("Promotions"),
        **offers.tabs(desk, "programme", "promotions"),
        "kinds": kinds(desk, "promotion-try"),
        "form": form,
        "found": found,
    }
    status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
    return desk.page("promotions/_tried" if desk.is_htmx else "promotions/try", context, status)


def _tried(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    business = desk.business
    earned = worth_to_anybody(
        business_id=business.pk,
        total_value=given["total_value"],
        group_id=given["group"],
        branch_id=given["branch"],
        sku_id=given["sku"],
        day=given["day"],
    )
    rows = Promotion.objects.in_bulk([share.promotion_id for share in earned.shares])
    whole = sum(share.points for share in earned.shares)
    return {
        "points": earned.points,
        "whole": whole,
        "capped": earned.points < whole,
        "cap": business.points_per_sale_cap,
        "sale": given["total_value"],
        "worth": earned.points * business.point_value,
        "shares": [
            {
                "name": str(rows[share.promotion_id]),
                "gives": gives(rows[share.promotion_id], business.currency),
                "url": desk.url("promotion", promotion_id=share.promotion_id),
                "points": share.points,
            }
            for share in earned.shares
        ],
    }
