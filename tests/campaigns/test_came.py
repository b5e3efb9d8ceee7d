"""What came of a campaign: who came in the 14 days after it, beside those before."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import scope

from regulars.campaigns import came
from regulars.campaigns.models import Campaign
from regulars.ledger import actions as ledger
from regulars.ledger.models import Card
from regulars.messages.models import Message
from regulars.sales.actions import add_sale
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

SENT = timezone.now() - dt.timedelta(days=20)


def day(number: float) -> dt.datetime:
    return SENT + dt.timedelta(days=number)


def sent_to(shop: Shop, *cards: Card, at: dt.datetime = SENT, status: str = "sent") -> Campaign:
    with scope(business=shop.business):
        campaign = Campaign.objects.create(
            business=shop.business, name="Spring", message="Hello", status="sent", sent_at=at
        )
        for card in cards:
            Message.objects.create(
                business=shop.business,
                member_id=card.pk,
                kind="campaign",
                campaign_id=campaign.pk,
                key=f"campaign:{campaign.pk}:{card.pk}",
                status=status,
                sent_at=at,
            )
    return campaign


def visit(shop: Shop, card: Card, at: float) -> int:
    return ledger.add_stamps(business_id=shop.id, qr_code=card.qr_code, occurred_at=day(at)).entry_id


def buy(shop: Shop, card: Card, at: float, value: int) -> None:
    given: dict[str, Any] = {"total_value": Decimal(value), "occurred_at": day(at)}
    add_sale(business_id=shop.id, member_id=card.pk, **given)


def test_visits_and_sales_of_those_who_got_it_are_told_beside_those_before() -> None:
    shop = make_shop()
    one, two, three, four, stranger = (shop.enrol() for _ in range(5))
    campaign = sent_to(shop, one, two, three, four)
    buy(shop, one, -13.9, 30)  # before
    visit(shop, one, 1)
    visit(shop, one, 2)
    buy(shop, two, 13.9, 50)
    buy(shop, two, 3, -20)  # a refund is no coming, and is taken off
    buy(shop, three, 5, -5)
    buy(shop, four, 14.1, 70)  # too late
    visit(shop, four, -14.1)  # too early
    buy(shop, stranger, 1, 90)
    found = came.came_of(campaign)
    assert found is not None
    assert (found.looked_at, found.over, found.until) == (4, True, day(14))
    assert found.after == came.Window(2, Decimal(25))
    assert found.before == came.Window(1, Decimal(30))


def test_a_visit_that_was_taken_back_and_stamps_without_one_do_not_count() -> None:
    shop = make_shop()
    one, two = shop.enrol(), shop.enrol()
    campaign = sent_to(shop, one, two)
    entry = visit(shop, one, 1)
    ledger.undo(business_id=shop.id, entry_id=entry, occurred_at=day(16))
    ledger.add_stamps(business_id=shop.id, qr_code=two.qr_code, visit=False, occurred_at=day(1))
    found = came.came_of(campaign)
    assert found is not None
    assert found.after.came == 0


def test_while_days_are_to_come_as_many_are_looked_at_before() -> None:
    shop = make_shop()
    card = shop.enrol()
    campaign = sent_to(shop, card)
    visit(shop, card, -3)
    visit(shop, card, 1)
    found = came.came_of(campaign, now=day(2))
    assert found is not None
    assert (found.over, found.until, found.after.came, found.before.came) == (False, day(2), 1, 0)


def test_nothing_is_told_of_what_nobody_got() -> None:
    shop = make_shop()
    assert came.came_of(sent_to(shop, shop.enrol(), status="failed")) is None
    with scope(business=shop.business):
        draft = Campaign.objects.create(business=shop.business, name="Draft", message="Hello")
    assert came.came_of(draft) is None


def test_its_cost_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    cards = [shop.enrol() for _ in range(4)]
    campaign = sent_to(shop, *cards)
    for card in cards:
        visit(shop, card, 1)
    monkeypatch.setattr(came, "MOST", 3)
    with CaptureQueriesContext(connection) as asked:
        found = came.came_of(campaign)
    assert found is not None
    assert (found.looked_at, found.after.came, len(asked)) == (3, 3, 3)
