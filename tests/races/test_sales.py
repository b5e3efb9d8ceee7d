"""Crowds at sales: no edit is lost or counted twice, and nothing is left of what was deleted."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.ledger.models import Card, Entry
from regulars.members.actions import delete_member
from regulars.rules.errors import Conflict, NotFound
from regulars.sales import actions
from regulars.sales.models import Sale, SalePromotion
from tests.races.crowd import PATIENCE, Elsewhere, split, together
from tests.sales.till import Till, balance, entries, make_till, stored

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 64


@pytest.fixture
def till() -> Till:
    made = make_till()
    made.promotion("10")
    return made


def names(errors: list[Exception]) -> set[str]:
    return {type(error).__name__ for error in errors}


def earned_by(sale: Sale) -> int:
    """What the ledger says that a sale earned."""
    with scopes_disabled():
        rows = Entry.objects.filter(source=f"sale:{sale.pk}")
        return sum(points - shortfall for points, shortfall in rows.values_list("points", "shortfall"))


def test_all_64_sales_of_one_member_at_once_count(till: Till) -> None:
    card = till.shop.enrol()
    sales, refused = split(together(CALLERS, lambda number: till.sell(card, str(10 * number))))
    assert refused == []
    assert len({sale.code for sale in sales}) == CALLERS
    assert balance(card) == sum(range(CALLERS))
    with scopes_disabled():
        assert Entry.objects.filter(kind="points_earn").count() == CALLERS - 1
        assert Card.objects.get(pk=card.pk).version == CALLERS - 1
    assert audit().ok


def test_of_64_sales_with_one_code_one_is_recorded(till: Till) -> None:
    card = till.shop.enrol()
    sales, refused = split(together(CALLERS, lambda _: till.sell(card, code="INV-1")))
    assert (len(sales), names(refused)) == (1, {"Conflict"})
    assert all(isinstance(error, Conflict) for error in refused)
    assert balance(card) == 10
    assert audit().ok


def test_edits_of_one_sale_follow_one_another(till: Till) -> None:
    card = till.shop.enrol()
    sale = till.sell(card, "100")
    worth = together(32, lambda number: till.edit(sale, total_value=Decimal(10 * number)).points)
    edited, refused = split(worth)
    assert (sorted(edited), refused) == (list(range(32)), [])
    last = stored(sale)
    assert last is not None
    assert balance(card) == earned_by(sale) == last.points
    with scopes_disabled():
        assert [share.points for share in SalePromotion.objects.all()] == [last.points]
    assert audit().ok


def test_edits_and_deletions_of_one_sale_leave_nothing_behind(till: Till) -> None:
    card = till.shop.enrol()
    till.sell(card, "1000")
    sale = till.sell(card, "100")

    def caller(number: int) -> Any:
        if number % 4 == 3:
            return till.delete(sale)
        return till.edit(sale, total_value=Decimal(10 * number))

    done, refused = split(together(32, caller))
    assert done.count(None) == 1
    assert names(refused) == {"NotFound"}
    assert (stored(sale), earned_by(sale), balance(card)) == (None, 0, 100)
    with scopes_disabled():
        assert SalePromotion.objects.filter(sale_id=sale.pk).count() == 0
    assert audit().ok


def test_without_the_lock_two_edits_count_both_differences(
    till: Till, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    if database == "sqlite":
        pytest.skip("one transaction writes at a time, with or without a lock")
    card = till.shop.enrol()
    sale = till.sell(card, "100")
    both_read = threading.Barrier(2)

    def read_together(pk: int) -> Sale:
        found = Sale.objects.get(pk=pk)
        both_read.wait(PATIENCE)
        return found

    monkeypatch.setattr(actions, "_locked", read_together)
    _, refused = split(together(2, lambda _: till.edit(sale, total_value=Decimal(200))))
    assert refused == []
    assert balance(card) == 30  # 10, and twice the difference


def test_sales_that_change_places_between_two_members(till: Till) -> None:
    ann, ben = till.shop.enrol("Ann"), till.shop.enrol("Ben")
    sales = [till.sell(card, "100") for card in (ann, ben) * 8]

    def move(number: int) -> Sale:
        sale = sales[number]
        return till.edit(sale, member_id=ben.pk if sale.member_id == ann.pk else ann.pk)

    moved, refused = split(together(16, move))
    assert (len(moved), refused) == (16, [])
    assert (balance(ann), balance(ben)) == (80, 80)
    assert audit().ok


def test_refunds_of_one_member_at_once_take_no_more_than_there_is(till: Till) -> None:
    card = till.shop.enrol()
    till.sell(card, "300")
    refunds, refused = split(together(CALLERS, lambda _: till.sell(card, "-10")))
    assert (len(refunds), refused, balance(card)) == (CALLERS, [], 0)
    assert sum(points for kind, points, _ in entries(card) if kind == "points_reverse") == -30
    assert sum(shortfall for _, _, shortfall in entries(card)) == CALLERS - 30
    assert audit().ok


def test_a_member_who_is_erased_first_takes_no_sale(till: Till, database: str) -> None:
    for value in ("100", "0.01"):  # with points, and without
        card = till.shop.enrol()
        with Elsewhere() as owner, Elsewhere() as clerk:
            owner.open_transaction()
            owner(delete_member, business_id=till.id, member_id=card.pk)
            pending = clerk.begin(till.sell, card, value)
            with pytest.raises(TimeoutError):
                pending.result(0.3)
            owner.commit()
            with pytest.raises(NotFound):
                pending.result(PATIENCE)
    with scopes_disabled():
        assert Sale.objects.count() == 0
    assert audit().ok


@pytest.mark.parametrize("what", ["sell", "sell nothing", "edit", "move", "move nothing", "delete"])
def test_an_erasure_waits_for_what_is_under_way_with_a_sale(till: Till, what: str) -> None:
    card, other = till.shop.enrol(), till.shop.enrol("Other")
    sale, theirs, nothing = till.sell(card), till.sell(other), till.sell(other, "0.01")
    acts: dict[str, Any] = {
        "sell": lambda: till.sell(card),
        "sell nothing": lambda: till.sell(card, "0.01"),
        "edit": lambda: till.edit(sale, total_value=Decimal(500)),
        "move": lambda: till.edit(theirs, member_id=card.pk),
        "move nothing": lambda: till.edit(nothing, member_id=card.pk),
        "delete": lambda: till.delete(sale),
    }
    with Elsewhere() as clerk, Elsewhere() as owner:
        clerk.open_transaction()
        clerk(acts[what])
        pending = owner.begin(delete_member, business_id=till.id, member_id=card.pk)
        with pytest.raises(TimeoutError):
            pending.result(0.3)
        clerk.commit()
        pending.result(PATIENCE)
    with scopes_disabled():
        left = set(Sale.objects.values_list("pk", flat=True))
        gone = {"move": theirs.pk, "move nothing": nothing.pk}.get(what)
        assert left == {theirs.pk, nothing.pk} - {gone}
        assert SalePromotion.objects.count() == len(left)
        assert not Entry.objects.filter(card_id=card.pk).exists()
    assert audit().ok


def test_a_sale_that_moves_away_while_its_member_is_erased_stays_whole(till: Till) -> None:
    gone, stays = till.shop.enrol(), till.shop.enrol("Stays")
    sale = till.sell(gone)
    with Elsewhere() as clerk, Elsewhere() as owner:
        clerk.open_transaction()
        clerk(till.edit, sale, member_id=stays.pk)
        pending = owner.begin(delete_member, business_id=till.id, member_id=gone.pk)
        with pytest.raises(TimeoutError):
            pending.result(0.3)
        clerk.commit()
        pending.result(PATIENCE)
    found = stored(sale)
    assert found is not None
    assert (found.member_id, balance(stays)) == (stays.pk, 10)
    with scopes_disabled():
        assert SalePromotion.objects.filter(sale=sale).count() == 1
    assert audit().ok


def test_everything_at_once(till: Till) -> None:
    cards = [till.shop.enrol(name) for name in ("Ann", "Ben", "Cem")]
    sales = [till.sell(card, "100") for card in cards for _ in range(3)]

    def caller(number: int) -> Any:
        sale, card = sales[number % 9], cards[number % 3]
        match number % 5:
            case 0:
                return till.sell(card, "50")
            case 1:
                return till.edit(sale, total_value=Decimal(number))
            case 2:
                return till.edit(sale, member_id=card.pk)
            case 3:
                return till.delete(sale)
            case _:
                return till.spend(card, 3)

    _, refused = split(together(45, caller))
    assert names(refused) <= {"NotFound", "NotEnoughPoints"}
    assert audit().ok
    with scopes_disabled():
        assert all(earned_by(sale) == sale.points for sale in Sale.objects.all())
