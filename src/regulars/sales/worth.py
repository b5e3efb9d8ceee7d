"""What a sale would earn, before anybody records it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone
from django_scopes import scope

from regulars.catalog.models import Sku
from regulars.ledger.post import business_day
from regulars.members.models import MemberGroup
from regulars.rules import promotions, values
from regulars.sales import store
from regulars.tenants.models import Branch, Business
from regulars.tenants.queries import own


def worth(
    *,
    business_id: int,
    member_id: int,
    total_value: Decimal,
    branch_id: int | None = None,
    sku_id: int | None = None,
    at: dt.datetime | None = None,
) -> promotions.Earned:
    """The points that a sale of a member would earn, and by which promotions. Nothing is written.

    Raises:
        NotFound: the business has no such member, branch or SKU.
    """
    context = store.read_context(
        business_id=business_id, member_id=member_id, branch_id=branch_id, sku_id=sku_id, new=False
    )
    day = business_day(context.timezone, at or timezone.now())
    purchase = promotions.Purchase(
        total_value=total_value,
        day=day,
        group_id=context.group_id,
        branch_id=branch_id,
        sku_id=sku_id,
        category_id=context.category_id,
    )
    live = store.live_promotions(business_id=business_id, day=day)
    return promotions.earn(purchase, live, cap=context.cap)


def worth_to_anybody(
    *,
    business_id: int,
    total_value: Decimal,
    group_id: int | None = None,
    branch_id: int | None = None,
    sku_id: int | None = None,
    day: dt.date | None = None,
) -> promotions.Earned:
    """The same for a member of a group, or of none, on a day of the business: for trying promotions out.

    Raises:
        InvalidInput: the value is unusable.
        NotFound: the business has no such group, branch or SKU.
    """
    total_value = values.amount(total_value, field="total_value", digits=14, places=2)
    business = Business.objects.get(pk=business_id)
    with scope(business=business_id):
        own(MemberGroup, group_id, "group_id")
        own(Branch, branch_id, "branch_id")
        sku = own(Sku, sku_id, "sku_id")
    on = day or business_day(business.timezone, timezone.now())
    purchase = promotions.Purchase(
        total_value=total_value,
        day=on,
        group_id=group_id,
        branch_id=branch_id,
        sku_id=sku_id,
        category_id=sku.category_id if sku is not None else None,
    )
    live = store.live_promotions(business_id=business_id, day=on)
    return promotions.earn(purchase, live, cap=business.points_per_sale_cap)
