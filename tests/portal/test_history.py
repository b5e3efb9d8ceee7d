"""What happened on a card, in words."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.ledger import actions as ledger
from regulars.ledger import adjustments
from regulars.ledger.models import Card
from regulars.ledger.undoing import undo
from regulars.portal.history import FILTERS, HistoryRow, history
from regulars.promotions import actions as promotions
from regulars.sales import actions as sales
from tests.factories import Shop, make_shop
from tests.vouchers.given import issue, voucher

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def said(rows: list[HistoryRow]) -> list[tuple[str, str]]:
    return [(row.text, row.amount) for row in rows]


@pytest.fixture
def card(shop: Shop) -> Card:
    """A card with a long life."""
    about: dict[str, Any] = {"business_id": shop.id}
    promotions.add_event_promotion(**about, name="Hi", points_to_award=40, auto_allocate_on_event="signup")
    promotions.add_promotion(**about, name="All", percent_of_spend=100)
    with time_machine.travel("2026-05-20 10:00:00Z", tick=False):
        card = shop.enrol()
        given = shop.stamp(card, 9, branch_id=shop.branch("Old Town").pk)
        ledger.redeem_reward(**about, qr_code=card.qr_code)
    with time_machine.travel("2026-05-21 10:00:00Z", tick=False):
        wrong = shop.stamp(card, 1)
        undo(**about, entry_id=wrong.entry_id)
        taken = ledger.take_stamps(**about, member_id=card.pk, count=1, reason="Given twice")
        undo(**about, entry_id=taken.entry_id)
        sales.add_sale(**about, member_id=card.pk, total_value=Decimal(1500))
        issue(shop, voucher(shop, "Cake", points_required=50), card)
        adjustments.add_adjustment(**about, member_id=card.pk, points=-1)
    assert given.rewards_earned == 1
    return card


def test_every_kind_has_its_words(shop: Shop, card: Card) -> None:
    rows = history(business_id=shop.id, member_id=card.pk)
    assert said(rows) == [
        ("Points used", "\N{MINUS SIGN}1 point"),
        ("Voucher: Cake", "\N{MINUS SIGN}50 points"),
        ("Purchase", "+1,500 points"),
        ("Stamps given back", "+1 stamp"),
        ("Stamps taken", "\N{MINUS SIGN}1 stamp"),
        ("Stamps taken back", "\N{MINUS SIGN}1 stamp"),
        ("Visit", "+1 stamp"),
        (f"Reward: {shop.business.program.reward_description}", ""),
        ("Visit", "+9 stamps"),
        ("Welcome gift", "+40 points"),
        ("You joined", ""),
    ]
    assert [row.text for row in rows if row.undone] == ["Stamps taken", "Visit"]
    assert (rows[8].branch, rows[8].day, rows[8].stamps_after) == ("Old Town", dt.date(2026, 5, 20), 1)


def test_it_is_found_by_kind_and_day_and_page_by_page(shop: Shop, card: Card) -> None:
    which: dict[str, Any] = {"business_id": shop.id, "member_id": card.pk}
    rows = history(**which)
    assert sum(len(history(**which, only=one)) for one in FILTERS) == len(rows) - 1
    assert history(**which, only="rewards") == [rows[7]]
    assert history(**which, last_day=dt.date(2026, 5, 20)) == rows[7:]
    assert history(**which, first_day=dt.date(2026, 5, 21)) == rows[:7]
    assert history(**which, before=rows[2].id, most=3) == rows[3:6]
    with CaptureQueriesContext(connection) as caught:
        history(**which)
    assert len(caught) == 1


def test_a_purchase_that_was_deleted_is_told_to_be(shop: Shop, card: Card) -> None:
    sale = sales.add_sale(business_id=shop.id, member_id=card.pk, total_value=Decimal(30))
    sales.edit_sale(business_id=shop.id, pk=sale.pk, total_value=Decimal(20))
    sales.delete_sale(business_id=shop.id, pk=sale.pk)
    assert said(history(business_id=shop.id, member_id=card.pk))[:3] == [
        ("Purchase deleted", "\N{MINUS SIGN}20 points"),
        ("Purchase changed", "\N{MINUS SIGN}10 points"),
        ("Purchase", "+30 points"),
    ]
