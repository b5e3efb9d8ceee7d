"""What this room gives out about a member; `store.erase` erases it."""

from __future__ import annotations

from typing import Final

from regulars.members.personal_data import Part, named
from regulars.sales.models import Sale, SalePromotion

PARTS: Final = (
    Part(
        "purchases",
        "What you bought or brought back, as the till told it, with our notes.",
        Sale,
        "member_id",
        named(
            *("id", "code", "occurred_at", "transaction_ref", "total_value", "qty", "unit_price"),
            *("ex_tax_amount", "tax_amount", "tax_type", "grand_total", "points", "notes"),
            sku="sku__code",
            branch="branch__name",
            created_at="created_at",
            modified_at="modified_at",
        ),
        withheld={"staff": "who of the team it was"},
    ),
    Part(
        "purchase_promotions",
        "Which promotion gave how many points for which purchase.",
        SalePromotion,
        "sale__member_id",
        named(purchase="sale__code", promotion="code", points="points"),
        withheld={"promotion": "named by its code"},
    ),
)
