"""`/api/points/program`, and the points that a customer has."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scope

from regulars.ledger import points
from regulars.ledger.models import Lot
from regulars.tenants import checks
from regulars.tenants.models import Business
from tests.api.support import Rest, invalid, ok
from tests.factories import Shop

pytestmark = pytest.mark.django_db

PATH = "/api/points/program"
FRESH = {
    "points_expire_months": None,
    "refund_policy": "to_zero",
    "points_per_sale_cap": None,
    "point_value": "0.01",
    "currency": "INR",
}


def test_a_new_business_has_the_usual_programme(rest: Rest) -> None:
    assert ok(rest.get(PATH)) == FRESH


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("points_expire_months", 1, 1),
        ("points_expire_months", 24.0, 24),
        ("points_expire_months", checks.MAX_EXPIRE_MONTHS, checks.MAX_EXPIRE_MONTHS),
        ("points_expire_months", None, None),
        ("refund_policy", "allow_negative", "allow_negative"),
        ("refund_policy", "keep", "keep"),
        ("points_per_sale_cap", 1, 1),
        ("points_per_sale_cap", checks.MAX_SALE_CAP, checks.MAX_SALE_CAP),
        ("points_per_sale_cap", None, None),
        ("point_value", "0.0001", "0.0001"),
        ("point_value", "1", "1.00"),
        ("point_value", "2.5", "2.50"),
        ("point_value", "10.125000", "10.125"),
        ("point_value", "99999999.9999", "99999999.9999"),
        ("currency", "usd", "USD"),
    ],
)
def test_one_setting_changes_and_the_others_stay(field: str, given: Any, kept: Any, rest: Rest) -> None:
    before = ok(rest.patch(PATH, {"points_expire_months": 6, "points_per_sale_cap": 500}))
    changed = ok(rest.patch(PATH, {field: given}))
    assert changed == before | {field: kept} == ok(rest.get(PATH))


@pytest.mark.parametrize(
    ("field", "given"),
    [
        *(("points_expire_months", value) for value in (0, -1, checks.MAX_EXPIRE_MONTHS + 1, 1.5, "6", True)),
        *(("points_per_sale_cap", value) for value in (0, checks.MAX_SALE_CAP + 1, "500", 10**30)),
        *(("refund_policy", value) for value in (None, "", "TO_ZERO", "none", 1)),
        *(("point_value", value) for value in (None, "", "0", "-1", "1e3", "0,01", "NaN", "1.", ".5")),
        *(("point_value", value) for value in ("0.00001", "100000000", 0.01, 1, "\u0661", "1 ")),
        *(("currency", value) for value in (None, "", "rupees", "₹₹₹", "ZZZ")),
        ("points_balance", 5),
    ],
)
def test_an_unusable_setting_is_refused_by_name_and_changes_nothing(
    field: str, given: Any, rest: Rest
) -> None:
    invalid(rest.patch(PATH, {"points_per_sale_cap": 7} | {field: given}), field)
    assert ok(rest.get(PATH)) == FRESH


def test_nothing_to_change_changes_nothing(rest: Rest) -> None:
    assert ok(rest.patch(PATH, {})) == FRESH


def test_each_business_has_its_own(rest: Rest, stranger: Shop) -> None:
    ok(rest.patch(PATH, {"refund_policy": "keep", "point_value": "5.00"}))
    theirs = Business.objects.get(pk=stranger.id)
    assert (theirs.refund_policy, str(theirs.point_value)) == ("to_zero", "0.0100")


def test_points_that_were_earned_keep_their_day(rest: Rest, shop: Shop) -> None:
    card = shop.enrol()
    ok(rest.patch(PATH, {"points_expire_months": 1}))
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=5)
    (day,) = card_lots(shop)
    ok(rest.patch(PATH, {"points_expire_months": 600}))
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=5)
    first, second = card_lots(shop)
    assert first == day
    assert second > first


def card_lots(shop: Shop) -> list[Any]:
    with scope(business=shop.business):
        return list(Lot.objects.order_by("id").values_list("expires_on", flat=True))


def test_a_customer_shows_the_balance_of_points(rest: Rest, shop: Shop) -> None:
    card, other = shop.enrol("Priya"), shop.enrol("Asha")
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=30)
    points.spend_points(business_id=shop.id, member_id=card.pk, points_to_spend=12)
    assert ok(rest.get(f"/api/customers/{card.pk}"))["points_balance"] == 18
    assert [row["points_balance"] for row in ok(rest.get("/api/customers"))] == [0, 18]
    assert ok(rest.get(f"/api/customers/{other.pk}"))["points_balance"] == 0
