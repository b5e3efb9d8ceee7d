"""Promotions in the back office: added, changed, ended, deleted, and tried out."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope

from regulars.catalog import actions as catalog
from regulars.members.groups import add_group
from regulars.promotions import actions
from regulars.promotions.models import EventPromotion, Promotion
from regulars.sales.actions import add_sale
from regulars.tenants.actions import update_points_programme
from tests.factories import Shop
from tests.office.seat import Seat, records

pytestmark = pytest.mark.django_db


def promotions(shop: Shop) -> list[Promotion]:
    with scope(business=shop.business):
        return list(Promotion.objects.select_related("sku").order_by("pk"))


def given(**more: Any) -> dict[str, Any]:
    return {"name": "Cake week", "percent_of_spend": "10", "fixed_points_value": "5", **more}


def test_a_promotion_on_sales_is_added_changed_ended_and_deleted(shop: Shop, owner: Seat) -> None:
    sku = catalog.add_sku(business_id=shop.id, code="CAKE", name="Cake", barcode="4006381333931")
    branch, group = shop.branch(), add_group(business=shop.business, code="gold")
    form = given(sku="4006381333931", branch=str(branch.pk), group=str(group.pk), date_from="2026-01-01")
    assert owner.post("promotion-new", form).status_code == 303
    (made,) = promotions(shop)
    assert (made.sku_id, made.branch_id, made.group_id) == (sku.pk, branch.pk, group.pk)
    assert "Cake week" in owner.text("promotions", {"state": "running"})

    page = owner.text("promotion", promotion_id=made.pk)
    assert f'<option value="{sku.pk}" selected>Cake (CAKE)</option>' in page
    changed = {**form, "sku": "", "percent_of_spend": "2.5", "code": made.code}
    assert owner.post("promotion", changed, promotion_id=made.pk).status_code == 303
    (now,) = promotions(shop)
    assert (now.percent_of_spend, now.sku_id) == (Decimal("2.5"), None)

    assert owner.post("promotion-end", promotion_id=made.pk).status_code == 303
    assert "Cake week" in owner.text("promotions", {"state": "ended"})
    assert "Cake week" not in owner.text("promotions", {"state": "running"})
    assert owner.post("promotion-delete", promotion_id=made.pk).status_code == 303
    assert promotions(shop) == []
    assert [one.action for one in reversed(records(shop))] == [
        "promotion.add",
        "promotion.edit",
        "promotion.end",
        "promotion.delete",
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"percent_of_spend": "", "fixed_points_value": ""}, "Say what it gives"),
        ({"sku": "NOTHING"}, "No product has this code"),
        ({"date_from": "2026-02-02", "date_to": "2026-02-01"}, "Must not be after “Last day”"),
        ({"code": "P000001"}, "belongs to another promotion"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    more: dict[str, str], said: str, shop: Shop, owner: Seat
) -> None:
    actions.add_promotion(business_id=shop.id, percent_of_spend=Decimal(1))
    response = owner.post("promotion-new", given(**more))
    page = response.content.decode()
    assert response.status_code == 400
    assert said.lower() in page.lower()
    assert 'value="Cake week"' in page
    assert len(promotions(shop)) == 1


def test_a_promotion_on_an_event(shop: Shop, owner: Seat) -> None:
    assert "Nothing is given by itself yet" in owner.text("event-promotions")
    form = {"name": "Welcome", "auto_allocate_on_event": "signup", "points_to_award": "50"}
    wrong = owner.post("event-promotion-new", {**form, "quickscan_function": "Eggs:"})
    assert wrong.status_code == 400
    assert "Needs points" in wrong.content.decode()
    assert owner.post("event-promotion-new", form).status_code == 303
    with scope(business=shop.business):
        made = EventPromotion.objects.get()
    assert "Somebody joins" in owner.text("event-promotions")
    assert (
        owner.post(
            "event-promotion", {**form, "points_to_award": "60"}, event_promotion_id=made.pk
        ).status_code
        == 303
    )
    assert owner.post("event-promotion-end", event_promotion_id=made.pk).status_code == 303
    with scope(business=shop.business):
        now = EventPromotion.objects.get()
    assert now.points_to_award == 60
    assert now.date_to is not None
    assert owner.post("event-promotion-delete", event_promotion_id=made.pk).status_code == 303
    assert "Nothing is given by itself yet" in owner.text("event-promotions")


def test_a_sale_that_is_tried_earns_what_a_real_one_does(shop: Shop, owner: Seat) -> None:
    sku = catalog.add_sku(business_id=shop.id, code="CAKE", name="Cake")
    actions.add_promotion(business_id=shop.id, name="Ten", percent_of_spend=Decimal(10))
    actions.add_promotion(
        business_id=shop.id, name="Cake", percent_of_spend=Decimal(0), fixed_points_value=7, sku_id=sku.pk
    )
    sale = add_sale(
        business_id=shop.id, member_id=shop.enrol().pk, total_value=Decimal("49.90"), sku_id=sku.pk
    )
    page = owner.text("promotion-try", {"total_value": "49.90", "sku": "CAKE"})
    assert sale.points == 11
    assert "<b>11</b> points for a sale of ₹49.90" in page
    assert "<b>4</b> points" in owner.text("promotion-try", {"total_value": "49.90"})
    update_points_programme(business_id=shop.id, points_per_sale_cap=5)
    assert "one sale may earn 5 at most" in owner.text(
        "promotion-try", {"total_value": "49.90", "sku": "CAKE"}
    )


def test_a_promotion_may_give_points_on_top_alone(shop: Shop, owner: Seat) -> None:
    assert 'value="10"' not in owner.text("promotion-new")
    assert owner.post("promotion-new", given(percent_of_spend="")).status_code == 303
    (made,) = promotions(shop)
    assert (made.percent_of_spend, made.fixed_points_value) == (Decimal(0), 5)


def test_trying_says_what_is_wrong_and_that_nothing_fits(shop: Shop, owner: Seat) -> None:
    assert "No promotion fits this sale." in owner.text("promotion-try")
    wrong = owner.get("promotion-try", {"total_value": "much"})
    assert wrong.status_code == 400
    assert "Enter a number" in wrong.content.decode()
    later = dt.date(2030, 1, 1)
    actions.add_promotion(business_id=shop.id, name="Later", percent_of_spend=Decimal(10), date_from=later)
    assert "Later" in owner.text("promotion-try", {"total_value": "50", "day": "2030-01-01"})
