"""Definitions of vouchers, and codes that are loaded beforehand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope

from regulars.catalog.actions import add_sku
from regulars.members.groups import ensure_group
from regulars.rules.errors import Conflict, HasHistory, InvalidInput, NotFound
from regulars.vouchers import actions
from regulars.vouchers.models import Precode, Voucher
from tests.factories import Shop, make_shop
from tests.vouchers.given import codes, issue, voucher

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def refused(shop: Shop, **fields: Any) -> list[str]:
    with pytest.raises(InvalidInput) as refusal:
        voucher(shop, **fields)
    with scope(business=shop.business):
        assert not Voucher.objects.exists()
    return list(refusal.value.fields)


def test_a_name_is_enough() -> None:
    shop = make_shop()
    made = actions.add_voucher(business_id=shop.id, name="  Free muffin ")
    assert (made.name, made.code, str(made.value), made.value_type) == ("Free muffin", "V000001", "0.00", 0)
    assert (made.points_required, made.can_be_redeemed_for_points) == (0, 0)
    assert made.limited_to_per_member is None
    assert actions.add_voucher(business_id=shop.id, name="Second").code == "V000002"


def test_every_field_is_kept(shop: Shop) -> None:
    branch = shop.branch()
    sku = add_sku(business_id=shop.id, code="TEA", name="Tea")
    group = ensure_group(business=shop.business, code="Gold")
    fields: dict[str, Any] = {
        "name": "Muffin",
        "points_required": 50,
        "trigger_on_total_points_earned": 500,
        "points_earned_in_months": 6,
        "voucher_details": "One muffin\nof any kind",
        "email_instructions": "Show this",
        "available_for_self_selection": True,
        "auto_allocate_on_event": "birthday",
        "limited_to_per_member": 3,
        "optional_email_template": "muffin",
        "expires_after_days": 30,
        "can_be_redeemed_for_points": 7,
        "value": Decimal("4.50"),
        "value_type": 1,
        "min_value": Decimal("10.00"),
        "sku_id": sku.pk,
        "date_from": dt.date(2026, 1, 1),
        "date_to": dt.date(2026, 12, 31),
        "group_id": group.pk,
        "branch_id": branch.pk,
    }
    made = actions.add_voucher(business_id=shop.id, code="MUFFIN", **fields)
    assert {name: getattr(made, name) for name in fields} == fields
    columns = {field.attname for field in Voucher._meta.concrete_fields}
    assert columns == fields.keys() | {"id", "business_id", "code", "created_at", "modified_at"}
    assert (made.sku, made.group, made.branch) == (sku, group, branch)
    emptied = actions.edit_voucher(
        business_id=shop.id, pk=made.pk, **dict.fromkeys(fields.keys() - {"name"}), name="M"
    )
    blank = actions.add_voucher(business_id=shop.id, name="M")
    assert {name: getattr(emptied, name) for name in fields} == {
        name: getattr(blank, name) for name in fields
    }
    assert emptied.code == "MUFFIN"


def test_what_is_not_named_stays(shop: Shop) -> None:
    made = voucher(shop, limited_to_per_member=2)
    changed = actions.edit_voucher(business_id=shop.id, pk=made.pk, value=Decimal("6.00"))
    assert (changed.value, changed.limited_to_per_member, changed.name) == (Decimal("6.00"), 2, made.name)


@pytest.mark.parametrize("number", ["4", "points_reach_required", " Points_Reach_Required "])
def test_events_have_names_and_numbers(shop: Shop, number: str) -> None:
    made = voucher(shop, auto_allocate_on_event=number, points_required=5)
    assert made.auto_allocate_on_event == "points_reach_required"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"points_required": -1}, "points_required"),
        ({"points_required": 1_000_000_001}, "points_required"),
        ({"trigger_on_total_points_earned": 0}, "trigger_on_total_points_earned"),
        ({"points_earned_in_months": 3}, "points_earned_in_months"),
        ({"trigger_on_total_points_earned": 9, "points_earned_in_months": 0}, "points_earned_in_months"),
        ({"limited_to_per_member": 0}, "limited_to_per_member"),
        ({"expires_after_days": 36_501}, "expires_after_days"),
        ({"auto_allocate_on_event": "full_moon"}, "auto_allocate_on_event"),
        ({"auto_allocate_on_event": "points_reach_required"}, "points_required"),
        ({"auto_allocate_on_event": "points_reach_value", "value": 0}, "value"),
        ({"auto_allocate_on_event": "points_reach_value", "value_type": 1}, "value_type"),
        ({"value": Decimal("100.01"), "value_type": 1}, "value"),
        ({"value": Decimal(-1)}, "value"),
        ({"value": Decimal("1.005")}, "value"),
        ({"value_type": 3}, "value_type"),
        ({"min_value": Decimal(-1)}, "min_value"),
        ({"date_from": dt.date(2026, 2, 2), "date_to": dt.date(2026, 2, 1)}, "date_from"),
        ({"voucher_details": "\0"}, "voucher_details"),
        ({"colour": "red"}, "colour"),
        ({"code": "x" * 51}, "code"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(shop: Shop, fields: dict[str, Any], field: str) -> None:
    assert refused(shop, **fields) == [field]


def test_an_edit_is_checked_against_what_stays(shop: Shop) -> None:
    made = voucher(shop, value=Decimal(150))
    with pytest.raises(InvalidInput) as refusal:
        actions.edit_voucher(business_id=shop.id, pk=made.pk, value_type=1)
    assert list(refusal.value.fields) == ["value"]
    made.refresh_from_db()
    assert made.value_type == 0


@pytest.mark.parametrize("name", ["sku_id", "group_id", "branch_id"])
def test_references_of_another_business_are_unknown(shop: Shop, name: str) -> None:
    other = make_shop("Charlie's")
    theirs: dict[str, Any] = {
        "sku_id": add_sku(business_id=other.id, code="TEA", name="Tea").pk,
        "group_id": ensure_group(business=other.business, code="Gold").pk,
        "branch_id": other.branch().pk,
    }
    with pytest.raises(NotFound) as refusal:
        voucher(shop, **{name: theirs[name]})
    assert refusal.value.fields == {name: "is unknown"}


def test_codes_are_unique_whatever_the_case_but_in_each_business(shop: Shop) -> None:
    voucher(shop, code="Tea")
    with pytest.raises(Conflict) as refusal:
        voucher(shop, code="TEA")
    assert list(refusal.value.fields) == ["code"]
    assert voucher(make_shop("Charlie's"), code="TEA").code == "TEA"


def test_a_voucher_of_another_business_is_not_there(shop: Shop) -> None:
    theirs = voucher(make_shop("Charlie's"))
    for call in (actions.edit_voucher, actions.delete_voucher):
        with pytest.raises(NotFound):
            call(business_id=shop.id, pk=theirs.pk)
    with pytest.raises(NotFound):
        actions.add_precode(business_id=shop.id, code="X", voucher_id=theirs.pk)
    theirs.refresh_from_db()


def test_a_voucher_with_a_history_stays(shop: Shop) -> None:
    made, loaded, unused = voucher(shop), voucher(shop), voucher(shop)
    issue(shop, made)
    actions.add_precode(business_id=shop.id, code="X", voucher_id=loaded.pk)
    for one in (made, loaded):
        with pytest.raises(HasHistory):
            actions.delete_voucher(business_id=shop.id, pk=one.pk)
    actions.delete_voucher(business_id=shop.id, pk=unused.pk)
    with scope(business=shop.business):
        assert set(Voucher.objects.all()) == {made, loaded}


def test_a_precode_is_loaded_moved_and_taken_back(shop: Shop) -> None:
    first, second = voucher(shop), voucher(shop)
    made = actions.add_precode(business_id=shop.id, code=" Tea-1 ", voucher_id=first.pk)
    assert (made.code, made.voucher, made.used_at) == ("Tea-1", first, None)
    assert actions.edit_precode(business_id=shop.id, pk=made.pk, voucher_id=second.pk).voucher == second
    actions.delete_precode(business_id=shop.id, pk=made.pk)
    with scope(business=shop.business):
        assert not Precode.objects.exists()


@pytest.mark.parametrize("fields", [{"code": ""}, {"code": "X", "voucher_id": None}])
def test_a_precode_needs_a_code_and_a_voucher(shop: Shop, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        actions.add_precode(business_id=shop.id, **({"voucher_id": voucher(shop).pk} | fields))


def test_a_precode_is_loaded_once_and_is_no_code_of_an_issued_voucher(shop: Shop) -> None:
    of = voucher(shop)
    actions.add_precode(business_id=shop.id, code="tea-1", voucher_id=of.pk)
    issued = issue(shop, voucher(shop))
    for code in ("TEA-1", codes(issued)[0].lower()):
        with pytest.raises(Conflict) as refusal:
            actions.add_precode(business_id=shop.id, code=code, voucher_id=of.pk)
        assert list(refusal.value.fields) == ["code"]


def test_an_issued_precode_stays_as_it_is(shop: Shop) -> None:
    of, other = voucher(shop), voucher(shop)
    made = actions.add_precode(business_id=shop.id, code="TEA-1", voucher_id=of.pk)
    issue(shop, of)
    with pytest.raises(Conflict):
        actions.edit_precode(business_id=shop.id, pk=made.pk, voucher_id=other.pk)
    with pytest.raises(HasHistory):
        actions.delete_precode(business_id=shop.id, pk=made.pk)
    assert actions.edit_precode(business_id=shop.id, pk=made.pk, voucher_id=of.pk).voucher == of


def test_a_precode_of_another_business_is_not_there(shop: Shop) -> None:
    other = make_shop("Charlie's")
    theirs = actions.add_precode(business_id=other.id, code="X", voucher_id=voucher(other).pk)
    for call in (actions.edit_precode, actions.delete_precode):
        with pytest.raises(NotFound) as refusal:
            call(business_id=shop.id, pk=theirs.pk)
        assert refusal.value.fields == {"code": "is unknown"}
