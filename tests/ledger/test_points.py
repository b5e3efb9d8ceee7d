"""Points: lots that expire each on its own day, the order of spending, and what a new policy touches."""

import datetime as dt

import pytest
from django_scopes import scopes_disabled

from regulars.ledger import audit, points
from regulars.ledger.models import Card, Entry, Lot, LotUse
from regulars.members.models import Member
from regulars.rules.errors import InvalidInput, NotEnoughPoints, NotFound, Suspended
from regulars.tenants.models import Business
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
# The business's own midnight between 31 January and 1 February, in UTC.
MIDNIGHT = dt.datetime(2026, 1, 31, 18, 30, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def card(shop: Shop) -> Card:
    return shop.enrol(occurred_at=NOON - dt.timedelta(days=400))


def earn(
    shop: Shop, card: Card, number: int, moment: dt.datetime = NOON, expires_on: dt.date | None = None
) -> points.PointsChanged:
    return points.add_points(
        business_id=shop.id,
        member_id=card.pk,
        points_to_add=number,
        expires_on=expires_on,
        occurred_at=moment,
    )


def spend(shop: Shop, card: Card, number: int, moment: dt.datetime = NOON) -> points.PointsChanged:
    return points.spend_points(
        business_id=shop.id, member_id=card.pk, points_to_spend=number, occurred_at=moment
    )


def expire(shop: Shop, moment: dt.datetime) -> int:
    return points.expire_points(business_id=shop.id, occurred_at=moment)


def expiry(shop: Shop, months: int | None) -> None:
    Business.objects.filter(pk=shop.id).update(points_expire_months=months)


def lots(card: Card) -> list[tuple[int, int, dt.date | None]]:
    with scopes_disabled():
        return list(
            Lot.objects.filter(card=card).order_by("id").values_list("points", "remaining", "expires_on")
        )


def totals(card: Card) -> tuple[int, int, int, int]:
    with scopes_disabled():
        now = Card.objects.get(pk=card.pk)
    return now.points, now.points_earned, now.points_spent, now.points_expired


def test_each_earning_is_a_lot_of_its_own(shop: Shop, card: Card) -> None:
    first = earn(shop, card, 30)
    second = earn(shop, card, 12)
    assert (first.points, first.balance, second.balance) == (30, 30, 42)
    assert lots(card) == [(30, 30, None), (12, 12, None)]
    assert totals(card) == (42, 42, 0, 0)
    with scopes_disabled():
        assert [lot.entry_id for lot in Lot.objects.order_by("id")] == [first.entry_id, second.entry_id]


def test_expiry_is_fixed_when_points_are_earned(shop: Shop, card: Card) -> None:
    expiry(shop, 1)
    earn(shop, card, 10)
    expiry(shop, 24)
    earn(shop, card, 20)
    expiry(shop, None)
    earn(shop, card, 30)
    assert lots(card) == [
        (10, 10, dt.date(2026, 2, 28)),  # a month after 31 January: clamped to the month's end
        (20, 20, dt.date(2028, 1, 31)),
        (30, 30, None),
    ]


def test_the_months_count_from_the_business_s_own_day(shop: Shop, card: Card) -> None:
    expiry(shop, 1)
    earn(shop, card, 10, MIDNIGHT - dt.timedelta(seconds=1))
    earn(shop, card, 10, MIDNIGHT)
    assert [day for _, _, day in lots(card)] == [dt.date(2026, 2, 28), dt.date(2026, 3, 1)]


def test_a_given_day_of_expiry_wins_over_the_policy(shop: Shop, card: Card) -> None:
    expiry(shop, 1)
    earn(shop, card, 10, expires_on=dt.date(2030, 5, 5))
    assert lots(card) == [(10, 10, dt.date(2030, 5, 5))]


def test_spending_takes_the_soonest_to_expire_then_the_oldest_then_those_for_ever(
    shop: Shop, card: Card
) -> None:
    earn(shop, card, 10)
    earn(shop, card, 10, expires_on=dt.date(2026, 9, 1))
    earn(shop, card, 10, expires_on=dt.date(2026, 3, 1))
    earn(shop, card, 10, expires_on=dt.date(2026, 3, 1))
    left = []
    for _ in range(4):
        spend(shop, card, 7)
        left.append([remaining for _, remaining, _ in lots(card)])
    assert left == [[10, 10, 3, 10], [10, 10, 0, 6], [10, 9, 0, 0], [10, 2, 0, 0]]
    changed = spend(shop, card, 12)
    assert (changed.points, changed.balance) == (-12, 0)
    assert totals(card) == (0, 40, 40, 0)
    with scopes_disabled():
        uses = LotUse.objects.filter(entry_id=changed.entry_id).order_by("id")
        assert [use.points for use in uses] == [2, 10]
    assert audit.audit().ok


def test_points_are_good_through_the_whole_of_their_last_day(shop: Shop, card: Card) -> None:
    earn(shop, card, 10, expires_on=dt.date(2026, 1, 31))
    last_second = MIDNIGHT - dt.timedelta(seconds=1)
    assert expire(shop, last_second) == 0
    assert spend(shop, card, 4, last_second).balance == 6
    with pytest.raises(NotEnoughPoints) as refused:
        spend(shop, card, 1, MIDNIGHT)
    assert refused.value.details == {"points": 1, "available": 0}
    assert totals(card) == (6, 10, 4, 0)  # the worker has not been there yet
    assert expire(shop, MIDNIGHT) == 6
    assert totals(card) == (0, 10, 4, 6)


def test_expiring_takes_exactly_the_lots_that_are_due(shop: Shop, card: Card) -> None:
    other = shop.enrol("Bob")
    earn(shop, card, 10, expires_on=dt.date(2026, 1, 30))
    earn(shop, card, 20, expires_on=dt.date(2026, 1, 31))
    earn(shop, card, 40, expires_on=dt.date(2026, 2, 1))
    earn(shop, card, 80)
    earn(shop, other, 5, expires_on=dt.date(2026, 1, 1))
    assert expire(shop, MIDNIGHT) == 35
    assert totals(card) == (120, 150, 0, 30)
    assert totals(other) == (0, 5, 0, 5)
    assert expire(shop, MIDNIGHT) == 0
    with scopes_disabled():
        kinds = Entry.objects.filter(kind="points_expire").order_by("id").values_list("card_id", "points")
        assert sorted(kinds) == sorted([(card.pk, -30), (other.pk, -5)])
    assert audit.audit().ok


def test_expiring_asks_each_business_s_own_calendar() -> None:
    shops = [make_shop(timezone=zone) for zone in ("Asia/Kolkata", "UTC")]
    for shop in shops:
        earn(shop, shop.enrol(), 10, expires_on=dt.date(2026, 1, 31))
    assert [expire(shop, MIDNIGHT) for shop in shops] == [10, 0]


def test_points_of_suspended_members_expire_too(shop: Shop, card: Card) -> None:
    earn(shop, card, 10, expires_on=dt.date(2026, 1, 1))
    with scopes_disabled():
        Member.objects.filter(pk=card.pk).update(suspended=True)
    with pytest.raises(Suspended):
        earn(shop, card, 1)
    with pytest.raises(Suspended):
        spend(shop, card, 1)
    assert expire(shop, NOON) == 10


def test_more_than_there_is_cannot_be_spent(shop: Shop, card: Card) -> None:
    earn(shop, card, 10)
    with pytest.raises(NotEnoughPoints) as refused:
        spend(shop, card, 11)
    assert refused.value.details == {"points": 11, "available": 10}
    assert lots(card) == [(10, 10, None)]
    assert spend(shop, card, 10).balance == 0


@pytest.mark.parametrize("number", [0, -5, points.MAX_POINTS + 1])
def test_unusable_numbers_are_refused(shop: Shop, card: Card, number: int) -> None:
    for act in (earn, spend):
        with pytest.raises(InvalidInput, match="points"):
            act(shop, card, number)
    assert totals(card) == (0, 0, 0, 0)


def test_members_and_branches_of_others_are_not_found(shop: Shop, card: Card) -> None:
    charlie = make_shop("Charlie's")
    with pytest.raises(NotFound):
        earn(charlie, card, 10)
    with pytest.raises(NotFound):
        spend(charlie, card, 10)
    with pytest.raises(NotFound):
        points.add_points(
            business_id=shop.id, member_id=card.pk, points_to_add=1, branch_id=charlie.branch().pk
        )
    assert totals(card) == (0, 0, 0, 0)


def test_a_debt_is_paid_before_a_new_lot_holds_anything(shop: Shop, card: Card) -> None:
    earn(shop, card, 10)
    spend(shop, card, 10)
    put_into_debt(card, 30)
    first = earn(shop, card, 12)
    assert (first.balance, lots(card)[-1]) == (-18, (12, 0, None))
    second = earn(shop, card, 50)
    assert (second.balance, lots(card)[-1]) == (32, (50, 32, None))


def put_into_debt(card: Card, number: int) -> None:
    """What a refund that takes back more than is there will leave."""
    with scopes_disabled():
        Card.objects.filter(pk=card.pk).update(points=-number, points_spent=10 + number)


def test_points_move_neither_stamps_nor_visits(shop: Shop, card: Card) -> None:
    shop.stamp(card, 3)
    earn(shop, card, 10)
    spend(shop, card, 3)
    with scopes_disabled():
        now = Card.objects.get(pk=card.pk)
    assert (now.stamps, now.total_visits, now.points, now.version) == (3, 1, 7, 3)


def test_the_note_is_kept_and_cleaned(shop: Shop, card: Card) -> None:
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=1, text="  sorry \r\n")
    with scopes_disabled():
        assert Entry.objects.get(kind="points_earn").text == "sorry"
    with pytest.raises(InvalidInput, match="text"):
        points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=1, text="a\0b")
