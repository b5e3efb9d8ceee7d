"""A product in forms: the same choice everywhere, and looked for by name where there are too many."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope

from regulars.catalog import actions as catalog
from regulars.catalog.models import Sku
from regulars.promotions.actions import add_promotion
from regulars.promotions.models import Promotion
from regulars.sales.models import Sale
from regulars.vouchers.actions import add_voucher
from regulars.vouchers.models import Voucher
from regulars.web.office import skus
from tests.factories import Shop
from tests.office.seat import Seat
from tests.office.test_held import save_again

pytestmark = pytest.mark.django_db
FORMS = ("promotion-new", "promotion-try", "voucher-new", "sale-new")


@pytest.fixture
def cake(shop: Shop) -> Sku:
    return catalog.add_sku(business_id=shop.id, code="CAKE", name="Carrot cake", barcode="4006381333931")


@pytest.mark.parametrize("page", FORMS)
def test_products_are_chosen_from_a_list(page: str, owner: Seat, cake: Sku) -> None:
    text = owner.text(page)
    assert f'<option value="{cake.pk}">Carrot cake (CAKE)</option>' in text


@pytest.mark.parametrize("page", FORMS)
def test_many_products_are_offered_while_somebody_types(
    page: str, owner: Seat, cake: Sku, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skus, "MOST_LISTED", 0)
    text = owner.text(page)
    assert f'<option value="{cake.code}">Carrot cake</option>' in text
    assert 'list="id_sku-list"' in text


@pytest.mark.parametrize("listed", [200, 0])
def test_a_product_is_known_by_code_barcode_and_name(
    listed: int, shop: Shop, owner: Seat, cake: Sku, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skus, "MOST_LISTED", listed)
    for named in ("cake", "4006381333931", "carrot CAKE"):
        form = {"name": "Cakes", "percent_of_spend": "10", "sku": named}
        assert owner.post("promotion-new", form).status_code == 303
    with scope(business=shop.business):
        assert list(Promotion.objects.values_list("sku_id", flat=True)) == [cake.pk] * 3


@pytest.mark.parametrize("listed", [200, 0])
def test_what_no_product_is_called_is_refused(
    listed: int, shop: Shop, owner: Seat, cake: Sku, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skus, "MOST_LISTED", listed)
    for wrong in (f"{cake.code}X", str(cake.pk + 1)):
        assert (
            owner.post("promotion-new", {"name": "Cakes", "percent_of_spend": "10", "sku": wrong}).status_code
            == 400
        )
    if not listed:
        catalog.add_sku(business_id=shop.id, code="CAKE2", name="carrot cake")
        refused = owner.post(
            "promotion-new", {"name": "Cakes", "percent_of_spend": "10", "sku": "Carrot cake"}
        )
        assert "Several products have this." in refused.content.decode()
    with scope(business=shop.business):
        assert not Promotion.objects.exists()


@pytest.mark.parametrize("listed", [200, 0])
def test_saving_keeps_the_product_also_one_that_is_archived(
    listed: int, shop: Shop, owner: Seat, cake: Sku, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids: dict[str, Any] = {"business_id": shop.id, "sku_id": cake.pk}
    voucher = add_voucher(**ids, name="Cake", value_type=0, value=Decimal(5))
    promotion = add_promotion(**ids, name="Cakes", percent_of_spend=Decimal(10))
    catalog.edit_sku(business_id=shop.id, pk=cake.pk, archived=True)
    monkeypatch.setattr(skus, "MOST_LISTED", listed)
    for page, key, pk in (
        ("voucher-edit", "voucher_id", voucher.pk),
        ("promotion", "promotion_id", promotion.pk),
    ):
        save_again(owner, page, {"name": "Cakes and more"}, **{key: pk})
    with scope(business=shop.business):
        rows: list[Any] = [Voucher.objects.get(), Promotion.objects.get()]
        assert [(row.name, row.sku_id) for row in rows] == [("Cakes and more", cake.pk)] * 2


def test_a_sale_of_a_product_is_worth_its_price(shop: Shop, owner: Seat) -> None:
    sku = catalog.add_sku(business_id=shop.id, code="TEA", name="Tea", sales_price=Decimal("180.00"))
    card = shop.enrol("Asha Rao")
    form = {"member": card.member.code, "sku": sku.pk, "qty": "2"}
    assert "₹360" in owner.get("sale-worth", form).content.decode()
    assert owner.post("sale-new", form).status_code == 303
    with scope(business=shop.business):
        assert Sale.objects.get().total_value == Decimal(360)
    refused = owner.post("sale-new", {"member": card.member.code})
    assert refused.status_code == 400
    assert "no product with a price is chosen" in refused.content.decode()
