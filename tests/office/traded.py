"""What pages about sales, products and duplicates are about: one of each, by the parameter of the address."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any

from regulars.catalog import actions as catalog
from regulars.catalog.models import Sku
from regulars.sales import actions as sales
from tests.factories import Shop

_numbers = count(1)


def sku_of(shop: Shop) -> Sku:
    """A product in a category."""
    number = next(_numbers)
    category = catalog.add_category(business_id=shop.id, name=f"Drinks {number}")
    return catalog.add_sku(
        business_id=shop.id, code=f"SKU{number}", name=f"Cappuccino {number}", category_id=category.pk
    )


def sale_of(shop: Shop, **more: Any) -> int:
    """A sale of a product to a member."""
    card = shop.enrol("Lena Fischer")
    given: dict[str, Any] = {
        "total_value": Decimal("12.50"),
        "sku_id": sku_of(shop).pk,
        "transaction_ref": "R-7",
    } | more
    return sales.add_sale(business_id=shop.id, member_id=card.pk, **given).pk


def _sold(shop: Shop) -> int:
    """A product that was sold: it stays when it is to be deleted."""
    sku = sku_of(shop)
    sale_of(shop, sku_id=sku.pk)
    return sku.pk


def _category(shop: Shop) -> int:
    category_id = sku_of(shop).category_id
    assert category_id is not None
    return category_id


MAKERS: dict[str, Callable[[Shop], Any]] = {
    "sale_id": sale_of,
    "sku_id": _sold,
    "category_id": _category,
    "other_id": lambda shop: shop.enrol("Asha R.").pk,
}
