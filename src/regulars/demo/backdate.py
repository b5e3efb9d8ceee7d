"""Gives the records of a demo's year the day on which they would have been entered.

What the rooms write is stamped with the moment of writing, which for a year that is loaded in seconds would
make every record of today. Only such stamps are changed here, never what they stand beside.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django_scopes import scope

from regulars.catalog.models import Sku, SkuCategory
from regulars.ledger.models import PointsAdjustment
from regulars.promotions.models import EventPromotion, Promotion
from regulars.sales.models import Sale
from regulars.vouchers.models import Precode, Voucher, VoucherCode, VoucherIssue, VoucherLog


def backdate(*, business_id: int, opened_at: dt.datetime) -> None:
    """Date what was defined to the opening, and what happened to when it happened."""
    with scope(business=business_id):
        vouchers = (Voucher.objects, Precode.objects)
        promotions = (Promotion.objects, EventPromotion.objects)
        for defined in (SkuCategory.objects, Sku.objects, *promotions, *vouchers):
            defined.update(created_at=opened_at, modified_at=opened_at)
        for happened in (Sale.objects, PointsAdjustment.objects, VoucherIssue.objects):
            happened.update(created_at=F("occurred_at"), modified_at=F("occurred_at"))
        issued = VoucherIssue.objects.filter(codes=OuterRef("pk")).values("occurred_at")
        VoucherCode.objects.update(
            created_at=Subquery(issued), modified_at=Coalesce("redeemed_at", Subquery(issued))
        )
        mine = VoucherCode.objects.filter(pk=OuterRef("voucher_code"))
        for action, moment in (
            (VoucherLog.Action.ISSUE, "created_at"),
            (VoucherLog.Action.REDEEM, "redeemed_at"),
        ):
            VoucherLog.objects.filter(action=action).update(at=Subquery(mine.values(moment)))
        printed = VoucherCode.objects.filter(code=OuterRef("code"))
        Precode.objects.exclude(used_at=None).update(used_at=Subquery(printed.values("created_at")))
