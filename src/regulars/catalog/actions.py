"""Writes about SKUs and their categories."""

from __future__ import annotations

from typing import Any

from regulars.catalog import records
from regulars.catalog.models import Sku, SkuCategory

_CATEGORIES = records.Records(
    model=SkuCategory,
    noun="SKU category",
    rows=lambda: SkuCategory.objects.order_by("id"),
    checks={"name": records.line(200), "refers_to": records.text(200)},
    required=frozenset({"name"}),
    letter="C",
    counter="sku_category",
)
_SKUS = records.Records(
    model=Sku,
    noun="SKU",
    rows=lambda: Sku.objects.select_related("category"),
    checks={
        "name": records.line(200),
        "barcode": records.text(100),
        "options": records.text(1000),
        "notes": records.text(1000),
        "category_id": records.reference(SkuCategory),
        "sales_price": records.money,
        "purchase_price": records.money,
        "archived": records.flag,
    },
    required=frozenset({"name"}),
)


def add_category(*, business_id: int, code: str = "", **values: Any) -> SkuCategory:
    """Add a category: `name` (required) and `refers_to`. An empty code is made: C000001.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        Conflict: the code is taken.
    """
    return _CATEGORIES.add(business_id=business_id, code=code, given=values)


def edit_category(*, business_id: int, pk: int, **changes: Any) -> SkuCategory:
    """Change a category; what is not named stays, what is empty is erased.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        NotFound: the business has no such category.
        Conflict: the code is taken.
    """
    return _CATEGORIES.edit(business_id=business_id, pk=pk, changes=changes)


def delete_category(*, business_id: int, pk: int) -> None:
    """Delete a category.

    Raises:
        NotFound: the business has no such category.
        HasHistory: a SKU or a promotion has it.
    """
    _CATEGORIES.delete(business_id=business_id, pk=pk)


def add_sku(*, business_id: int, code: str, **values: Any) -> Sku:
    """Add a SKU: `name` (required), `barcode`, `options`, `notes`, `category_id`, `sales_price`,
    `purchase_price` (currency of the business, not negative) and `archived`.

    Raises:
        InvalidInput: a value is unusable or the code is empty; the message names it.
        NotFound: the business has no such category.
        Conflict: the code is taken.
    """
    return _SKUS.add(business_id=business_id, code=code, given=values)


def edit_sku(*, business_id: int, pk: int, **changes: Any) -> Sku:
    """Change a SKU; what is not named stays, what is empty is erased. Sales of the past do not change.

    Raises:
        InvalidInput: a value is unusable; the message names it.
        NotFound: the business has no such SKU or category.
        Conflict: the code is taken.
    """
    return _SKUS.edit(business_id=business_id, pk=pk, changes=changes)


def delete_sku(*, business_id: int, pk: int) -> None:
    """Delete a SKU that was never sold. One that was can be archived.

    Raises:
        NotFound: the business has no such SKU.
        HasHistory: a sale, a promotion or a voucher names it.
    """
    _SKUS.delete(business_id=business_id, pk=pk)
