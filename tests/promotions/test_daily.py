"""The calendar's own events: once each, on the day of the business, however late or often it is run."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from regulars.analytics.audit import audit
from regulars.ledger import actions as ledger
from regulars.ledger import points
from regulars.ledger.models import Card, Entry, PointsAdjustment
from regulars.members import actions as members
from regulars.members.models import Member
from regulars.promotions import actions, daily
from regulars.promotions.daily import DailyResult, run_daily, run_daily_all
from regulars.promotions.models import DailyRun
from regulars.promotions.occasions import happened
from regulars.tenants.models import Business
from regulars.vouchers import actions as vouchers
from regulars.vouchers import issuing, redeeming
from regulars.vouchers.models import VoucherIssue
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.django_db

JOINED = dt.datetime(2025, 1, 15, 12, tzinfo=dt.UTC)


def noon(year: int, month: int, day: int) -> dt.datetime:
    """Noon in Bengaluru."""
    return dt.datetime(year, month, day, 6, 30, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def enrol(shop: Shop, **fields: Any) -> Card:
    return shop.enrol(**({"occurred_at": JOINED} | fields))


def promotion(shop: Shop, event: str, points: int = 10, **values: Any) -> None:
    actions.add_event_promotion(
        business_id=shop.id, points_to_award=points, auto_allocate_on_event=event, **values
    )


def run(shop: Shop, now: dt.datetime, **values: Any) -> DailyResult:
    return run_daily(business_id=shop.id, now=now, **values)


def balances(shop: Shop) -> list[int]:
    with scope(business=shop.business):
        return list(Card.objects.order_by("pk").values_list("points", flat=True))


def day_done(shop: Shop) -> dt.date | None:
    with scope(business=shop.business):
        return DailyRun.objects.values_list("day", flat=True).first()


def test_a_birthday_gives_points_vouchers_and_stamps_on_its_day() -> None:
    shop = make_shop(birthday_bonus_stamps=2)
    card = enrol(shop, birthday=dt.date(1990, 7, 14))
    enrol(shop, birthday=dt.date(1990, 7, 15))
    enrol(shop)
    promotion(shop, "birthday", 50)
    vouchers.add_voucher(business_id=shop.id, name="Cake", value=5, auto_allocate_on_event="birthday")
    assert run(shop, noon(2026, 7, 13)) == DailyResult(days=1)
    assert run(shop, noon(2026, 7, 14)) == DailyResult(days=1, promotions=1, points=50, vouchers=1, stamps=2)
    with scope(business=shop.business):
        fresh = Card.objects.get(pk=card.pk)
        occasions = set(Entry.objects.filter(card=card).values_list("occasion", flat=True)) - {None}
        issue = VoucherIssue.objects.get()
    assert (fresh.points, fresh.stamps) == (50, 2)
    assert len(occasions) == 2
    assert "birthday:2026" in occasions
    assert (issue.member_id, issue.occasion) == (card.pk, "birthday:2026")
    assert audit().ok


def test_birthday_stamps_need_no_promotion() -> None:
    shop = make_shop(birthday_bonus_stamps=2)
    enrol(shop, birthday=dt.date(1990, 7, 14))
    assert run(shop, noon(2026, 7, 14)).stamps == 2
    assert run(shop, noon(2027, 7, 14)).stamps == 2


def test_a_birthday_that_is_told_on_the_day_itself_counts_within_the_hour() -> None:
    shop = make_shop(birthday_bonus_stamps=2)
    promotion(shop, "birthday", 50)
    now, hour = noon(2026, 7, 14), dt.timedelta(hours=1)
    day = dt.date(1990, 7, 14)
    run(shop, now)
    cards = [enrol(shop, birthday=day) for _ in range(2)]
    with scope(business=shop.business):
        midnight = dt.datetime(2026, 7, 13, 18, 30, tzinfo=dt.UTC)
        Member.objects.filter(pk=cards[0].pk).update(modified_at=midnight)
        # Who was not touched today was looked at in the morning.
        Member.objects.filter(pk=cards[1].pk).update(modified_at=midnight - dt.timedelta(seconds=1))
    assert run(shop, now + hour) == DailyResult(promotions=1, points=50, stamps=2)
    assert balances(shop) == [50, 0]
    assert run(shop, now + 2 * hour) == DailyResult()


@pytest.mark.parametrize(("year", "day"), [(2026, 28), (2028, 29)])
def test_the_29th_of_february_falls_on_the_28th_in_common_years(shop: Shop, year: int, day: int) -> None:
    enrol(shop, birthday=dt.date(2000, 2, 29), occurred_at=dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC))
    promotion(shop, "birthday", 1)
    promotion(shop, "signup_anniversary", 10)
    given = [run(shop, noon(year, 2, 27) + dt.timedelta(days=late)).points for late in range(4)]
    assert [27 + late for late, points in enumerate(given) if points] == [day]
    assert sum(given) == 11


def test_an_anniversary_is_counted_in_the_business_s_own_days(shop: Shop) -> None:
    border = dt.datetime(2024, 7, 13, 18, 30, tzinfo=dt.UTC)  # midnight in Bengaluru: the 14th begins
    enrol(shop, occurred_at=border - dt.timedelta(seconds=1))
    enrol(shop, occurred_at=border)
    enrol(shop, occurred_at=border + dt.timedelta(days=1, seconds=-1))
    enrol(shop, occurred_at=border + dt.timedelta(days=1))
    promotion(shop, "signup_anniversary")
    run(shop, noon(2026, 7, 14))
    assert balances(shop) == [0, 10, 10, 0]
    run(shop, noon(2027, 7, 14))
    assert balances(shop) == [10 * times for times in (1, 2, 2, 1)]  # with the 13th and 15th between


def test_the_day_of_joining_is_no_anniversary(shop: Shop) -> None:
    enrol(shop, occurred_at=noon(2026, 7, 14))
    promotion(shop, "signup_anniversary")
    assert run(shop, noon(2026, 7, 14)).points == 0
    assert run(shop, noon(2027, 7, 14)).points == 10


def test_a_month_gives_on_its_first_day_to_everybody_who_is_there_and_not_suspended(shop: Shop) -> None:
    enrol(shop)
    enrol(shop, suspended=True)
    enrol(shop, occurred_at=noon(2026, 11, 2))
    promotion(shop, "monthly")
    assert run(shop, noon(2026, 10, 31)).points == 0
    assert run(shop, noon(2026, 11, 1)).points == 10
    assert run(shop, noon(2026, 11, 2)).points == 0
    assert balances(shop) == [10, 0, 0]
    assert run(shop, noon(2026, 12, 1)).points == 20
    assert audit().ok


def test_the_first_run_gives_for_today_alone(shop: Shop) -> None:
    enrol(shop, birthday=dt.date(1990, 11, 1))
    promotion(shop, "monthly")
    promotion(shop, "birthday")
    assert run(shop, noon(2026, 11, 2)) == DailyResult(days=1)
    assert day_done(shop) == dt.date(2026, 11, 2)


def test_days_that_were_missed_are_made_up_for_as_of_their_noon() -> None:
    shop = make_shop(birthday_bonus_stamps=1)
    enrol(shop, birthday=dt.date(1990, 10, 31))
    enrol(shop, birthday=dt.date(1990, 11, 2))
    promotion(shop, "monthly", 1)
    promotion(shop, "birthday", 10, date_to=dt.date(2026, 10, 31))  # over when it is run
    run(shop, noon(2026, 10, 30))
    now = noon(2026, 11, 2) + dt.timedelta(hours=3)
    assert run(shop, now) == DailyResult(days=3, promotions=3, points=12, stamps=2)
    assert balances(shop) == [11, 1]
    with scope(business=shop.business):
        given = list(PointsAdjustment.objects.order_by("id").values_list("points", "occurred_at"))
        stamped = list(Entry.objects.filter(kind="birthday_bonus").values_list("occurred_at", flat=True))
    assert given == [(10, noon(2026, 10, 31)), (1, noon(2026, 11, 1)), (1, noon(2026, 11, 1))]
    assert stamped == [noon(2026, 10, 31), now]
    assert audit().ok


def test_a_missed_day_gives_nothing_to_those_who_joined_after_it(shop: Shop) -> None:
    promotion(shop, "monthly")
    promotion(shop, "birthday")
    run(shop, noon(2026, 10, 31))
    enrol(shop, occurred_at=noon(2026, 11, 2), birthday=dt.date(1990, 11, 1))
    assert run(shop, noon(2026, 11, 3)) == DailyResult(days=3)


def test_run_twice_it_gives_nothing_twice() -> None:
    shop = make_shop(birthday_bonus_stamps=1)
    enrol(shop, birthday=dt.date(1990, 11, 1), occurred_at=noon(2025, 11, 1))
    for event in ("birthday", "monthly", "signup_anniversary"):
        promotion(shop, event)
    now = noon(2026, 11, 1)
    assert run(shop, now) == DailyResult(days=1, promotions=3, points=30, stamps=1)
    assert run(shop, now + dt.timedelta(hours=1)) == DailyResult()
    # and even if nobody remembered that it was done
    with scope(business=shop.business):
        DailyRun.objects.all().delete()
    assert run(shop, now + dt.timedelta(hours=2)) == DailyResult(days=1)
    assert balances(shop) == [30]


def test_a_clock_that_goes_back_gives_nothing(shop: Shop) -> None:
    enrol(shop)
    promotion(shop, "monthly")
    run(shop, noon(2026, 11, 5))
    assert run(shop, noon(2026, 11, 1)) == DailyResult()
    assert day_done(shop) == dt.date(2026, 11, 5)


def test_somebody_faster_with_a_later_day_is_not_set_back(shop: Shop) -> None:
    daily._mark_done(shop.id, dt.date(2026, 11, 5))
    daily._mark_done(shop.id, dt.date(2026, 11, 4))
    assert day_done(shop) == dt.date(2026, 11, 5)


class Killed(BaseException):
    """As if by kill -9."""


def test_killed_in_the_middle_it_goes_on_where_it_was(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        enrol(shop)
    promotion(shop, "monthly")
    run(shop, noon(2026, 10, 31))
    real, calls = happened, []

    def dies(**values: Any) -> Any:
        calls.append(values)
        if len(calls) == 3:
            raise Killed
        return real(**values)

    monkeypatch.setattr(daily, "happened", dies)
    with pytest.raises(Killed):
        run(shop, noon(2026, 11, 1))
    assert balances(shop) == [10, 10, 0, 0, 0]
    assert day_done(shop) == dt.date(2026, 10, 31)
    assert run(shop, noon(2026, 11, 2)) == DailyResult(days=2, promotions=3, points=30)
    assert balances(shop) == [10] * 5


def test_whoever_is_erased_meanwhile_is_passed_over(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = enrol(shop), enrol(shop)
    promotion(shop, "monthly")
    real = happened

    def erases(**values: Any) -> Any:
        if values["member_id"] == first.pk:
            members.delete_member(business_id=shop.id, member_id=first.pk)
        return real(**values)

    monkeypatch.setattr(daily, "happened", erases)
    assert run(shop, noon(2026, 11, 1)) == DailyResult(days=1, promotions=1, points=10)
    assert balances(shop) == [10]
    assert second.pk


def test_a_birthday_bonus_that_is_refused_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop(birthday_bonus_stamps=2)
    first = enrol(shop, birthday=dt.date(1990, 7, 14))
    enrol(shop, birthday=dt.date(1991, 7, 14))
    real = ledger.add_birthday_bonus

    def erases(**values: Any) -> Any:
        if values["member_id"] == first.pk:
            members.delete_member(business_id=shop.id, member_id=first.pk)
        return real(**values)

    monkeypatch.setattr(ledger, "add_birthday_bonus", erases)
    assert run(shop, noon(2026, 7, 14)) == DailyResult(days=1, stamps=2)


def test_members_are_read_a_batch_at_a_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daily, "BATCH", 2)
    for _ in range(4):
        enrol(shop)
    promotion(shop, "monthly")
    with CaptureQueriesContext(connection) as queries:
        assert run(shop, noon(2026, 11, 1)).points == 40
    reads = [query["sql"] for query in queries if '"joined_at" < ' in query["sql"]]
    assert len(reads) == 3
    assert all("LIMIT 2" in read for read in reads)


def test_a_shop_that_gives_nothing_reads_no_members(shop: Shop) -> None:
    enrol(shop, birthday=dt.date(1990, 11, 1), occurred_at=noon(2025, 11, 1))
    with CaptureQueriesContext(connection) as queries:
        assert run(shop, noon(2026, 11, 1)) == DailyResult(days=1)
    assert not [query["sql"] for query in queries if "members_member" in query["sql"]]
    with CaptureQueriesContext(connection) as queries:
        run(shop, noon(2026, 11, 1))
    assert len(queries) <= 8  # every hour, for each business


def test_told_to_stop_it_stops_and_the_next_run_goes_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daily, "BATCH", 2)
    for _ in range(5):
        enrol(shop)
    promotion(shop, "monthly")
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 1

    with pytest.raises(daily.Stopped):
        run(shop, noon(2026, 11, 1), stop=stop)
    assert balances(shop) == [10, 10, 0, 0, 0]
    assert day_done(shop) is None
    assert run_daily_all(now=noon(2026, 11, 1), stop=lambda: True) == DailyResult()
    assert run_daily_all(now=noon(2026, 11, 1)) == DailyResult(days=1, promotions=3, points=30)


def test_each_business_has_its_own_day() -> None:
    east, west = (make_shop(timezone=zone) for zone in ("Pacific/Auckland", "Pacific/Honolulu"))
    for shop in (east, west):
        enrol(shop, birthday=dt.date(1990, 7, 14))
        promotion(shop, "birthday")
    moment = dt.datetime(2026, 7, 13, 18, tzinfo=dt.UTC)  # the 14th in Auckland, the 13th in Honolulu
    assert run_daily_all(now=moment) == DailyResult(days=2, promotions=1, points=10)
    assert (balances(east), balances(west)) == ([10], [0])
    assert run_daily_all(now=moment + dt.timedelta(hours=17)).points == 10
    assert (balances(east), balances(west)) == ([10], [10])


def test_midnight_that_a_clock_change_leaves_out() -> None:
    # In Beirut the clock went from 24:00 of 25 March 2023 to 01:00 of the 26th.
    shop = make_shop(timezone="Asia/Beirut")
    gap = dt.datetime(2023, 3, 25, 22, tzinfo=dt.UTC)
    enrol(shop, occurred_at=gap - dt.timedelta(seconds=1))
    enrol(shop, occurred_at=gap)
    promotion(shop, "signup_anniversary")
    run(shop, dt.datetime(2026, 3, 26, 12, tzinfo=dt.UTC))
    assert balances(shop) == [0, 10]


def test_the_failure_of_one_business_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shops = [make_shop(name) for name in ("Ann's", "Ben's", "Cem's")]
    for shop in shops:
        enrol(shop)
        promotion(shop, "monthly")
    real = happened

    def fails(**values: Any) -> Any:
        if values["business_id"] == shops[1].id:
            raise OSError("disk on fire")
        return real(**values)

    monkeypatch.setattr(daily, "happened", fails)
    done = run_daily_all(now=noon(2026, 11, 1))
    assert done == DailyResult(days=2, promotions=2, points=20, failed=1)
    assert [balances(shop) for shop in shops] == [[10], [0], [10]]
    assert [day_done(shop) for shop in shops] == [dt.date(2026, 11, 1), None, dt.date(2026, 11, 1)]
    monkeypatch.setattr(daily, "happened", real)
    assert run_daily_all(now=noon(2026, 11, 1)).points == 10


def test_points_and_reservations_run_out_at_every_run(shop: Shop) -> None:
    run(shop, now := dt.datetime.now(dt.UTC))
    voucher = vouchers.add_voucher(business_id=shop.id, name="Cake", value=5)
    vouchers.add_precode(business_id=shop.id, code="CAKE-1", voucher_id=voucher.pk)
    issuing.issue_voucher(business_id=shop.id, voucher_id=voucher.pk)
    redeeming.reserve(business_id=shop.id, code="CAKE-1", minutes=15)
    assert run(shop, now + dt.timedelta(minutes=14)).released == 0
    with scope(business=shop.business):
        DailyRun.objects.update(day=dt.date(2999, 1, 1))  # no day is due, and still they run out
    assert run(shop, now + dt.timedelta(minutes=16)).released == 1


def test_a_run_says_how_many_points_expired(shop: Shop) -> None:
    card = enrol(shop)
    run(shop, noon(2026, 11, 5))
    last = dt.date(2026, 11, 4)
    points.add_points(business_id=shop.id, member_id=card.pk, points_to_add=7, expires_on=last)
    assert run(shop, noon(2026, 11, 5)) == DailyResult(expired=7)
    assert run(shop, noon(2026, 11, 5)) == DailyResult()


@pytest.fixture
def ancient(shop: Shop) -> Shop:
    """A shop whose books say that somebody joined in the year 1."""
    card = enrol(shop)
    with scope(business=shop.business):
        Member.objects.filter(pk=card.pk).update(joined_at=dt.datetime(1, 7, 14, 12, tzinfo=dt.UTC))
    return shop


def test_a_nonsense_date_of_joining_breaks_nothing(ancient: Shop) -> None:
    enrol(ancient, occurred_at=noon(2025, 7, 14))
    promotion(ancient, "signup_anniversary")
    assert run(ancient, noon(2026, 7, 14)).points == 10


def test_an_unknown_business_is_an_error() -> None:
    with pytest.raises(Business.DoesNotExist):
        run_daily(business_id=0)
