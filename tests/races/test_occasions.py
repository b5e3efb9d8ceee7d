"""Crowds at one occasion: it gives once, whoever comes first."""

import datetime as dt
from typing import Any

import pytest
from django_scopes import scope

from regulars.analytics.audit import audit
from regulars.ledger.models import Card, PointsAdjustment
from regulars.promotions import actions, occasions
from regulars.promotions.daily import run_daily
from regulars.rules.errors import Conflict
from regulars.vouchers import actions as vouchers
from regulars.vouchers.models import VoucherIssue
from tests.factories import Shop, make_shop
from tests.races.crowd import split, together

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 64
NOON = dt.datetime(2026, 11, 1, 6, 30, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    shop = make_shop()
    for points in (5, 3):
        actions.add_event_promotion(
            business_id=shop.id, points_to_award=points, auto_allocate_on_event="monthly"
        )
    vouchers.add_voucher(business_id=shop.id, name="Cake", value=5, auto_allocate_on_event="monthly")
    return shop


def test_of_64_who_tell_of_one_occasion_it_gives_once(shop: Shop) -> None:
    card = shop.enrol()

    def tell(_: int) -> occasions.Given:
        return occasions.happened(
            business_id=shop.id, member_id=card.pk, event="monthly", occasion="month:2026-11"
        )

    told, errors = split(together(CALLERS, tell))
    assert errors == []
    assert sum(given.points for given in told) == 8
    assert sum(len(given.promotions) for given in told) == 2
    assert sum(len(given.vouchers) for given in told) == 1
    with scope(business=shop.business):
        assert Card.objects.get(pk=card.pk).points == 8
        assert sorted(PointsAdjustment.objects.values_list("points", flat=True)) == [3, 5]
        assert VoucherIssue.objects.count() == 1
    assert audit().ok


def test_of_8_daily_runs_at_once_each_gift_is_given_by_one(shop: Shop) -> None:
    joined = NOON - dt.timedelta(days=365)
    for _ in range(10):
        shop.enrol(occurred_at=joined)
    done, errors = split(together(8, lambda _: run_daily(business_id=shop.id, now=NOON)))
    assert errors == []
    assert sum(result.points for result in done) == 80
    assert sum(result.vouchers for result in done) == 10
    with scope(business=shop.business):
        assert set(Card.objects.values_list("points", flat=True)) == {8}
        assert VoucherIssue.objects.count() == 10
    assert run_daily(business_id=shop.id, now=NOON).points == 0
    assert audit().ok


def test_of_64_who_take_one_code_exactly_one_gets_it(shop: Shop) -> None:
    given: dict[str, Any] = {"business_id": shop.id, "code": "SUMMER", "percent_of_spend": 10}
    made, refused = split(together(CALLERS, lambda _: actions.add_promotion(**given)))
    assert (len(made), {type(error) for error in refused}) == (1, {Conflict})


def test_64_who_leave_the_code_to_us_get_one_each(shop: Shop) -> None:
    made, refused = split(
        together(CALLERS, lambda _: actions.add_promotion(business_id=shop.id, percent_of_spend=10))
    )
    assert refused == []
    assert sorted(promotion.code for promotion in made) == [f"P{number:06d}" for number in range(1, 65)]
