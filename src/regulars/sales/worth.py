"""What a sale would earn, before anybody records it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone

from regulars.ledger.post import business_day
from regulars.rules import promotions
from regulars.sales import store


def worth(
    *,
    business_id: int,
    member_id: int,
    total_value: Decimal,
    branch_id: int | None = None,
    at: dt.datetime | None = None,
) -> promotions.Earned:
    """The points that a sale of a member would earn, and by which promotions. Nothing is written.

    Raises:
        NotFound: the business has no such member or branch.
    """
    context = store.read_context(
        business_id=business_id, member_id=member_id, branch_id=branch_id, sku_id=None, new=False
    )
    day = business_day(context.timezone, at or timezone.now())
    purchase = promotions.Purchase(
        total_value=total_value, day=day, group_id=context.group_id, branch_id=branch_id
    )
    live = store.live_promotions(business_id=business_id, day=day)
    return promotions.earn(purchase, live, cap=context.cap)
