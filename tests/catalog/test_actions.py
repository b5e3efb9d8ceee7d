"""SKUs and categories: added, edited and deleted, each within its business."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django_scopes import scope

from regulars.catalog import actions
from regulars.catalog.models import Sku, SkuCategory
from regulars.promotions import actions as promotions
from regulars.rules.errors import Conflict, HasHistory, InvalidInput, NotFound, Refusal
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def sku(shop: Shop, code: str = "TEA", **values: Any) -> Sku:
    return actions.add_sku(business_id=shop.id, code=code, **({"name": "Tea"} | values))


def category(shop: Shop, name: str = "Drinks", **values: Any) -> SkuCategory:
    return actions.add_category(business_id=shop.id, name=name, **values)


def refused(call: Callable[..., Any], kind: type[Refusal], **values: Any) -> dict[str, str]:
    with pytest.raises(kind) as caught:
        call(**values)
    assert type(caught.value) is kind
    return caught.value.fields


def test_a_sku_is_stored_with_all_that_was_said(shop: Shop) -> None:
    drinks = category(shop, refers_to="Bar")
    values: dict[str, Any] = {
        "name": "Tea",
        "barcode": "4006381333931",
        "options": "small, large",
        "notes": "loose\nleaf",
        "sales_price": Decimal("2.50"),
        "purchase_price": Decimal("0.40"),
        "archived": True,
    }
    made = sku(shop, **values, category_id=drinks.pk)
    assert {name: getattr(made, name) for name in values} == values
    assert (made.code, made.category) == ("TEA", drinks)
    assert (drinks.code, drinks.name, drinks.refers_to) == ("C000001", "Drinks", "Bar")


def test_what_is_not_said_is_empty(shop: Shop) -> None:
    made = sku(shop)
    assert (made.barcode, made.options, made.notes, made.category) == ("", "", "", None)
    assert (made.sales_price, made.purchase_price, made.archived) == (None, None, False)


def test_an_edit_changes_what_it_names_and_erases_what_is_empty(shop: Shop) -> None:
    made = sku(shop, barcode="123", notes="warm", category_id=category(shop).pk, sales_price=2)
    edited = actions.edit_sku(
        business_id=shop.id, pk=made.pk, notes="", category_id=None, sales_price=None, name="Green tea"
    )
    assert (edited.name, edited.notes, edited.category, edited.sales_price) == ("Green tea", "", None, None)
    assert (edited.code, edited.barcode) == ("TEA", "123")
    assert edited.modified_at > made.modified_at
    assert edited.created_at == made.created_at


def test_an_edit_that_says_nothing_changes_nothing(shop: Shop) -> None:
    made = sku(shop)
    assert actions.edit_sku(business_id=shop.id, pk=made.pk).modified_at == made.modified_at


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 201),
        ("name", "a\0b"),
        ("code", ""),
        ("code", "x" * 51),
        ("barcode", "x" * 101),
        ("options", "x" * 1001),
        ("notes", "x" * 1001),
        ("sales_price", Decimal("-0.01")),
        ("sales_price", Decimal("0.001")),
        ("purchase_price", Decimal(10) ** 12),
        ("purchase_price", Decimal("NaN")),
        ("colour", "red"),
    ],
)
def test_an_unusable_value_is_named_and_nothing_is_stored(shop: Shop, field: str, value: Any) -> None:
    given = {"business_id": shop.id, "name": "Tea", "code": "TEA"} | {field: value}
    assert list(refused(actions.add_sku, InvalidInput, **given)) == [field]
    with scope(business=shop.business):
        assert not Sku.objects.exists()
    made = sku(shop)
    change = {"business_id": shop.id, "pk": made.pk, "notes": "changed", field: value}
    assert list(refused(actions.edit_sku, InvalidInput, **change)) == [field]
    with scope(business=shop.business):
        assert Sku.objects.get().notes == ""


def test_codes_are_unique_without_regard_to_case(shop: Shop) -> None:
    first, second = sku(shop, "TEA"), sku(shop, "COFFEE")
    given = {"business_id": shop.id, "code": "tea", "name": "Other"}
    assert list(refused(actions.add_sku, Conflict, **given)) == ["code"]
    assert list(refused(actions.edit_sku, Conflict, business_id=shop.id, pk=second.pk, code="Tea")) == [
        "code"
    ]
    assert actions.edit_sku(business_id=shop.id, pk=first.pk, code="tea").code == "tea"
    assert sku(make_shop(), "TEA").code == "TEA"  # elsewhere it is free


def test_somebody_quicker_with_the_same_code_is_a_conflict(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sku(shop)
    monkeypatch.setattr("regulars.catalog.records.Records._unused", lambda _, code, **__: code)
    given = {"business_id": shop.id, "code": "tea", "name": "Other"}
    assert list(refused(actions.add_sku, Conflict, **given)) == ["code"]


def test_another_error_of_the_database_is_not_taken_for_a_conflict(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sku(shop)

    def fail(*_: Any, **__: Any) -> None:
        raise IntegrityError("something else")

    monkeypatch.setattr(Sku, "save", fail)
    with pytest.raises(IntegrityError, match="something else"):
        actions.edit_sku(business_id=shop.id, pk=made.pk, name="x")


def test_a_made_code_steps_over_one_that_was_given_by_hand(shop: Shop) -> None:
    category(shop, code="c000002")
    assert [category(shop).code for _ in range(2)] == ["C000001", "C000003"]


def test_nothing_of_another_business_is_found(shop: Shop) -> None:
    charlie = make_shop("Charlie's")
    theirs, foreign = sku(charlie), category(charlie)
    mine = sku(shop)
    fields = refused(
        actions.add_sku, NotFound, business_id=shop.id, code="B", name="B", category_id=foreign.pk
    )
    assert fields == {"category_id": "is unknown"}
    fields = refused(actions.edit_sku, NotFound, business_id=shop.id, pk=mine.pk, category_id=foreign.pk)
    assert fields == {"category_id": "is unknown"}
    for edit, delete, pk in (
        (actions.edit_sku, actions.delete_sku, theirs.pk),
        (actions.edit_category, actions.delete_category, foreign.pk),
    ):
        gone = {"code": "is unknown"}
        assert refused(edit, NotFound, business_id=shop.id, pk=pk, name="Mine") == gone
        assert refused(delete, NotFound, business_id=shop.id, pk=pk) == gone
    with scope(business=charlie.business):
        assert (Sku.objects.get().name, SkuCategory.objects.get().name) == ("Tea", "Drinks")


def test_an_id_that_no_database_can_hold_is_unknown(shop: Shop) -> None:
    refused(actions.delete_sku, NotFound, business_id=shop.id, pk=2**70)
    given = {"business_id": shop.id, "code": "B", "name": "B", "category_id": 2**70}
    refused(actions.add_sku, NotFound, **given)


def test_what_others_refer_to_stays(shop: Shop) -> None:
    drinks = category(shop)
    tea = sku(shop, category_id=drinks.pk)
    refused(actions.delete_category, HasHistory, business_id=shop.id, pk=drinks.pk)
    promotion = promotions.add_promotion(business_id=shop.id, percent_of_spend=10, sku_id=tea.pk)
    refused(actions.delete_sku, HasHistory, business_id=shop.id, pk=tea.pk)
    promotions.delete_promotion(business_id=shop.id, pk=promotion.pk)
    actions.delete_sku(business_id=shop.id, pk=tea.pk)
    actions.delete_category(business_id=shop.id, pk=drinks.pk)
    with scope(business=shop.business):
        assert not Sku.objects.exists()
        assert not SkuCategory.objects.exists()


def test_a_date_of_adding_is_now(shop: Shop) -> None:
    assert abs(category(shop).created_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
