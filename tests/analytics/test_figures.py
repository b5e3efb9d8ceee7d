"""Figures are exact at every moment: before, between and after roll-ups, whatever happened and whenever."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.analytics import queries
from regulars.analytics.models import DayTotal, LastSeen, LastSeenDay
from regulars.analytics.rollup import read_watermark, roll_up, roll_up_all
from regulars.ledger import actions, points
from regulars.ledger.models import Card, Entry
from regulars.members import actions as members
from regulars.rules.errors import NotFound
from tests.analytics.recount import Recount
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 6, 15, 6, 30, tzinfo=dt.UTC)  # noon in Kolkata
TODAY = dt.date(2026, 6, 15)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def redeem(shop: Shop, card: Card) -> None:
    actions.redeem_reward(business_id=shop.id, qr_code=card.qr_code)


def test_a_shop_without_history_has_zeros_for_every_day(shop: Shop) -> None:
    assert queries.stats(shop.business) == queries.Stats(0, 0, 0, 0, 0, 0, 0)
    detail = queries.detail(shop.business, 7)
    week = [TODAY - 6 * DAY + number * DAY for number in range(7)]
    assert detail.stamps_per_day == [(day, 0) for day in week]
    assert detail.new_customers_per_day == [(day, 0) for day in week]
    assert (detail.redemption_rate_pct, detail.top_customers, detail.branch_performance) == (0.0, [], [])


def test_figures_by_example(shop: Shop) -> None:
    branch = shop.branch("Koramangala", city="Bengaluru")
    priya = shop.enrol("Priya", occurred_at=NOON - 40 * DAY)
    rahul = shop.enrol("Rahul")
    shop.stamp(priya, 10, branch_id=branch.pk, occurred_at=NOON - 8 * DAY)
    shop.stamp(priya, 10, occurred_at=NOON - DAY)
    shop.stamp(rahul, 3, branch_id=branch.pk)
    redeem(shop, priya)
    for _ in range(2):
        assert queries.stats(shop.business) == queries.Stats(
            total_customers=2,
            total_stamps=23,
            total_rewards=1,
            pending_rewards=1,
            active_7d=2,
            active_30d=2,
            stamps_today=3,
        )
        detail = queries.detail(shop.business, 7)
        assert detail.stamps_per_day[-2:] == [(TODAY - DAY, 10), (TODAY, 3)]
        assert detail.new_customers_per_day[-2:] == [(TODAY - DAY, 0), (TODAY, 1)]
        assert detail.top_customers == [
            queries.TopCustomer(priya.pk, "Priya", 2),
            queries.TopCustomer(rahul.pk, "Rahul", 1),
        ]
        assert (detail.total_stamps, detail.total_rewards, detail.redemption_rate_pct) == (23, 1, 50.0)
        assert detail.unassigned_stamps == 10
        assert detail.branch_performance == [
            queries.BranchPerformance(branch.pk, "Koramangala", "Bengaluru", 3, 1, 0, NOON)
        ]
        roll_up_all()


def test_every_step_of_a_roll_up_leaves_the_figures_as_they_were(shop: Shop) -> None:
    other, recount = make_shop("Charlie's"), Recount(shop.business)
    branches = [None, shop.branch("One").pk, shop.branch("Two").pk]
    cards = [shop.enrol(f"Customer {number}", occurred_at=NOON - 35 * DAY) for number in range(6)]
    stranger = other.enrol("Stranger")
    for number in range(40):
        card = cards[number * number % 5]
        shop.stamp(
            card,
            number % 10 + 1,
            branch_id=branches[number % 3],
            occurred_at=NOON - (number * 7 % 36) * DAY,
        )
        if number % 10 == 9:
            redeem(shop, card)
        if number % 4 == 0:
            other.stamp(stranger, 2)
    before = (queries.stats(shop.business), queries.detail(shop.business, 30))
    recount.check(30)
    while roll_up(3):
        assert (queries.stats(shop.business), queries.detail(shop.business, 30)) == before
        recount.check(90)
    Recount(other.business).check(30)
    with scope(business=shop.business):
        assert read_watermark()[0] == Entry.objects.latest("id").pk


def test_rolling_up_counts_what_it_did_and_then_rests(shop: Shop) -> None:
    card = shop.enrol()
    for _ in range(4):
        shop.stamp(card)
    assert [roll_up(2), roll_up(2), roll_up(2), roll_up(2)] == [2, 2, 1, 0]
    shop.stamp(card)
    assert roll_up_all() == 1


def test_gifts_points_and_enrolling_are_not_activity(shop: Shop) -> None:
    card = shop.enrol(birthday=dt.date(2000, 6, 15))
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=10)
    points.spend_points(business_id=shop.id, member_id=card.pk, points_to_spend=4)
    gifted = make_shop("Gifts", birthday_bonus_stamps=2)
    friend = gifted.enrol(birthday=dt.date(2000, 6, 15))
    actions.add_birthday_bonus(business_id=gifted.id, member_id=friend.pk, year=2026)
    for _ in range(2):
        assert queries.stats(shop.business) == queries.Stats(1, 0, 0, 0, 0, 0, 0)
        assert queries.stats(gifted.business) == queries.Stats(1, 2, 0, 0, 0, 0, 2)
        assert queries.detail(gifted.business, 7).top_customers == []
        roll_up_all()


def test_redeeming_alone_is_activity_and_no_visit(shop: Shop, clock: time_machine.Traveller) -> None:
    card = shop.enrol()
    shop.stamp(card, 8, occurred_at=NOON - 60 * DAY)
    redeem(shop, card)
    for _ in range(2):
        stats = queries.stats(shop.business)
        assert (stats.active_7d, stats.active_30d, stats.stamps_today) == (1, 1, 0)
        assert queries.detail(shop.business, 7).top_customers == [
            queries.TopCustomer(card.pk, "Priya Sharma", 1)
        ]
        roll_up_all()


def test_activity_lapses_day_by_day(shop: Shop, clock: time_machine.Traveller) -> None:
    card = shop.enrol()
    shop.stamp(card, 1)
    seen = []
    for day in (0, 6, 7, 29, 30):
        clock.move_to(NOON + day * DAY)
        stats = queries.stats(shop.business)
        seen.append((stats.active_7d, stats.active_30d))
        roll_up_all()
    assert seen == [(1, 1), (1, 1), (0, 1), (0, 1), (0, 0)]


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("Asia/Kolkata", dt.datetime(2026, 6, 14, 18, 30, tzinfo=dt.UTC)),
        ("America/New_York", dt.datetime(2026, 6, 15, 4, 0, tzinfo=dt.UTC)),
        ("Pacific/Kiritimati", dt.datetime(2026, 6, 14, 10, 0, tzinfo=dt.UTC)),
        ("UTC", dt.datetime(2026, 6, 15, 0, 0, tzinfo=dt.UTC)),
    ],
)
def test_today_ends_at_the_business_s_own_midnight(
    clock: time_machine.Traveller, zone: str, midnight: dt.datetime
) -> None:
    shop = make_shop(timezone=zone)
    card = shop.enrol(occurred_at=midnight - DAY)
    second = dt.timedelta(seconds=1)
    shop.stamp(card, 2, occurred_at=midnight - second)
    shop.stamp(card, 5, occurred_at=midnight)
    for _ in range(2):
        clock.move_to(midnight - second)
        assert queries.stats(shop.business).stamps_today == 2
        clock.move_to(midnight)
        assert queries.stats(shop.business).stamps_today == 5
        assert queries.detail(shop.business, 7).stamps_per_day[-2:] == [(TODAY - DAY, 2), (TODAY, 5)]
        clock.move_to(midnight + DAY)
        assert queries.stats(shop.business).stamps_today == 0
        roll_up_all()


def test_backdated_entries_land_on_their_day_and_make_nobody_younger(shop: Shop) -> None:
    recount = Recount(shop.business)
    branch = shop.branch()
    card = shop.enrol(occurred_at=NOON - 50 * DAY)
    # Newest first, so that each roll-up meets an older day than the one it knows.
    for back in (0, 3, 20, 45):
        shop.stamp(card, 2, occurred_at=NOON - back * DAY, branch_id=branch.pk)
        recount.check(30)
        roll_up_all()
        recount.check(30)
    assert queries.stats(shop.business).active_7d == 1
    # And two in the same round.
    late = shop.enrol("Late", occurred_at=NOON - 50 * DAY)
    for back in (10, 2, 30):
        shop.stamp(late, 1, occurred_at=NOON - back * DAY, branch_id=branch.pk)
    roll_up_all()
    recount.check(7)
    with scope(business=shop.business):
        assert LastSeen.objects.get(member_id=late.pk, branch_key=0).day == TODAY - 2 * DAY


@pytest.mark.parametrize("hours", [(9, 11, 10), (11, 9, 10), (10, 9, 11)])
def test_a_branch_was_last_active_at_its_latest_moment_whenever_that_is_rolled_up(
    shop: Shop, hours: tuple[int, ...]
) -> None:
    card, branch = shop.enrol(), shop.branch()
    for hour in hours:
        shop.stamp(card, 1, branch_id=branch.pk, occurred_at=NOON - DAY + dt.timedelta(hours=hour))
        roll_up_all()
    (found,) = queries.detail(shop.business, 7).branch_performance
    assert found.last_active == NOON - DAY + dt.timedelta(hours=11)


def test_an_entry_of_tomorrow_waits_for_its_day(shop: Shop, clock: time_machine.Traveller) -> None:
    # A till's clock may go ahead.
    recount, card = Recount(shop.business), shop.enrol()
    shop.stamp(card, 4, occurred_at=NOON + DAY)
    for moment in (NOON, NOON + DAY):
        clock.move_to(moment)
        recount.check()
        roll_up_all()
        recount.check()
        assert queries.stats(shop.business).stamps_today == (4 if moment > NOON else 0)


def test_the_redemption_rate_is_rounded_to_one_decimal(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 24)
    redeem(shop, card)
    assert queries.detail(shop.business).redemption_rate_pct == 33.3
    redeem(shop, card)
    roll_up_all()
    assert queries.detail(shop.business).redemption_rate_pct == 66.7


def test_top_customers_with_ties_and_ranks_half_rolled_up(shop: Shop) -> None:
    recount = Recount(shop.business)
    cards = [shop.enrol(f"Customer {number:02}") for number in range(14)]
    visits = [3, 1, 4, 4, 2, 3, 0, 4, 1, 2, 2, 3, 1, 2]
    for card, number in zip(cards, visits, strict=True):
        for _ in range(number):
            shop.stamp(card)
    roll_up_all()
    # In the tail: one climbs from the bottom to the top, one out of nothing, one only ties.
    for card, number in ((cards[12], 5), (cards[6], 4), (cards[9], 1)):
        for _ in range(number):
            shop.stamp(card)
    expected = [12, 2, 3, 6, 7, 0, 5, 9, 11, 4]
    for _ in range(2):
        top = queries.detail(shop.business).top_customers
        assert [customer.id for customer in top] == [cards[number].pk for number in expected]
        recount.check()
        roll_up_all()


def test_top_customers_when_half_the_town_is_in_the_tail(shop: Shop) -> None:
    recount = Recount(shop.business)
    cards = [shop.enrol(f"Customer {number:03}") for number in range(125)]
    for number, card in enumerate(cards[:15]):
        for _ in range(1 + number % 3):
            shop.stamp(card)
    roll_up_all()
    for card in cards[5:]:
        shop.stamp(card)
    assert len(queries.detail(shop.business).top_customers) == 10
    recount.check()


def test_a_tail_with_more_members_than_a_statement_takes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    recount = Recount(shop.business)
    cards = [shop.enrol(f"Customer {number}", occurred_at=NOON - 50 * DAY) for number in range(7)]
    for number, card in enumerate(cards):
        shop.stamp(card, 1, occurred_at=NOON - 6 * number * DAY)
    roll_up_all()
    for card in cards:
        shop.stamp(card, 2)
    monkeypatch.setattr(queries, "_AT_ONCE", 2)
    with CaptureQueriesContext(connection) as asked:
        recount.check()
    asked_for = [
        query["sql"].partition('"member_id" IN (')[2].partition(")")[0].split(", ")
        for query in asked
        if "lastseen" in query["sql"] and " IN (" in query["sql"]
    ]
    assert [len(members) for members in asked_for[:4]] == [2, 2, 2, 1]


def test_an_erased_member_leaves_the_people_and_stays_in_the_past(shop: Shop) -> None:
    recount = Recount(shop.business)
    branch = shop.branch()
    cards = [shop.enrol(f"Customer {number}", occurred_at=NOON - 3 * DAY) for number in range(4)]
    for card in cards:
        shop.stamp(card, 9, branch_id=branch.pk, occurred_at=NOON - 2 * DAY)
    redeem(shop, cards[0])
    before = queries.detail(shop.business)
    recount.delete(cards[0].pk)  # all of it still in the tail
    recount.check()
    roll_up_all()
    recount.check()
    recount.delete(cards[1].pk)  # all of it rolled up
    recount.check()
    shop.stamp(cards[2], 1)
    recount.delete(cards[2].pk)  # half and half
    recount.check()
    roll_up_all()
    recount.check()
    stats, detail = queries.stats(shop.business), queries.detail(shop.business)
    assert (stats.total_customers, stats.total_stamps, stats.total_rewards) == (1, 37, 1)
    assert (stats.pending_rewards, stats.active_7d) == (1, 1)
    assert [customer.id for customer in detail.top_customers] == [cards[3].pk]
    assert detail.new_customers_per_day == before.new_customers_per_day
    assert detail.stamps_per_day[:-1] == before.stamps_per_day[:-1]
    with pytest.raises(NotFound):
        members.delete_member(business_id=shop.id, member_id=cards[0].pk)


def test_nothing_names_an_erased_member_any_more(shop: Shop) -> None:
    card = shop.enrol()
    shop.stamp(card, 3)
    roll_up_all()
    Recount(shop.business).delete(card.pk)
    with scope(business=shop.business):
        assert not LastSeen.objects.exists()
        assert DayTotal.objects.get().stamps == 3
        assert sum(LastSeenDay.objects.filter(branch_key=0).values_list("members", flat=True)) == 0


visits_of_members = st.lists(
    st.tuples(
        st.integers(0, 5),  # which member
        st.integers(0, 2),  # where: nowhere, or at one of two branches
        st.integers(0, 40),  # how many days ago
        st.sampled_from([0, 0, 0, 1, 3, 100]),  # how much is rolled up afterwards
    ),
    min_size=1,
    max_size=40,
)


def test_unique_customers_by_the_last_seen_histogram_equal_a_brute_force_count() -> None:
    shop = make_shop()
    branches = [None, shop.branch("One").pk, shop.branch("Two").pk]
    cards = [shop.enrol(f"Customer {number}") for number in range(6)]
    everything: list[tuple[int, int | None, dt.date]] = []

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(visits=visits_of_members, range_days=st.integers(7, 41))
    def check(visits: list[tuple[int, int, int, int]], range_days: int) -> None:
        # Histories pile up from one example to the next, so that they also become long.
        for member, branch, back, rolled in visits:
            moment = NOON - back * DAY
            shop.stamp(cards[member], 1, branch_id=branches[branch], occurred_at=moment)
            everything.append((member, branches[branch], TODAY - back * DAY))
            if rolled:
                roll_up(rolled)
        since = TODAY - (range_days - 1) * DAY
        expected: dict[int | None, set[int]] = defaultdict(set)
        for member, at, day in everything:
            if day >= since:
                expected[at].add(member)
        found = queries.detail(shop.business, range_days).branch_performance
        assert {branch.id: branch.unique_customers for branch in found} == {
            branch: len(expected[branch]) for branch in branches[1:]
        }
        stats = queries.stats(shop.business)
        for days, number in ((7, stats.active_7d), (30, stats.active_30d)):
            first = TODAY - (days - 1) * DAY
            assert number == len({member for member, _, day in everything if day >= first})

    check()
