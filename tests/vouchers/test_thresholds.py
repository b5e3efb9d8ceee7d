"""Vouchers that are issued by themselves when points reach a number."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from regulars.analytics.audit import audit
from regulars.ledger import points
from regulars.ledger.corrections import change_points
from regulars.ledger.models import Card
from regulars.members.models import Member
from regulars.tenants.models import Business
from regulars.vouchers import issuing, redeeming, thresholds
from regulars.vouchers.models import Voucher
from tests.factories import Shop, make_shop
from tests.vouchers.given import balance, codes, earn, issue, issues, rows, voucher

pytestmark = pytest.mark.django_db

NEW_YEAR = dt.datetime(2026, 1, 1, 6, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol(occurred_at=NEW_YEAR - dt.timedelta(days=2_000))


def on_required(shop: Shop, required: int, **fields: Any) -> Voucher:
    event = "points_reach_required"
    return voucher(shop, points_required=required, auto_allocate_on_event=event, **fields)


def on_value(shop: Shop, value: str, **fields: Any) -> Voucher:
    return voucher(shop, value=Decimal(value), auto_allocate_on_event="points_reach_value", **fields)


def on_earned(shop: Shop, number: int, months: int | None = None, **fields: Any) -> Voucher:
    return voucher(shop, trigger_on_total_points_earned=number, points_earned_in_months=months, **fields)


def got(shop: Shop, card: Card) -> list[tuple[int, int]]:
    """Codes and points of each issue."""
    assert audit().ok
    return [(one.qty, one.points_used) for one in issues(shop, card)]


def earn_on(shop: Shop, card: Card, day: int, number: int = 100) -> None:
    earn(shop, card, number, occurred_at=NEW_YEAR + dt.timedelta(days=day))


def test_at_the_required_points_it_is_issued_and_they_are_taken(shop: Shop, card: Card) -> None:
    of = on_required(shop, 100)
    earn(shop, card, 99)
    assert got(shop, card) == []
    earn(shop, card, 1)
    assert got(shop, card) == [(1, 100)]
    (made,) = issues(shop, card)
    assert (made.voucher_id, made.occasion, balance(card), len(codes(made))) == (of.pk, None, 0, 1)


def test_several_at_once_are_one_issue(shop: Shop, card: Card) -> None:
    on_required(shop, 100)
    earn(shop, card, 350)
    assert (got(shop, card), balance(card)) == ([(3, 300)], 50)
    earn(shop, card, 60)
    assert (got(shop, card), balance(card)) == ([(3, 300), (1, 100)], 10)


def test_it_is_all_or_nothing_with_the_points(
    shop: Shop, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_required(shop, 100)

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(thresholds, "try_carry_out", broken)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        earn(shop, card, 100)
    assert (balance(card), got(shop, card)) == (0, [])


def test_the_limit_ends_it(shop: Shop, card: Card) -> None:
    on_required(shop, 100, limited_to_per_member=2)
    earn(shop, card, 350)
    earn(shop, card, 100)
    assert (got(shop, card), balance(card)) == ([(2, 200)], 250)


def test_the_first_voucher_takes_first_and_the_next_what_is_left(shop: Shop, card: Card) -> None:
    on_required(shop, 100, limited_to_per_member=1)
    on_required(shop, 80)
    on_required(shop, 10, limited_to_per_member=1)
    earn(shop, card, 200)
    assert (got(shop, card), balance(card)) == ([(1, 100), (1, 80), (1, 10)], 10)


@pytest.mark.parametrize(
    "terms", [{"date_to": dt.date(2020, 1, 1)}, {"date_from": dt.date(2100, 1, 1)}, {"branch_id": 0}]
)
def test_terms_count(shop: Shop, card: Card, terms: dict[str, Any]) -> None:
    if "branch_id" in terms:
        terms = {"branch_id": shop.branch().pk}
    on_required(shop, 100, **terms)
    on_earned(shop, 100, **terms)
    earn(shop, card, 100)
    assert (got(shop, card), balance(card)) == ([], 100)


def test_what_has_expired_buys_nothing(shop: Shop, card: Card) -> None:
    of = on_required(shop, 100)
    earn(shop, card, 90, expires_on=dt.date(2020, 1, 1))
    earn(shop, card, 90)
    assert (got(shop, card), balance(card)) == ([], 180)
    earn(shop, card, 10)
    assert (got(shop, card), balance(card)) == ([(1, 100)], 90)
    assert of.points_required == 100


def test_points_reach_the_value_at_what_a_point_is_worth(shop: Shop, card: Card) -> None:
    Business.objects.filter(pk=shop.id).update(point_value=Decimal("0.03"))
    on_value(shop, "5.00")  # 167 points are worth 5.01
    earn(shop, card, 166)
    assert got(shop, card) == []
    earn(shop, card, 1)
    assert (got(shop, card), balance(card)) == ([(1, 167)], 0)
    earn(shop, card, 400)
    assert (got(shop, card), balance(card)) == ([(1, 167), (2, 334)], 66)


def test_a_value_in_points_is_reached_by_so_many(shop: Shop, card: Card) -> None:
    on_value(shop, "250", value_type=2)
    earn(shop, card, 520)
    assert (got(shop, card), balance(card)) == ([(2, 500)], 20)
    assert [row.value for row in rows(issues(shop, card)[0])] == [Decimal("2.50")] * 2


def test_a_value_may_be_reached_at_one_number_and_cost_another(shop: Shop, card: Card) -> None:
    on_value(shop, "250", value_type=2, points_required=100)
    earn(shop, card, 249)
    assert got(shop, card) == []
    earn(shop, card, 201)  # 450, 350 and 250 reach it, 150 does not
    assert (got(shop, card), balance(card)) == ([(3, 300)], 150)


def test_points_earned_trigger_once_for_ever_and_cost_nothing(shop: Shop, card: Card) -> None:
    on_earned(shop, 100, points_required=70)
    earn(shop, card, 99)
    points.spend_points(business_id=shop.id, member_id=card.pk, points_to_spend=99)
    assert got(shop, card) == []
    earn(shop, card, 1)
    assert (got(shop, card), balance(card)) == ([(1, 0)], 1)
    earn(shop, card, 5_000)
    assert got(shop, card) == [(1, 0)]


@pytest.mark.parametrize("months", [None, 1])
def test_points_taken_back_were_not_earned(shop: Shop, card: Card, months: int | None) -> None:
    on_earned(shop, 100, months)
    who = {"business_id": shop.id, "member_id": card.pk}
    change_points(**who, source="test:1", before=0, after=60)
    change_points(**who, source="test:1", before=60, after=0)
    earn(shop, card, 99)
    with scopes_disabled():
        assert not issues(shop, card)
    earn(shop, card, 1)
    assert len(issues(shop, card)) == 1


def test_only_the_points_of_the_window_count(shop: Shop, card: Card) -> None:
    on_earned(shop, 100, 2)
    earn_on(shop, card, 0, 60)
    earn_on(shop, card, 59, 30)  # 1 March: the window began on 2 January
    assert got(shop, card) == []
    earn_on(shop, card, 60, 70)
    assert got(shop, card) == [(1, 0)]
    assert issues(shop, card)[0].occasion == "earned:2026-03-02"


def test_on_the_first_day_of_the_window_points_count(shop: Shop, card: Card) -> None:
    on_earned(shop, 100, 2)
    earn_on(shop, card, -3, 60)  # 29 December
    earn_on(shop, card, 58, 40)  # 28 February
    assert got(shop, card) == [(1, 0)]


def test_once_in_a_window_and_again_in_the_next(shop: Shop, card: Card) -> None:
    on_earned(shop, 100, 1)
    for day in range(0, 62, 2):  # every other day of January and February
        earn_on(shop, card, day)
    days = [(one.occasion or "").removeprefix("earned:") for one in issues(shop, card)]
    assert days == ["2026-01-01", "2026-02-02", "2026-03-02"]
    assert got(shop, card) == [(1, 0)] * 3


def test_what_is_dated_back_does_not_trigger_again(shop: Shop, card: Card) -> None:
    on_earned(shop, 100, 1)
    earn_on(shop, card, 20)
    earn_on(shop, card, 10)
    earn_on(shop, card, 20)
    assert len(issues(shop, card)) == 1
    earn_on(shop, card, -30)  # 2 December is in no window with 21 January
    assert len(issues(shop, card)) == 2


def test_points_that_a_redemption_credits_count_too_and_it_ends(shop: Shop, card: Card) -> None:
    on_required(shop, 10)
    first = issue(shop, voucher(shop, can_be_redeemed_for_points=25), card)
    redeeming.redeem(business_id=shop.id, code=codes(first)[0])
    assert (got(shop, card), balance(card)) == ([(1, 0), (2, 20)], 5)


def test_a_voucher_that_pays_itself_back_does_not_go_round(shop: Shop, card: Card) -> None:
    on_required(shop, 10, can_be_redeemed_for_points=100)
    earn(shop, card, 10)
    (made,) = issues(shop, card)
    redeeming.redeem(business_id=shop.id, code=codes(made)[0])
    assert (got(shop, card), balance(card)) == ([(1, 10), (10, 100)], 0)


def test_however_many_points_there_are_one_posting_issues_so_many_at_most(shop: Shop, card: Card) -> None:
    on_required(shop, 1)
    earn(shop, card, 10_003)
    assert balance(card) == 3
    assert [one.qty for one in issues(shop, card)] == [10_000]


def test_taking_back_an_issue_does_not_issue_it_again(shop: Shop, card: Card) -> None:
    on_required(shop, 100)
    earn(shop, card, 100)
    issuing.delete_issue(business_id=shop.id, pk=issues(shop, card)[0].pk)
    assert (got(shop, card), balance(card)) == ([], 100)


def test_a_suspended_member_gets_none(shop: Shop, card: Card) -> None:
    on_earned(shop, 100)
    earn(shop, card, 50)
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(suspended=True)
    earn(shop, card, 50, suspended_too=True)
    assert got(shop, card) == []


def statements(shop: Shop, card: Card) -> int:
    with CaptureQueriesContext(connection) as captured:
        earn(shop, card, 1)
    return len(captured)


def test_it_costs_one_statement_however_many_other_vouchers_there_are(shop: Shop, card: Card) -> None:
    for _ in range(5):
        voucher(shop, points_required=5, auto_allocate_on_event="birthday")
    on_required(make_shop("Charlie's"), 1)
    with CaptureQueriesContext(connection) as captured:
        thresholds.earned(
            business_id=shop.id, member_id=card.pk, entry_id=1, points=1, balance=1, at=NEW_YEAR
        )
    assert len(captured) == 1


def test_a_threshold_that_is_far_away_costs_no_more(shop: Shop, card: Card) -> None:
    before = statements(shop, card)
    on_required(shop, 1_000_000)
    on_value(shop, "100000")
    assert statements(shop, card) == before
