"""New sales: what they earn, what is stored and told, and what is refused."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.ledger.models import Card, Entry, Lot
from regulars.rules.errors import Conflict, InvalidInput, NotFound, Refusal, Suspended
from regulars.sales import actions, store
from regulars.sales.models import Sale, SalePromotion
from tests.sales.till import DAY, NOON, Till, balance, entries, make_till, shares, stored, told

pytestmark = pytest.mark.django_db

# The business's own midnight between 15 and 16 June, in UTC.
MIDNIGHT = dt.datetime(2026, 6, 15, 18, 30, tzinfo=dt.UTC)


@pytest.fixture
def till() -> Till:
    return make_till()


@pytest.fixture
def card(till: Till) -> Card:
    return till.shop.enrol(occurred_at=NOON)


def test_a_sale_earns_what_its_promotions_give(till: Till, card: Card) -> None:
    till.promotion("10", "P1")
    till.promotion("2.5", "P2", fixed_points_value=3)
    sale = till.sell(card, "29.33")
    assert (sale.code, sale.points) == ("T000001", 6)  # 2.933 + 0.73325 + 3
    assert [(one.code, one.points) for one in sale.sale_promotions] == [("P1", 2), ("P2", 4)]
    assert shares(sale) == [("P1", 2), ("P2", 4)]
    assert (balance(card), entries(card)) == (6, [("points_earn", 6, 0)])
    with scopes_disabled():
        entry = Entry.objects.get(kind="points_earn")
        assert (entry.source, entry.occurred_at, entry.day) == (f"sale:{sale.pk}", NOON, DAY)
        assert Lot.objects.get().points == 6
    assert audit().ok


def test_every_field_is_stored_as_given(till: Till, card: Card) -> None:
    branch, sku = till.shop.branch(), till.sku()
    given: dict[str, Any] = {
        "code": "INV-1",
        "transaction_ref": "ref 7",
        "sku_id": sku.pk,
        "notes": "two bags\nof beans",
        "qty": Decimal("1.125"),
        "ex_tax_amount": Decimal("100.00"),
        "tax_amount": Decimal("18.00"),
        "tax_type": "GST",
        "grand_total": Decimal("118.00"),
        "unit_price": Decimal("0.0001"),
        "branch_id": branch.pk,
        "staff_id": till.shop.owner.pk,
    }
    sale = till.sell(card, "118.25", **given)
    found = stored(sale)
    assert found is not None
    for name, value in {**given, "total_value": Decimal("118.25"), "member_id": card.pk}.items():
        assert (getattr(sale, name), getattr(found, name)) == (value, value), name
    assert (found.occurred_at, found.created_at) == (NOON, sale.created_at)
    assert found.modified_at == sale.modified_at
    assert (sale.member.pk, sale.branch, sale.sku) == (card.pk, branch, sku)


def test_what_an_action_returns_has_every_column() -> None:
    columns = [field.attname for field in Sale._meta.concrete_fields]
    assert columns == [*store.COLUMNS, *store.STAMPS]


def test_a_sale_without_points_moves_nothing(till: Till, card: Card) -> None:
    till.promotion("10", date_to=DAY - dt.timedelta(days=1))
    sale = till.sell(card, "100")
    assert (sale.points, sale.sale_promotions, entries(card)) == (0, [], [])
    assert told("sale.recorded")[0]["points"] == 0


def test_nothing_has_no_sign(till: Till, card: Card) -> None:
    assert str(till.sell(card, "-0").total_value) == "0.00"
    assert told("sale.recorded")[0]["total_value"] == "0.00"


def test_without_a_time_it_is_now(till: Till, card: Card) -> None:
    before = dt.datetime.now(dt.UTC)
    assert before <= till.sell(card, occurred_at=None).occurred_at <= dt.datetime.now(dt.UTC)


def test_promotions_count_by_the_business_s_own_day(till: Till, card: Card) -> None:
    till.promotion("10", date_from=DAY, date_to=DAY)
    assert till.sell(card, occurred_at=MIDNIGHT - dt.timedelta(seconds=1)).points == 10
    assert till.sell(card, occurred_at=MIDNIGHT).points == 0
    assert till.sell(card, occurred_at=MIDNIGHT - dt.timedelta(days=1)).points == 10
    assert till.sell(card, occurred_at=MIDNIGHT - dt.timedelta(days=1, seconds=1)).points == 0


def test_group_branch_sku_and_category_of_a_promotion_must_fit(till: Till, card: Card) -> None:
    category = till.category()
    sku, other = till.sku("BEANS", category), till.sku("MUG")
    branch, group = till.shop.branch(), till.group(card)
    stranger = till.shop.enrol("Bob")
    till.promotion("1", "GROUP", group=group)
    till.promotion("2", "BRANCH", branch=branch)
    till.promotion("4", "SKU", sku=sku)
    till.promotion("8", "CATEGORY", category=category)
    till.promotion("16", "ALL", group=group, branch=branch, sku=sku, category=category)
    assert till.sell(card).points == 1
    assert till.sell(stranger).points == 0
    assert till.sell(stranger, branch_id=branch.pk).points == 2
    assert till.sell(stranger, sku_id=sku.pk).points == 12
    assert till.sell(stranger, sku_id=other.pk).points == 0
    assert till.sell(card, sku_id=sku.pk, branch_id=branch.pk).points == 31


def test_promotions_of_another_business_give_nothing(till: Till, card: Card) -> None:
    make_till("Charlie's").promotion("10")
    assert till.sell(card).points == 0


def test_the_cap_limits_a_sale_and_not_what_each_promotion_says(till: Till, card: Card) -> None:
    till.set(points_per_sale_cap=15)
    till.promotion("10", "P1")
    till.promotion("10", "P2")
    sale = till.sell(card, "100")
    assert (sale.points, shares(sale), balance(card)) == (15, [("P1", 10), ("P2", 10)], 15)


def test_percentages_of_four_places_are_exact(till: Till, card: Card) -> None:
    for number in range(3):
        till.promotion("33.3333", f"P{number}")
    till.promotion("0.0001", "P9")
    assert till.sell(card, "100").points == 100
    assert till.sell(card, "99.99").points == 99


def test_a_refund_takes_points_back_by_the_policy(till: Till, card: Card) -> None:
    till.promotion("10", fixed_points_value=5)
    till.sell(card, "100")
    till.spend(card, 7)
    refund = till.sell(card, "-100")
    assert (refund.points, balance(card)) == (-10, 0)
    assert entries(card)[-1] == ("points_reverse", -8, 2)
    till.set(refund_policy="allow_negative")
    till.sell(card, "-50")
    assert (balance(card), entries(card)[-1]) == (-5, ("points_reverse", -5, 0))
    till.set(refund_policy="keep")
    till.sell(card, "20")
    till.sell(card, "-20")
    assert (balance(card), entries(card)[-1]) == (2, ("points_reverse", 0, 2))
    assert audit().ok


def test_a_given_code_is_kept_and_a_taken_one_refused_whatever_its_case(till: Till, card: Card) -> None:
    till.promotion()
    assert till.sell(card, code=" inv-1 ").code == "inv-1"
    with pytest.raises(Conflict) as refused:
        till.sell(card, code="INV-1")
    assert refused.value.fields == {"code": "belongs to another sale"}
    assert balance(card) == 10
    other = make_till("Charlie's")
    assert other.sell(other.shop.enrol(), code="INV-1").code == "INV-1"


def test_a_made_code_steps_over_those_given_by_hand(till: Till, card: Card) -> None:
    first = int(till.sell(card).code.removeprefix("T"))
    for number in (first + 4, first + 5):
        till.sell(card, code=f"t{number:06d}")
    made = [int(till.sell(card).code.removeprefix("T")) for _ in range(5)]
    assert made == [first + 1, first + 2, first + 3, first + 6, first + 7]


def test_what_is_told(till: Till, card: Card) -> None:
    till.promotion()
    branch = till.shop.branch()
    sale = till.sell(card, "29.5", branch_id=branch.pk)
    assert told("sale.recorded") == [
        {
            "customer_id": card.pk,
            "sale_id": sale.pk,
            "code": "T000001",
            "total_value": "29.50",
            "points": 2,
            "branch_id": branch.pk,
        }
    ]
    assert [one["points"] for one in told("points.earned")] == [2]


NONE_OF_THESE: list[tuple[dict[str, Any], type[Refusal], str]] = [
    ({"total_value": Decimal("1.234")}, InvalidInput, "total_value"),
    ({"total_value": Decimal("1E12")}, InvalidInput, "total_value"),
    ({"total_value": Decimal("NaN")}, InvalidInput, "total_value"),
    ({"total_value": Decimal("-Infinity")}, InvalidInput, "total_value"),
    ({"total_value": None}, InvalidInput, "total_value"),
    ({"qty": Decimal("1.0001")}, InvalidInput, "qty"),
    ({"tax_amount": Decimal("-1E12")}, InvalidInput, "tax_amount"),
    ({"unit_price": Decimal("0.00001")}, InvalidInput, "unit_price"),
    ({"notes": "x" * 1001}, InvalidInput, "notes"),
    ({"transaction_ref": "a\0b"}, InvalidInput, "transaction_ref"),
    ({"code": "x" * 51}, InvalidInput, "code"),
    ({"occurred_at": dt.datetime(1800, 1, 1, tzinfo=dt.UTC)}, InvalidInput, "occurred_at"),
    ({"occurred_at": dt.datetime(9999, 12, 31, tzinfo=dt.UTC)}, InvalidInput, "occurred_at"),
    ({"occurred_at": dt.datetime(2026, 1, 1)}, InvalidInput, "occurred_at"),  # noqa: DTZ001 - it is the point
    ({"member_id": 10**15}, NotFound, "member_id"),
    ({"member_id": 0}, InvalidInput, "member_id"),
    ({"branch_id": 10**15}, NotFound, "branch_id"),
    ({"sku_id": 10**15}, NotFound, "sku_id"),
    ({"staff_id": 10**15}, NotFound, "staff_id"),
]


@pytest.mark.parametrize(("wrong", "kind", "field"), NONE_OF_THESE)
def test_what_is_refused_names_the_field_and_changes_nothing(
    till: Till, card: Card, wrong: dict[str, Any], kind: type[Refusal], field: str
) -> None:
    till.promotion()
    given = {"member_id": card.pk, "total_value": Decimal(10)} | wrong
    with pytest.raises(kind) as refused:
        actions.add_sale(business_id=till.id, **given)
    assert list(refused.value.fields) == [field]
    with scopes_disabled():
        assert (Sale.objects.count(), SalePromotion.objects.count()) == (0, 0)
    assert (entries(card), told("sale.recorded")) == ([], [])


def test_records_of_another_business_are_not_found(till: Till, card: Card) -> None:
    other = make_till("Charlie's")
    theirs: dict[str, Any] = {
        "branch_id": other.shop.branch().pk,
        "sku_id": other.sku().pk,
        "staff_id": other.shop.owner.pk,
    }
    for field, pk in theirs.items():
        with pytest.raises(NotFound) as refused:
            till.sell(card, **{field: pk})
        assert list(refused.value.fields) == [field]
    with pytest.raises(NotFound) as refused:
        till.sell(other.shop.enrol())
    assert list(refused.value.fields) == ["member_id"]


def test_suspended_members_archived_skus_and_closed_branches_take_no_sales(till: Till, card: Card) -> None:
    with pytest.raises(Conflict) as archived:
        till.sell(card, sku_id=till.sku(archived=True).pk)
    assert archived.value.fields == {"sku_id": "is archived"}
    closed = till.closed_branch()
    with pytest.raises(NotFound) as refused:
        till.sell(card, branch_id=closed.pk)
    assert refused.value.fields == {"branch_id": "is not an active branch"}
    till.suspend(card)
    with pytest.raises(Suspended):
        till.sell(card)
    with pytest.raises(Suspended):
        till.sell(card, "-5")


def test_more_points_than_anybody_can_mean_are_refused(till: Till, card: Card) -> None:
    till.promotion("99999999.9999")
    with pytest.raises(InvalidInput) as refused:
        till.sell(card, "1000.01")
    assert list(refused.value.fields) == ["total_value"]
    assert till.sell(card, "1000.00").points == 999_999_999


def test_the_number_of_statements_does_not_grow(till: Till, card: Card) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            till.sell(card)
        return len(seen)

    for number in range(20):
        till.promotion("1", f"P{number}")
    till.sell(card)  # the first of a business makes its counters
    first = statements()
    for _ in range(5):
        till.sell(card)
    assert statements() == first
    assert first <= 14
