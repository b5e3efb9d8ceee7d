"""Figures of points: what was earned less what was taken back, what was used less what was given back."""

import datetime as dt

import pytest
import time_machine
from django_scopes import scopes_disabled

from regulars.analytics import rollup, tail
from regulars.analytics.audit import audit
from regulars.analytics.models import DayTotal, Erased, Sums, Total
from regulars.ledger import audit as ledger_audit
from regulars.ledger import points
from regulars.ledger.corrections import change_points
from regulars.ledger.models import Card
from regulars.members.actions import delete_member
from regulars.tenants.models import Business
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

MONDAY = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
EARNED, USED = Sums.COLUMNS.index("points_earned"), Sums.COLUMNS.index("points_used")


@pytest.fixture
def shop() -> Shop:
    shop = make_shop()
    Business.objects.filter(pk=shop.id).update(refund_policy="allow_negative")
    return shop


def history(shop: Shop) -> Card:
    """Two days: much is earned and used on the first, and some of it undone on the second."""
    card = shop.enrol(occurred_at=MONDAY)
    about = {"business_id": shop.id, "member_id": card.pk}
    with time_machine.travel(MONDAY, tick=False):
        change_points(**about, source="sale:1", before=0, after=100)
        change_points(**about, source="issue:1", before=0, after=-70)
        points.add_points(**about, points_to_add=8, expires_on=MONDAY.date())
    with time_machine.travel(MONDAY + dt.timedelta(days=1), tick=False):
        points.expire_points(business_id=shop.id)
        change_points(**about, source="sale:1", before=100, after=60)
        change_points(**about, source="issue:1", before=-70, after=-20)
    return card


def by_day(shop: Shop) -> list[tuple[int, int]]:
    with scopes_disabled():
        rows = DayTotal.objects.filter(business=shop.business).order_by("day")
        return list(rows.values_list("points_earned", "points_used"))


def all_time(shop: Shop) -> tuple[int, int]:
    with scopes_disabled():
        total = Total.objects.get(business=shop.business)
    return total.points_earned, total.points_used


@pytest.fixture(autouse=True)
def _no_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sales and issues of these tests are in no table, and that is not their subject."""
    monkeypatch.setattr(ledger_audit, "_registered", {})


def test_what_was_undone_lowers_the_figures_of_its_own_day(shop: Shop) -> None:
    history(shop)
    rollup.roll_up_all()
    assert by_day(shop) == [(108, 70), (-40, 8 - 50)]
    assert all_time(shop) == (68, 28)
    assert audit().ok


def test_the_tail_counts_as_the_totals_do(shop: Shop) -> None:
    history(shop)
    whole = tail.add_up(tail.read_tail(business_id=shop.id, watermark=0, gaps=[]))
    assert (whole.totals[shop.id][EARNED], whole.totals[shop.id][USED]) == (68, 28)
    days = [sums for _, sums in sorted(whole.days.items(), key=lambda item: item[0][2])]
    assert [(sums[EARNED], sums[USED]) for sums in days] == [(108, 70), (-40, -42)]


def test_they_are_the_card_s_own_totals(shop: Shop) -> None:
    card = history(shop)
    rollup.roll_up_all()
    with scopes_disabled():
        now = Card.objects.get(pk=card.pk)
    assert all_time(shop) == (now.points_earned, now.points_spent + now.points_expired)


def test_they_stay_when_the_member_is_erased(shop: Shop) -> None:
    card = history(shop)
    delete_member(business_id=shop.id, member_id=card.pk)
    assert all_time(shop) == (68, 28)
    with scopes_disabled():
        erased = Erased.objects.get(business=shop.business)
    assert (erased.points_earned, erased.points_used) == (68, 28)
    assert audit().ok


def test_a_wrong_figure_is_found(shop: Shop) -> None:
    history(shop)
    rollup.roll_up_all()
    with scopes_disabled():
        Total.objects.filter(business=shop.business).update(points_earned=108, points_used=78)
    found = {difference["check"] for difference in audit().differences}
    assert found == {
        f"figures: {name} {what}"
        for name in ("points_earned", "points_used")
        for what in ("of all time", "by day")
    }
