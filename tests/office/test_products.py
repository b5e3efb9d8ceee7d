"""Products and categories in the back office: listed, added, changed, archived, deleted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django_scopes import scope

from regulars.catalog import actions as catalog
from regulars.catalog.models import Sku, SkuCategory
from tests.factories import Shop
from tests.office.seat import Seat, records
from tests.office.traded import sale_of, sku_of

pytestmark = pytest.mark.django_db


def now(shop: Shop, sku: Sku) -> Sku:
    with scope(business=shop.business):
        return Sku.objects.get(pk=sku.pk)


def test_a_product_is_added_and_changed(shop: Shop, owner: Seat) -> None:
    category = catalog.add_category(business_id=shop.id, name="Hot drinks")
    form = {"name": "Chai", "code": "CHAI", "category_id": category.pk, "sales_price": "2.80"}
    assert owner.post("product-new", form).headers["Location"] == owner.url("products")
    with scope(business=shop.business):
        sku = Sku.objects.get()
    assert (sku.name, sku.code, sku.category_id, sku.sales_price) == (
        "Chai",
        "CHAI",
        category.pk,
        Decimal("2.80"),
    )
    assert 'value="2.80"' in owner.text("product", sku_id=sku.pk)
    owner.post("product", form | {"sales_price": "", "category_id": ""}, sku_id=sku.pk)
    sku = now(shop, sku)
    assert (sku.sales_price, sku.category_id) == (None, None)
    assert [record.action for record in records(shop)] == ["product.edit", "product.add"]


def test_a_code_that_is_taken_is_said_at_its_field(shop: Shop, owner: Seat) -> None:
    sku = sku_of(shop)
    response = owner.post("product-new", {"name": "Twin", "code": sku.code.lower()})
    assert response.status_code == 400
    assert 'value="Twin"' in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()


def test_a_product_is_archived_and_sold_again(shop: Shop, owner: Seat) -> None:
    sku, other = sku_of(shop), sku_of(shop)
    owner.post("product-archive", sku_id=sku.pk)
    assert now(shop, sku).archived
    assert "Sell it again" in owner.text("product", sku_id=sku.pk)
    owner.post("product-archive", sku_id=sku.pk)
    assert not now(shop, sku).archived
    assert owner.post("products-archive", {"id": [sku.pk, other.pk]}).status_code == 303
    assert now(shop, sku).archived
    assert now(shop, other).archived
    assert [record.action for record in records(shop)].count("product.archive") == 3
    assert owner.post("products-archive", {"id": [sku.pk]}).status_code == 409


def test_what_was_sold_is_not_deleted_but_the_page_says_what_to_do(shop: Shop, owner: Seat) -> None:
    sold, unsold = sku_of(shop), sku_of(shop)
    sale_of(shop, sku_id=sold.pk)
    response = owner.post("product-delete", sku_id=sold.pk)
    assert response.headers["Location"] == owner.url("product", sku_id=sold.pk)
    assert "Archive it instead" in owner.text("product", sku_id=sold.pk)
    owner.post("product-delete", sku_id=unsold.pk)
    with scope(business=shop.business):
        assert set(Sku.objects.filter(pk__in=(sold.pk, unsold.pk))) == {sold}


def test_the_list_is_searched_and_narrowed(shop: Shop, owner: Seat) -> None:
    sku, other = sku_of(shop), sku_of(shop)
    catalog.edit_sku(business_id=shop.id, pk=other.pk, archived=True, category_id=None)

    def listed(**asked: object) -> set[int]:
        text = owner.text("products", dict(asked))
        return {one.pk for one in (sku, other) if owner.url("product", sku_id=one.pk) in text}

    assert listed() == {sku.pk, other.pk}
    assert listed(q=sku.code.lower()) == listed(category=sku.category_id) == listed(state="sold") == {sku.pk}
    assert listed(category="none") == listed(state="archived") == {other.pk}


def test_categories_are_added_changed_and_deleted_when_empty(shop: Shop, owner: Seat) -> None:
    owner.post("category-new", {"name": "Cold drinks"})
    with scope(business=shop.business):
        empty = SkuCategory.objects.get()
    assert empty.code == "C000001"
    owner.post("category", {"name": "Iced drinks", "code": "", "refers_to": "4"}, category_id=empty.pk)
    with scope(business=shop.business):
        empty.refresh_from_db()
    assert (empty.name, empty.code, empty.refers_to) == ("Iced drinks", "C000001", "4")
    used = sku_of(shop).category_id
    assert used is not None
    text = owner.text("categories")
    assert "Iced drinks" in text
    assert f"{owner.url('products')}?category={used}" in text
    owner.post("category-delete", category_id=used)
    assert "Change these first" in owner.text("category", category_id=used)
    owner.post("category-delete", category_id=empty.pk)
    with scope(business=shop.business):
        assert list(SkuCategory.objects.values_list("pk", flat=True)) == [used]


def test_a_shop_without_products_is_told_what_they_are_for(owner: Seat) -> None:
    assert "With products a promotion" in owner.text("products")
    assert "A promotion can be for a whole category" in owner.text("categories")
