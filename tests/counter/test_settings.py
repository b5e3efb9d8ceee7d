"""What a business's counter offers and allows."""

from __future__ import annotations

from typing import Any

import pytest

from regulars.counter.settings import counter_settings, update_settings
from regulars.rules.errors import InvalidInput
from regulars.tenants.microsites import update_microsite
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def test_a_business_without_settings_has_the_usual_ones(shop: Shop) -> None:
    found = counter_settings(shop.id)
    assert found._state.adding
    assert (found.quickscan_function, found.stamps_at_once, found.enrols) == ("", 10, True)


def test_who_collects_points_has_the_amount_of_the_purchase_until_somebody_says_otherwise(shop: Shop) -> None:
    update_microsite(business_id=shop.id, points_active=True)
    assert counter_settings(shop.id).quickscan_function == "calc"
    assert update_settings(business_id=shop.id, stamps_at_once=2).quickscan_function == "calc"
    assert update_settings(business_id=shop.id, quickscan_function="").quickscan_function == ""
    assert counter_settings(shop.id).quickscan_function == ""
    assert update_settings(business_id=shop.id, quickscan_function=None).quickscan_function == "calc"
    update_settings(business_id=shop.id, quickscan_function="free")
    update_microsite(business_id=shop.id, points_active=False)
    assert counter_settings(shop.id).quickscan_function == "free"


def test_no_buttons_said_without_points_is_no_word_about_points(shop: Shop) -> None:
    assert update_settings(business_id=shop.id, quickscan_function="").quickscan_function == ""
    update_microsite(business_id=shop.id, points_active=True)
    assert counter_settings(shop.id).quickscan_function == "calc"


def test_what_is_not_named_stays(shop: Shop) -> None:
    update_settings(business_id=shop.id, quickscan_function=" eggs : 3,Bacon:5 ", scans_per_day=2)
    update_settings(business_id=shop.id, reasons=["  Forgot   the card "], scans_per_day=None)
    found = counter_settings(shop.id)
    assert found.quickscan_function == "eggs:3, Bacon:5"
    assert (found.reasons, found.scans_per_day) == (["Forgot the card"], None)
    assert counter_settings(make_shop().id).reasons == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quickscan_function", "Eggs"),
        ("quickscan_function", 7),
        ("scans_per_day", 0),
        ("scans_per_day", 101),
        ("minutes_between", 10_081),
        ("stamps_at_once", 11),
        ("stamps_at_once", None),
        ("reasons", "Forgot"),
        ("reasons", [""]),
        ("reasons", ["x" * 101]),
        ("reasons", ["One", "one"]),
        ("reasons", [str(number) for number in range(21)]),
        ("reason_required", 1),
        ("code_changers", "everybody"),
        ("undo_minutes", -1),
        ("undo_minutes", 1_441),
        ("colour", "red"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_changes_nothing(shop: Shop, field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        update_settings(business_id=shop.id, **{field: value, "enrols": False})
    assert set(refused.value.fields) == {field}
    assert counter_settings(shop.id).enrols


def test_a_reason_can_be_required_only_where_there_are_some() -> None:
    shop = make_shop()
    with pytest.raises(InvalidInput) as refused:
        update_settings(business_id=shop.id, reason_required=True)
    assert list(refused.value.fields) == ["reason_required"]
    update_settings(business_id=shop.id, reason_required=True, reasons=["Forgot the card"])
    with pytest.raises(InvalidInput) as refused:
        update_settings(business_id=shop.id, reasons=[])
    assert list(refused.value.fields) == ["reasons"]
    update_settings(business_id=shop.id, reasons=[], reason_required=False)
