"""Sales in the back office: listed, entered, corrected, deleted; the points follow."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope

from regulars.ledger.models import Card
from regulars.promotions.actions import add_promotion
from regulars.sales.actions import add_sale
from regulars.sales.models import Sale
from tests.factories import Shop
from tests.office.seat import Seat, records
from tests.office.traded import sku_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def card(shop: Shop) -> Card:
    add_promotion(business_id=shop.id, code="TEN", percent_of_spend=Decimal(10))
    return shop.enrol("Asha Rao")


def sell(shop: Shop, card: Card, value: int = 50, **more: Any) -> Sale:
    return add_sale(business_id=shop.id, member_id=card.pk, total_value=Decimal(value), **more)


def points_of(shop: Shop, card: Card) -> int:
    with scope(business=shop.business):
        return Card.objects.get(pk=card.pk).points


def test_a_sale_that_is_entered_earns_its_points(shop: Shop, owner: Seat, card: Card) -> None:
    sku = sku_of(shop)
    form = {"member": card.member.code, "total_value": "120.00", "sku": sku.pk, "transaction_ref": "R-12"}
    response = owner.post("sale-new", form)
    with scope(business=shop.business):
        sale = Sale.objects.get()
    assert (response.status_code, response.headers["Location"]) == (303, owner.url("sale", sale_id=sale.pk))
    assert sale.total_value == Decimal(120)
    assert (sale.points, sale.sku_id, sale.staff_id) == (12, sku.pk, shop.owner.pk)
    assert points_of(shop, card) == 12
    text = owner.text("sale", sale_id=sale.pk)
    for said in ("TEN", "12 points earned", "R-12", sku.name, "Asha Rao"):
        assert said in text
    (record,) = records(shop)
    assert (record.action, record.object_id, record.member_id) == ("sale.add", sale.pk, card.pk)


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    shop: Shop, owner: Seat, card: Card
) -> None:
    sell(shop, card, code="TILL-1")
    form = {"member": card.member.code, "total_value": "10", "code": "till-1", "notes": "of Tuesday"}
    response = owner.post("sale-new", form)
    text = response.content.decode()
    assert response.status_code == 400
    assert "of Tuesday" in text
    assert 'aria-invalid="true"' in text
    assert "No member has this code" in owner.post("sale-new", form | {"member": "M9"}).content.decode()
    with scope(business=shop.business):
        assert Sale.objects.count() == 1


def test_what_it_would_earn_is_shown_before(shop: Shop, owner: Seat, card: Card) -> None:
    asked = {"member": card.member.code, "total_value": "85"}
    assert "Points for Asha Rao" in (text := owner.text("sale-worth", asked))
    assert "<b>8</b>" in text
    assert "Name the member" in owner.text("sale-worth", {"total_value": "85"})
    with scope(business=shop.business):
        assert not Sale.objects.exists()


def test_a_correction_puts_the_points_right(shop: Shop, owner: Seat, card: Card) -> None:
    sale = sell(shop, card, 50)
    assert 'value="50.00"' in (shown := owner.text("sale-edit", sale_id=sale.pk))
    assert f'value="{sale.code}"' in shown
    form = {
        "member": card.member.code,
        "total_value": "20",
        "code": sale.code,
        "occurred_at": sale.occurred_at.strftime("%Y-%m-%dT%H:%M"),
    }
    assert owner.post("sale-edit", form, sale_id=sale.pk).status_code == 303
    assert points_of(shop, card) == 2
    text = owner.text("sale", sale_id=sale.pk)
    assert "5 points earned" in text
    assert "3 points taken back" in text
    assert records(shop)[0].after["total_value"] == "20.00"


def test_deleting_says_what_happens_and_takes_the_points_back(shop: Shop, owner: Seat, card: Card) -> None:
    sale = sell(shop, card, 50)
    assert "The points that it earned are taken back" in owner.text("sale", sale_id=sale.pk)
    assert owner.post("sale-delete", sale_id=sale.pk).headers["Location"] == owner.url("sales")
    assert points_of(shop, card) == 0
    assert owner.get("sale", sale_id=sale.pk).status_code == 404
    assert records(shop)[0].action == "sale.delete"


def test_the_list_finds_narrows_and_is_exported(shop: Shop, owner: Seat, card: Card) -> None:
    branch, sku = shop.branch("Harbourside"), sku_of(shop)
    other = shop.enrol("Lena Fischer")
    sell(shop, card, code="A-1", branch_id=branch.pk, sku_id=sku.pk)
    sell(shop, other, code="B-2")
    sell(shop, other, -5, code="C-3")

    def codes(**asked: Any) -> set[str]:
        text = owner.text("sales", asked)
        return {code for code in ("A-1", "B-2", "C-3") if f">{code}<" in text}

    assert codes() == {"A-1", "B-2", "C-3"}
    assert codes(q="lena") == {"B-2", "C-3"}
    assert codes(q="a-1") == codes(branch=branch.pk) == codes(sku=sku.pk) == codes(member="asha") == {"A-1"}
    assert codes(branch="none", kind="refund") == {"C-3"}
    assert codes(on_from="2090-01-01") == set()
    file = owner.get("sales", {"export": "csv", "q": "lena", "sort": "code"})
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [(row["Sale"], row["Value"], row["Member"]) for row in rows] == [
        ("B-2", "50.00", "Lena Fischer"),
        ("C-3", "-5.00", "Lena Fischer"),
    ]


def test_somebody_of_one_branch_sees_and_enters_its_sales_only(shop: Shop, card: Card) -> None:
    here, there = shop.branch("Here"), shop.branch("There")
    bob = Seat.of(shop, "staff", branch_id=here.pk)
    theirs, others = sell(shop, card, branch_id=here.pk), sell(shop, card, branch_id=there.pk)
    text = bob.text("sales")
    assert theirs.code in text
    assert others.code not in text
    for name in ("sale", "sale-edit"):
        assert bob.get(name, sale_id=others.pk).status_code == 404
    assert bob.post("sale-delete", sale_id=others.pk).status_code == 404
    form = {"member": card.member.code, "total_value": "10"}
    assert bob.post("sale-new", form | {"branch": there.pk}).status_code == 400
    assert bob.post("sale-new", form | {"branch": here.pk}).status_code == 303


def test_a_shop_without_sales_is_told_what_to_do(owner: Seat) -> None:
    text = owner.text("sales")
    assert "Sales come from your till" in text
    assert owner.url("sale-new") in text


def test_a_member_is_found_by_name_while_a_sale_is_typed(shop: Shop, owner: Seat, card: Card) -> None:
    other = shop.enrol("Asha Rao-Menon")
    page = owner.get("sale-worth", {"member": "asha", "total_value": "5"}).content.decode()
    for one in (card, other):
        assert f'<option value="{one.member.code}">{one.member.name}' in page
    assert "Who is meant?" in page
    refused = owner.post("sale-new", {"member": "asha rao", "total_value": "5"})
    assert refused.status_code == 400
    assert other.member.code in refused.content.decode()
    unknown = owner.get("sale-worth", {"member": "Nobody At All", "total_value": "5"}).content.decode()
    assert "No member has this code, name, e-mail or phone." in unknown
    assert owner.post("sale-new", {"member": "asha  rao-MENON", "total_value": "50"}).status_code == 303
    assert points_of(shop, other) == 5
    # A part of a name may be somebody else's.
    assert owner.post("sale-new", {"member": "menon", "total_value": "50"}).status_code == 400


def test_promotions_are_called_by_their_names(shop: Shop, owner: Seat, card: Card) -> None:
    add_promotion(
        business_id=shop.id, code="EVERY-SALE", name="A point a rupee", percent_of_spend=Decimal(100)
    )
    form = {"member": card.member.code, "total_value": "3600"}
    panel = owner.get("sale-worth", form).content.decode()
    owner.post("sale-new", form)
    with scope(business=shop.business):
        record = owner.text("sale", sale_id=Sale.objects.get().pk)
    for text in (panel, record):
        assert "A point a rupee" in text
        assert "EVERY-SALE" not in text
    assert "3,960 points earned" in record
