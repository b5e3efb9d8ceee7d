"""What an occasion gives: every live matching promotion and voucher, once per member and occasion."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from regulars.analytics.audit import audit
from regulars.ledger import adjustments
from regulars.ledger.models import Card, Entry, PointsAdjustment
from regulars.members import actions as members
from regulars.members.groups import ensure_group
from regulars.promotions import actions, occasions
from regulars.promotions.models import EventPromotion
from regulars.promotions.occasions import Given
from regulars.rules.errors import InvalidInput, NotFound, Suspended
from regulars.tenants.actions import update_branch
from regulars.vouchers import actions as vouchers
from regulars.vouchers.models import VoucherIssue
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 2, 6, 30, tzinfo=dt.UTC)  # in Bengaluru


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def promotion(shop: Shop, points: int = 10, event: str = "quickscan", **values: Any) -> EventPromotion:
    return actions.add_event_promotion(
        business_id=shop.id, points_to_award=points, auto_allocate_on_event=event, **values
    )


def happens(shop: Shop, card: Card, occasion: str = "scan:1", **values: Any) -> Given:
    given: dict[str, Any] = {"event": "quickscan", "at": NOON} | values
    return occasions.happened(business_id=shop.id, member_id=card.pk, occasion=occasion, **given)


def balance(shop: Shop, card: Card) -> int:
    with scope(business=shop.business):
        return Card.objects.get(pk=card.pk).points


def change(shop: Shop, card: Card, **values: Any) -> None:
    members.edit_member(business_id=shop.id, pk=card.pk, **values)


def test_every_matching_promotion_gives_once_for_an_occasion(shop: Shop) -> None:
    card = shop.enrol()
    five, three = promotion(shop, 5, name="Monday"), promotion(shop, 3)
    assert happens(shop, card) == Given(points=8, promotions=[five, three], vouchers=[])
    assert happens(shop, card) == Given()
    assert happens(shop, card, "scan:2").points == 8
    assert balance(shop, card) == 16
    assert audit().ok


def test_what_was_given_says_where_it_came_from(shop: Shop) -> None:
    card, branch = shop.enrol(), shop.branch()
    given = promotion(shop, 5, name="Monday")
    happens(shop, card, branch_id=branch.pk, staff_id=shop.owner.pk)
    with scope(business=shop.business):
        row = PointsAdjustment.objects.get()
        entry = Entry.objects.get(kind="points_earn")
    assert (row.points, row.origin, row.internal_notes) == (5, "promotion", "Monday")
    assert (row.occurred_at, row.branch_id, row.staff_id) == (NOON, branch.pk, shop.owner.pk)
    assert entry.occasion == f"promotion:{given.pk}:scan:1"
    assert entry.source == f"adjustment:{row.pk}"


def test_a_promotion_added_later_still_gives_for_the_occasion(shop: Shop) -> None:
    card = shop.enrol()
    promotion(shop, 5)
    happens(shop, card)
    later = promotion(shop, 3)
    assert happens(shop, card) == Given(points=3, promotions=[later], vouchers=[])


def test_what_was_taken_back_by_hand_is_not_given_again(shop: Shop) -> None:
    card = shop.enrol()
    promotion(shop)
    happens(shop, card)
    with scope(business=shop.business):
        row = PointsAdjustment.objects.get()
    adjustments.delete_adjustment(business_id=shop.id, pk=row.pk)
    assert happens(shop, card) == Given()
    assert balance(shop, card) == 0


@pytest.mark.parametrize(
    ("first", "last", "gives"),
    [
        (None, None, True),
        (dt.date(2026, 11, 2), dt.date(2026, 11, 2), True),
        (dt.date(2026, 11, 3), None, False),
        (None, dt.date(2026, 11, 1), False),
    ],
)
def test_both_dates_are_inclusive(
    shop: Shop, first: dt.date | None, last: dt.date | None, *, gives: bool
) -> None:
    promotion(shop, date_from=first, date_to=last)
    assert bool(happens(shop, shop.enrol()).points) == gives


def test_days_are_those_of_the_business(shop: Shop) -> None:
    card = shop.enrol()
    promotion(shop, date_from=dt.date(2026, 11, 3))
    before_midnight = dt.datetime(2026, 11, 2, 18, 29, tzinfo=dt.UTC)
    assert happens(shop, card, at=before_midnight).points == 0
    assert happens(shop, card, at=before_midnight + dt.timedelta(minutes=1)).points == 10


def test_a_group_gets_what_is_for_the_group(shop: Shop) -> None:
    gold, silver = (ensure_group(business=shop.business, code=code) for code in ("Gold", "Silver"))
    promotion(shop, group_id=gold.pk)
    card = shop.enrol()
    assert happens(shop, card).points == 0
    change(shop, card, group_id=silver.pk)
    assert happens(shop, card).points == 0
    change(shop, card, group_id=gold.pk)
    assert happens(shop, card).points == 10


def test_a_branch_is_that_of_the_event_or_of_the_member(shop: Shop) -> None:
    here, there = shop.branch("Here"), shop.branch("There")
    promotion(shop, branch_id=here.pk)
    card = shop.enrol()
    assert happens(shop, card).points == 0
    assert happens(shop, card, branch_id=there.pk).points == 0
    assert happens(shop, card, branch_id=here.pk).points == 10
    change(shop, card, branch_id=here.pk)
    assert happens(shop, card, "scan:2", branch_id=there.pk).points == 10


def test_other_events_and_no_points_give_nothing(shop: Shop) -> None:
    promotion(shop, event="birthday")
    promotion(shop, event="")
    promotion(shop, 0)
    assert happens(shop, shop.enrol()) == Given()


def test_a_suspended_member_gets_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    card = shop.enrol()
    promotion(shop)
    change(shop, card, suspended=True)
    assert happens(shop, card) == Given()
    change(shop, card, suspended=False)

    def suspended(**_: Any) -> None:
        raise Suspended("suspended between the look and the gift")

    monkeypatch.setattr(adjustments, "add_adjustment", suspended)
    assert happens(shop, card) == Given()
    assert balance(shop, card) == 0


def test_nothing_of_another_business_is_found_or_given(shop: Shop) -> None:
    charlie = make_shop("Charlie's")
    promotion(charlie, 100)
    card, theirs = shop.enrol(), charlie.enrol()
    assert happens(shop, card) == Given()
    with pytest.raises(NotFound) as caught:
        happens(shop, theirs)
    assert list(caught.value.fields) == ["member_id"]
    with pytest.raises(NotFound) as caught:
        happens(shop, card, branch_id=charlie.branch().pk)
    assert list(caught.value.fields) == ["branch_id"]
    assert balance(charlie, theirs) == 0


def test_a_closed_branch_is_none(shop: Shop) -> None:
    card, branch = shop.enrol(), shop.branch()
    update_branch(business_id=shop.id, branch_id=branch.pk, is_active=False)
    with pytest.raises(NotFound):
        happens(shop, card, branch_id=branch.pk)


@pytest.mark.parametrize(
    ("event", "occasion", "field"),
    [
        ("christmas", "christmas:2026", "event"),
        ("points_reach_value", "points", "event"),  # noticed where points are posted
        ("quickscan", "", "occasion"),
        ("quickscan", "x" * 51, "occasion"),
    ],
)
def test_unusable_events_and_occasions_are_refused(shop: Shop, event: str, occasion: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        happens(shop, shop.enrol(), occasion, event=event)
    assert list(caught.value.fields) == [field]


def test_the_longest_occasion_fits(shop: Shop) -> None:
    promotion(shop)
    assert happens(shop, shop.enrol(), "x" * 50).points == 10


def test_signing_up_gives_by_itself(shop: Shop) -> None:
    promotion(shop, 50, event="signup")
    card = shop.enrol()
    assert balance(shop, card) == 50
    assert happens(shop, card, "signup", event="signup") == Given()
    assert audit().ok


def test_signing_up_asks_once_when_it_gives_nothing(shop: Shop) -> None:
    with CaptureQueriesContext(connection) as queries:
        shop.enrol()
    asked = [query["sql"] for query in queries if "eventpromotion" in query["sql"]]
    assert len(asked) == 1
    assert not [
        query["sql"] for query in queries if "vouchers_" in query["sql"] and query["sql"] not in asked
    ]


def test_vouchers_of_the_event_are_issued_once(shop: Shop) -> None:
    voucher = vouchers.add_voucher(
        business_id=shop.id, name="Welcome", value=5, auto_allocate_on_event="first_login"
    )
    promotion(shop, 5, event="first_login")
    card = shop.enrol()
    given = happens(shop, card, "first_login", event="first_login")
    assert given.points == 5
    assert [issue.voucher_id for issue in given.vouchers] == [voucher.pk]
    assert happens(shop, card, "first_login", event="first_login") == Given()
    with scope(business=shop.business):
        assert VoucherIssue.objects.count() == 1


def test_a_voucher_may_be_given_without_any_promotion_and_on_signing_up(shop: Shop) -> None:
    vouchers.add_voucher(business_id=shop.id, name="Welcome", value=5, auto_allocate_on_event="signup")
    card = shop.enrol()
    with scope(business=shop.business):
        assert [issue.member_id for issue in VoucherIssue.objects.all()] == [card.pk]


def test_whether_anything_is_given_on_an_event_is_asked_of_the_business_alone(shop: Shop) -> None:
    charlie = make_shop("Charlie's")
    promotion(charlie, event="monthly")
    assert occasions.anything_on(charlie.id, "monthly")
    assert not occasions.anything_on(shop.id, "monthly")
    vouchers.add_voucher(business_id=shop.id, name="Monthly", value=5, auto_allocate_on_event="monthly")
    assert occasions.anything_on(shop.id, "monthly")
    assert not occasions.anything_on(shop.id, "birthday")


def test_a_promotion_that_fails_gives_nothing_at_all(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    card = shop.enrol()
    promotion(shop, 5)
    promotion(shop, 3)
    real, calls = adjustments.add_adjustment, []

    def second_fails(**values: Any) -> PointsAdjustment:
        calls.append(values)
        if len(calls) == 2:
            raise OSError("the disk is full")
        return real(**values)

    monkeypatch.setattr(adjustments, "add_adjustment", second_fails)
    with pytest.raises(OSError, match="full"):
        happens(shop, card)
    monkeypatch.setattr(adjustments, "add_adjustment", real)
    assert balance(shop, card) == 0
    assert happens(shop, card).points == 8
