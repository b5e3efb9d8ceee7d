"""Sales that are changed or deleted: the points follow exactly, by the refund policy, on the right cards."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scopes_disabled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.analytics.audit import audit
from regulars.ledger.models import Card
from regulars.members.actions import delete_member
from regulars.promotions.models import Promotion
from regulars.rules.errors import Conflict, InvalidInput, NotFound, Suspended
from regulars.sales.models import Sale, SalePromotion
from tests.sales.till import DAY, NOON, Till, balance, entries, make_till, shares, stored, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def till() -> Till:
    made = make_till()
    made.promotion("10")
    return made


@pytest.fixture
def card(till: Till) -> Card:
    return till.shop.enrol(occurred_at=NOON - dt.timedelta(days=10))


def test_a_larger_value_earns_the_difference_as_a_lot_of_its_own(till: Till, card: Card) -> None:
    sale = till.sell(card, "100")
    edited = till.edit(sale, total_value=Decimal(250))
    assert (edited.points, shares(edited), balance(card)) == (25, [("P1", 25)], 25)
    assert entries(card) == [("points_earn", 10, 0), ("points_earn", 15, 0)]
    assert [(one.code, one.points) for one in edited.sale_promotions] == [("P1", 25)]
    assert audit().ok


def test_a_smaller_value_takes_the_difference_back(till: Till, card: Card) -> None:
    sale = till.sell(card, "100")
    till.edit(sale, total_value=Decimal(30))
    assert (balance(card), entries(card)[-1]) == (3, ("points_reverse", -7, 0))
    assert audit().ok


@pytest.mark.parametrize(
    ("policy", "after", "entry"),
    [
        ("to_zero", 0, ("points_reverse", -4, 6)),
        ("allow_negative", -6, ("points_reverse", -10, 0)),
        ("keep", 4, ("points_reverse", 0, 10)),
    ],
)
def test_what_is_spent_already_comes_back_by_the_policy(
    till: Till, card: Card, policy: str, after: int, entry: tuple[str, int, int]
) -> None:
    till.set(refund_policy=policy)
    sale = till.sell(card, "100")
    till.spend(card, 6)
    till.delete(sale)
    assert (stored(sale), balance(card), entries(card)[-1]) == (None, after, entry)
    assert audit().ok


def test_there_and_back_again_gives_nothing_twice(till: Till, card: Card) -> None:
    sale = till.sell(card, "100")
    till.spend(card, 10)
    till.edit(sale, total_value=Decimal(0))
    assert balance(card) == 0
    till.edit(sale, total_value=Decimal(100))
    assert balance(card) == 0  # the ten that could not be taken back were kept all the time
    till.edit(sale, total_value=Decimal(120))
    assert balance(card) == 2
    till.delete(sale)
    assert balance(card) == 0
    assert audit().ok


def test_a_refund_that_is_deleted_gives_back_what_it_took_and_no_more(till: Till, card: Card) -> None:
    till.sell(card, "60")
    refund = till.sell(card, "-100")
    assert (balance(card), entries(card)[-1]) == (0, ("points_reverse", -6, 4))
    till.edit(refund, total_value=Decimal(-70))
    assert balance(card) == 0
    till.delete(refund)
    assert balance(card) == 6
    assert audit().ok


def test_a_sale_that_becomes_a_refund_and_the_reverse(till: Till, card: Card) -> None:
    till.sell(card, "200")
    sale = till.sell(card, "50")
    assert till.edit(sale, total_value=Decimal(-50)).points == -5
    assert balance(card) == 15
    assert till.edit(sale, total_value=Decimal(30)).points == 3
    assert balance(card) == 23
    assert audit().ok


@pytest.mark.parametrize(
    "changes",
    [
        {"notes": "by hand"},
        {"transaction_ref": "R2", "tax_type": "VAT", "qty": Decimal(3)},
        {"code": "NEW"},
        {"total_value": Decimal("100.00")},
        {},
    ],
)
def test_what_does_not_change_the_price_moves_no_points(
    till: Till, card: Card, changes: dict[str, Any]
) -> None:
    sale = till.sell(card, "100")
    till.promotion("50", "LATER")  # applied anew, it would give more
    edited = till.edit(sale, **changes)
    for name, value in changes.items():
        assert getattr(edited, name) == value
    assert (edited.points, entries(card), shares(edited)) == (10, [("points_earn", 10, 0)], [("P1", 10)])


def test_a_code_may_change_its_case(till: Till, card: Card) -> None:
    sale = till.sell(card, code="inv-1")
    assert till.edit(sale, code="INV-1").code == "INV-1"


def test_an_edit_applies_the_promotions_as_they_are_now(till: Till, card: Card) -> None:
    sale = till.sell(card, "100")
    with scopes_disabled():
        Promotion.objects.get().delete()
    assert shares(sale) == [("P1", 10)]  # its code outlives the promotion
    till.promotion("50", "LATER")
    edited = till.edit(sale, total_value=Decimal(200))
    assert (edited.points, shares(edited), balance(card)) == (100, [("LATER", 100)], 100)


def test_date_sku_and_branch_decide_anew_which_promotions_fit(till: Till, card: Card) -> None:
    sku, branch = till.sku(), till.shop.branch()
    till.promotion("1", "P2", sku=sku)
    till.promotion("2", "P3", branch=branch)
    till.promotion("4", "P4", date_to=DAY - dt.timedelta(days=1))
    sale = till.sell(card, "100")
    worth = [
        till.edit(sale, **changes).points
        for changes in (
            {"sku_id": sku.pk},
            {"branch_id": branch.pk},
            {"occurred_at": NOON - dt.timedelta(days=1)},
            {"sku_id": None, "branch_id": None},
            {"occurred_at": NOON},
        )
    ]
    assert worth == [11, 13, 17, 14, 10]
    assert balance(card) == 10
    assert audit().ok


def test_a_sale_that_goes_to_another_member_takes_its_points_along(till: Till, card: Card) -> None:
    bob = till.shop.enrol("Bob")
    sale = till.sell(card, "100")
    till.spend(card, 4)
    edited = till.edit(sale, member_id=bob.pk, total_value=Decimal(150))
    assert (edited.member_id, edited.member.name, edited.points) == (bob.pk, "Bob", 15)
    assert (balance(card), balance(bob)) == (0, 15)
    assert entries(card)[-1] == ("points_reverse", -6, 4)
    till.edit(sale, member_id=card.pk)
    assert (balance(card), balance(bob)) == (11, 0)  # the four that were spent are not given twice
    till.delete(sale)
    assert (balance(card), balance(bob)) == (0, 0)
    assert audit().ok


def test_the_group_of_the_new_member_counts(till: Till, card: Card) -> None:
    bob = till.shop.enrol("Bob")
    till.promotion("5", "GOLD", group=till.group(bob))
    sale = till.sell(card, "100")
    assert till.edit(sale, member_id=bob.pk).points == 15


def test_emptied_fields_are_erased_and_others_stay(till: Till, card: Card) -> None:
    sale = till.sell(card, "100", notes="a", qty=Decimal(2), tax_type="VAT", sku_id=till.sku().pk)
    edited = till.edit(sale, notes="", qty=None, sku_id=None)
    assert (edited.notes, edited.qty, edited.sku, edited.tax_type) == ("", None, None, "VAT")
    assert edited.modified_at > sale.modified_at
    assert edited.created_at == sale.created_at


def test_points_of_suspended_members_can_be_taken_back_but_not_given(till: Till, card: Card) -> None:
    sale, other = till.sell(card, "100"), till.sell(card, "10")
    till.suspend(card)
    with pytest.raises(Suspended):
        till.edit(sale, total_value=Decimal(200))
    assert (stored(sale) or sale).total_value == 100
    till.edit(sale, total_value=Decimal(50))
    till.delete(other)
    assert balance(card) == 5
    assert audit().ok


@pytest.mark.parametrize(
    ("changes", "kind", "field"),
    [
        ({"total_value": None}, InvalidInput, "total_value"),
        ({"total_value": Decimal("0.001")}, InvalidInput, "total_value"),
        ({"member_id": None}, InvalidInput, "member_id"),
        ({"occurred_at": None}, InvalidInput, "occurred_at"),
        ({"occurred_at": dt.datetime(2199, 1, 1, tzinfo=dt.UTC)}, InvalidInput, "occurred_at"),
        ({"code": ""}, InvalidInput, "code"),
        ({"code": "other"}, Conflict, "code"),
        ({"points": 5}, InvalidInput, "points"),
        ({"member_id": 10**15}, NotFound, "member_id"),
        ({"sku_id": 10**15}, NotFound, "sku_id"),
        ({"branch_id": 10**15}, NotFound, "branch_id"),
        ({"staff_id": 10**15}, NotFound, "staff_id"),
    ],
)
def test_a_refused_change_changes_nothing(
    till: Till, card: Card, changes: dict[str, Any], kind: type[Exception], field: str
) -> None:
    till.sell(card, "10", code="OTHER")
    sale = till.sell(card, "100")
    before = entries(card)
    with pytest.raises(kind) as refused:
        till.edit(sale, notes="new", **changes)
    assert list(refused.value.fields) == [field]  # type: ignore[attr-defined]
    found = stored(sale)
    assert found is not None
    assert (found.notes, found.points, found.modified_at) == ("", 10, sale.modified_at)
    assert (entries(card), shares(sale)) == (before, [("P1", 10)])
    assert told("sale.changed") == []


def test_an_archived_sku_and_a_closed_branch_stay_with_the_sales_that_have_them(
    till: Till, card: Card
) -> None:
    sku, branch = till.sku(), till.shop.branch()
    sale, other = till.sell(card, sku_id=sku.pk, branch_id=branch.pk), till.sell(card)
    with scopes_disabled():
        type(sku).objects.update(archived=True)
        type(branch).objects.update(is_active=False)
    assert till.edit(sale, total_value=Decimal(50)).points == 5
    with pytest.raises(Conflict):
        till.edit(other, sku_id=sku.pk)
    with pytest.raises(NotFound):
        till.edit(other, branch_id=branch.pk)
    till.delete(sale)
    assert balance(card) == 10


def test_sales_of_another_business_are_not_found_and_stay(till: Till, card: Card) -> None:
    sale, charlie = till.sell(card), make_till("Charlie's")
    for act in (lambda: charlie.edit(sale, notes="mine"), lambda: charlie.delete(sale)):
        with pytest.raises(NotFound) as refused:
            act()
        assert refused.value.fields == {"code": "is unknown"}
    with pytest.raises(NotFound):
        till.edit(sale, member_id=charlie.shop.enrol().pk)
    assert stored(sale) is not None
    assert balance(card) == 10


def test_a_deleted_sale_is_gone_with_all_that_belongs_to_it(till: Till, card: Card) -> None:
    sale = till.sell(card)
    till.delete(sale)
    with scopes_disabled():
        assert SalePromotion.objects.count() == 0
    for act in (till.delete, till.edit):
        with pytest.raises(NotFound):
            act(sale)
    assert told("sale.deleted") == told("sale.recorded")
    assert [one["points"] for one in told("sale.recorded")] == [10]


def test_what_is_told_about_a_change(till: Till, card: Card) -> None:
    sale = till.sell(card)
    till.edit(sale, total_value=Decimal("12.5"), code="X")
    (event,) = told("sale.changed")
    assert (event["code"], event["total_value"], event["points"]) == ("X", "12.50", 1)


def test_a_member_who_is_erased_takes_their_sales_along(till: Till, card: Card) -> None:
    bob = till.shop.enrol("Bob")
    till.sell(card, notes="gone")
    stays = till.sell(bob)
    delete_member(business_id=till.id, member_id=card.pk)
    with scopes_disabled():
        assert [sale.pk for sale in Sale.objects.all()] == [stays.pk]
        assert [share.sale_id for share in SalePromotion.objects.all()] == [stays.pk]
    assert audit().ok


VALUES = st.decimals(Decimal(-100), Decimal(300), places=2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("value"), VALUES),
        st.tuples(st.just("move"), st.just(Decimal(0))),
        st.tuples(st.just("delete"), st.just(Decimal(0))),
        st.tuples(st.just("sell"), VALUES),
        st.tuples(st.just("spend"), st.integers(1, 20).map(Decimal)),
    ),
    max_size=10,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, policy=st.sampled_from(["to_zero", "allow_negative", "keep"]))
def test_whatever_happens_to_sales_ledger_and_documents_agree(
    till: Till, steps: list[tuple[str, Decimal]], policy: str
) -> None:
    till.set(refund_policy=policy, points_per_sale_cap=25)
    cards = [till.shop.enrol(name) for name in ("Ann", "Ben")]
    sales = [till.sell(card, "100") for card in cards]
    for number, (what, value) in enumerate(steps):
        if what == "spend":
            if balance(cards[0]) >= value:
                till.spend(cards[0], int(value))
        elif what == "sell" or not sales:
            sales.append(till.sell(cards[number % 2], str(value)))
        elif what == "value":
            sales[0] = till.edit(sales[0], total_value=value)
        elif what == "move":
            other = cards[sales[0].member_id == cards[0].pk]
            sales[0] = till.edit(sales[0], member_id=other.pk)
        else:
            till.delete(sales.pop(0))
    report = audit()
    assert report.ok, report.differences
    if policy == "allow_negative":  # nothing is ever lacking: what was spent apart, sales decide
        spent = sum(points for card in cards for kind, points, _ in entries(card) if kind == "points_spend")
        assert sum(map(balance, cards)) == sum(sale.points for sale in sales) + spent
    for card in cards:
        delete_member(business_id=till.id, member_id=card.pk)
