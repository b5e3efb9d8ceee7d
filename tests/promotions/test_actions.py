"""Promotions on sales and on events: added, edited and deleted, each within its business."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope

from regulars.catalog import actions as catalog
from regulars.members.groups import ensure_group
from regulars.promotions import actions
from regulars.promotions.models import EventPromotion, Promotion
from regulars.rules.errors import Conflict, InvalidInput, NotFound, Refusal
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

SUMMER: dict[str, Any] = {"date_from": dt.date(2026, 6, 1), "date_to": dt.date(2026, 8, 31)}


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def refused(call: Callable[..., Any], kind: type[Refusal], **values: Any) -> list[str]:
    with pytest.raises(kind) as caught:
        call(**values)
    assert type(caught.value) is kind
    return list(caught.value.fields)


def references(shop: Shop) -> dict[str, Any]:
    return {
        "group_id": ensure_group(business=shop.business, code="Gold").pk,
        "branch_id": shop.branch().pk,
        "sku_id": catalog.add_sku(business_id=shop.id, code="TEA", name="Tea").pk,
        "category_id": catalog.add_category(business_id=shop.id, name="Drinks").pk,
    }


def test_a_promotion_is_stored_with_all_that_was_said(shop: Shop) -> None:
    values: dict[str, Any] = {
        "name": "Summer",
        "percent_of_spend": Decimal("12.5000"),
        "fixed_points_value": 5,
    } | SUMMER
    known = references(shop)
    made = actions.add_promotion(business_id=shop.id, **values, **known)
    assert {name: getattr(made, name) for name in values | known} == values | known
    assert made.code == "P000001"
    assert made.group is not None
    assert made.group.code == "Gold"


def test_an_event_promotion_is_stored_with_all_that_was_said(shop: Shop) -> None:
    known = {name: pk for name, pk in references(shop).items() if name in {"group_id", "branch_id"}}
    values: dict[str, Any] = {
        "name": "Welcome",
        "points_to_award": 50,
        "quickscan_function": "Eggs:3, Bacon:5",
    } | SUMMER
    made = actions.add_event_promotion(
        business_id=shop.id, auto_allocate_on_event="Signup", **values, **known
    )
    assert {name: getattr(made, name) for name in values | known} == values | known
    assert (made.code, made.auto_allocate_on_event) == ("N000001", "signup")


def test_an_event_may_be_said_by_its_number_and_erased(shop: Shop) -> None:
    made = actions.add_event_promotion(business_id=shop.id, points_to_award=1, auto_allocate_on_event="5")
    assert made.auto_allocate_on_event == "monthly"
    edited = actions.edit_event_promotion(business_id=shop.id, pk=made.pk, auto_allocate_on_event="")
    assert (edited.auto_allocate_on_event, edited.points_to_award) == ("", 1)


def test_an_edit_changes_what_it_names_and_erases_what_is_empty(shop: Shop) -> None:
    made = actions.add_promotion(
        business_id=shop.id, name="Summer", percent_of_spend=10, fixed_points_value=5, **SUMMER
    )
    edited = actions.edit_promotion(
        business_id=shop.id,
        pk=made.pk,
        percent_of_spend=Decimal("0.5"),
        date_to=None,
        fixed_points_value=None,
    )
    assert (edited.percent_of_spend, edited.fixed_points_value) == (Decimal("0.5"), 0)
    assert (edited.name, edited.date_from, edited.date_to) == ("Summer", SUMMER["date_from"], None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("percent_of_spend", None),
        ("percent_of_spend", ""),
        ("percent_of_spend", Decimal(-1)),
        ("percent_of_spend", Decimal("0.00001")),
        ("percent_of_spend", Decimal(10) ** 8),
        ("percent_of_spend", Decimal("Infinity")),
        ("fixed_points_value", -1),
        ("fixed_points_value", 1_000_000_001),
        ("name", "x" * 201),
        ("name", "\x1b"),
        ("points_to_award", 3),
    ],
)
def test_an_unusable_value_of_a_promotion_is_named(shop: Shop, field: str, value: Any) -> None:
    given = {"business_id": shop.id, "percent_of_spend": 10, field: value}
    assert refused(actions.add_promotion, InvalidInput, **given) == [field]
    made = actions.add_promotion(business_id=shop.id, percent_of_spend=10)
    change = {"business_id": shop.id, "pk": made.pk, "name": "changed", field: value}
    assert refused(actions.edit_promotion, InvalidInput, **change) == [field]
    with scope(business=shop.business):
        assert [one.name for one in Promotion.objects.all()] == [""]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("points_to_award", None),
        ("points_to_award", -1),
        ("points_to_award", 1_000_000_001),
        ("points_to_award", True),
        ("auto_allocate_on_event", "christmas"),
        ("auto_allocate_on_event", "8"),
        ("quickscan_function", "auto:0"),
        ("quickscan_function", "x" * 301),
        ("percent_of_spend", 10),
    ],
)
def test_an_unusable_value_of_an_event_promotion_is_named(shop: Shop, field: str, value: Any) -> None:
    given = {"business_id": shop.id, "points_to_award": 10, field: value}
    assert refused(actions.add_event_promotion, InvalidInput, **given) == [field]
    made = actions.add_event_promotion(business_id=shop.id, points_to_award=10)
    change = {"business_id": shop.id, "pk": made.pk, "name": "changed", field: value}
    assert refused(actions.edit_event_promotion, InvalidInput, **change) == [field]
    with scope(business=shop.business):
        assert [one.name for one in EventPromotion.objects.all()] == [""]


def test_what_is_required_must_be_said(shop: Shop) -> None:
    assert refused(actions.add_promotion, InvalidInput, business_id=shop.id) == ["percent_of_spend"]
    assert refused(actions.add_event_promotion, InvalidInput, business_id=shop.id) == ["points_to_award"]


def test_no_percent_at_all_is_a_percentage(shop: Shop) -> None:
    made = actions.add_promotion(business_id=shop.id, percent_of_spend=0, fixed_points_value=7)
    assert (made.percent_of_spend, made.fixed_points_value) == (Decimal(0), 7)


def test_dates_in_the_wrong_order_are_refused_also_when_only_one_is_changed(shop: Shop) -> None:
    wrong = {"date_from": SUMMER["date_to"], "date_to": SUMMER["date_from"]}
    kinds: list[tuple[Callable[..., Any], Callable[..., Any], dict[str, Any]]] = [
        (actions.add_promotion, actions.edit_promotion, {"percent_of_spend": 1}),
        (actions.add_event_promotion, actions.edit_event_promotion, {"points_to_award": 1}),
    ]
    for add, edit, given in kinds:
        assert refused(add, InvalidInput, business_id=shop.id, **given, **wrong) == ["date_from"]
        made = add(business_id=shop.id, **given, **SUMMER)
        late = SUMMER["date_to"] + dt.timedelta(days=1)
        assert refused(edit, InvalidInput, business_id=shop.id, pk=made.pk, date_from=late) == ["date_from"]
        same = edit(business_id=shop.id, pk=made.pk, date_from=SUMMER["date_to"])
        assert same.date_from == same.date_to


def test_codes_are_unique_without_regard_to_case_in_each_kind(shop: Shop) -> None:
    actions.add_promotion(business_id=shop.id, code="Summer", percent_of_spend=1)
    actions.add_event_promotion(business_id=shop.id, code="SUMMER", points_to_award=1)
    given = {"business_id": shop.id, "code": "summer"}
    assert refused(actions.add_promotion, Conflict, **given, percent_of_spend=1) == ["code"]
    assert refused(actions.add_event_promotion, Conflict, **given, points_to_award=1) == ["code"]


def test_nothing_of_another_business_is_found(shop: Shop) -> None:
    charlie = make_shop("Charlie's")
    theirs = references(charlie)
    promotion = actions.add_promotion(business_id=charlie.id, percent_of_spend=1)
    event = actions.add_event_promotion(business_id=charlie.id, points_to_award=1)
    for field, pk in theirs.items():
        given = {"business_id": shop.id, "percent_of_spend": 1, field: pk}
        assert refused(actions.add_promotion, NotFound, **given) == [field]
    for field in ("group_id", "branch_id"):
        given = {"business_id": shop.id, "points_to_award": 1, field: theirs[field]}
        assert refused(actions.add_event_promotion, NotFound, **given) == [field]
    for edit, delete, pk in (
        (actions.edit_promotion, actions.delete_promotion, promotion.pk),
        (actions.edit_event_promotion, actions.delete_event_promotion, event.pk),
    ):
        refused(edit, NotFound, business_id=shop.id, pk=pk, name="Mine")
        refused(delete, NotFound, business_id=shop.id, pk=pk)
    with scope(business=charlie.business):
        assert (Promotion.objects.get().name, EventPromotion.objects.get().name) == ("", "")


def test_both_kinds_can_be_deleted(shop: Shop) -> None:
    promotion = actions.add_promotion(business_id=shop.id, percent_of_spend=1)
    event = actions.add_event_promotion(business_id=shop.id, points_to_award=1)
    actions.delete_promotion(business_id=shop.id, pk=promotion.pk)
    actions.delete_event_promotion(business_id=shop.id, pk=event.pk)
    with scope(business=shop.business):
        assert not Promotion.objects.exists()
        assert not EventPromotion.objects.exists()
