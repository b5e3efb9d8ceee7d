"""The programme in the back office: saved by the actions, kept when wrong, shown as members would see it."""

from decimal import Decimal
from typing import Any

import pytest

from regulars.tenants.queries import business_by_id
from tests.factories import Shop, make_shop
from tests.office.seat import Seat, records

pytestmark = pytest.mark.django_db

GIVEN: dict[str, Any] = {
    "stamps_active": "on",
    "points_active": "on",
    "program_name": "Harbour card",
    "stamps_required": "10",
    "reward_description": "Free cake",
    "birthday_bonus_stamps": "2",
    "terms_conditions": "",
    "point_value": "0.05",
    "points_per_sale_cap": "500",
    "points_expire_months": "12",
    "refund_policy": "keep",
}


def test_it_is_saved_whole_and_noted(shop: Shop, owner: Seat) -> None:
    response = owner.post("programme", GIVEN)
    assert response.status_code == 303
    business = business_by_id(shop.id)
    program = business.program
    assert (program.program_name, program.stamps_required, program.birthday_bonus_stamps) == (
        "Harbour card",
        10,
        2,
    )
    assert (business.points_active, business.point_value, business.refund_policy) == (
        True,
        Decimal("0.05"),
        "keep",
    )
    assert (business.points_per_sale_cap, business.points_expire_months) == (500, 12)
    noted = {one.action: one for one in records(shop)}
    assert noted["programme.edit"].after["stamps_required"] == 10
    assert noted["points.edit"].before["points_active"] is False
    page = owner.text("programme")
    assert "The programme was saved." in page
    assert 'value="0.05"' in page


def test_what_is_switched_off_or_emptied_is_off(shop: Shop, owner: Seat) -> None:
    owner.post("programme", GIVEN)
    off = ("stamps_active", "points_active", "points_per_sale_cap", "points_expire_months")
    given = {name: value for name, value in GIVEN.items() if name not in off}
    assert owner.post("programme", {**given, "birthday_bonus_stamps": "0"}).status_code == 303
    business = business_by_id(shop.id)
    assert (business.program.is_active, business.points_active) == (False, False)
    assert business.program.birthday_bonus_stamps == 0
    assert (business.points_per_sale_cap, business.points_expire_months) == (None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("stamps_required", "51"), ("point_value", "0"), ("reward_description", " "), ("refund_policy", "x")],
)
def test_what_is_wrong_is_said_at_its_field_and_kept(field: str, value: str, shop: Shop, owner: Seat) -> None:
    response = owner.post("programme", {**GIVEN, field: value})
    page = response.content.decode()
    assert response.status_code == 400
    assert f'id="id_{field}_error"' in page or "invalid-feedback" in page
    assert "Harbour card" in page
    assert business_by_id(shop.id).program.stamps_required == 8
    assert records(shop) == []


def test_the_preview_shows_what_is_typed_and_changes_nothing(shop: Shop, owner: Seat) -> None:
    page = owner.post("programme-preview", {**GIVEN, "stamps_required": "5"}).content.decode()
    assert "Free cake" in page
    assert page.count("<circle") == 5
    assert "₹5" in page  # a hundred points at 0.05
    assert "Points are good for 12 months." in page
    half = owner.post("programme-preview", {"stamps_active": "on", "stamps_required": "9999"})
    assert half.content.decode().count("<circle") == 8
    assert business_by_id(shop.id).program.program_name != "Harbour card"


def test_a_manager_of_one_branch_is_not_led_there(shop: Shop) -> None:
    make_shop("Other")
    manager = Seat.of(shop, "manager", branch_id=shop.branch().pk)
    assert manager.get("programme").status_code == 403
    assert manager.url("programme") not in manager.text("vouchers")
