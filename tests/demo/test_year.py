"""The year as it is drawn, before anything is written: at any moment, on any day."""

import datetime as dt
from collections import Counter
from functools import cache
from zoneinfo import ZoneInfo

import phonenumbers
import pytest

from regulars.demo.happenings import (
    AtCounter,
    Buys,
    ChoosesVoucher,
    Collects,
    Happening,
    HasBirthday,
    Joins,
    MonthBegins,
    SellsGiftCard,
)
from regulars.demo.people import AWAY_DAYS, Habit, draw_people
from regulars.demo.shops import BAKERY, CAFE, SHOPS, Shop
from regulars.demo.year import Year, draw_year

pytestmark = pytest.mark.once

MOMENTS = [
    dt.datetime(2026, 11, 21, 14, 30, tzinfo=dt.UTC),
    dt.datetime(2026, 6, 30, 18, 30, tzinfo=dt.UTC),  # midnight in India
    dt.datetime(2026, 6, 30, 23, 0, 1, tzinfo=dt.UTC),  # a second past midnight in Portugal
    dt.datetime(2027, 3, 28, 1, 30, tzinfo=dt.UTC),  # Portugal's clocks have just gone forward
    dt.datetime(2028, 2, 29, 22, 0, tzinfo=dt.UTC),
    dt.datetime(2028, 12, 31, 23, 59, 59, tzinfo=dt.UTC),
]

moments = pytest.mark.parametrize("now", MOMENTS, ids=str)
shops = pytest.mark.parametrize("shop", SHOPS, ids=lambda shop: shop.seed)


@cache
def _drawn(seed: str, now: dt.datetime) -> Year:
    return draw_year(next(shop for shop in SHOPS if shop.seed == seed), now)


def drawn(shop: Shop, now: dt.datetime) -> Year:
    """A year; several tests look at the same one."""
    return _drawn(shop.seed, now)


def visits(year: Year) -> list[Collects]:
    return [happening for happening in year.happenings if isinstance(happening, Collects)]


@shops
@moments
def test_everything_lies_between_a_year_ago_and_now_in_order(shop: Shop, now: dt.datetime) -> None:
    moments_of_year = [happening.at for happening in drawn(shop, now).happenings]
    assert moments_of_year == sorted(moments_of_year)
    assert now - dt.timedelta(days=366) < moments_of_year[0] < now - dt.timedelta(days=360)
    assert moments_of_year[-1] <= now


@shops
@moments
def test_today_has_visits_at_any_hour(shop: Shop, now: dt.datetime) -> None:
    zone = ZoneInfo(shop.timezone)
    today = now.astimezone(zone).date()
    on_today = [visit for visit in visits(drawn(shop, now)) if visit.at.astimezone(zone).date() == today]
    assert len(on_today) >= shop.least_today


@shops
@moments
def test_everybody_joins_once_and_before_all_else(shop: Shop, now: dt.datetime) -> None:
    joined: set[int] = set()
    for happening in drawn(shop, now).happenings:
        if isinstance(happening, Joins):
            assert happening.person not in joined
            joined.add(happening.person)
        elif isinstance(happening, AtCounter | HasBirthday):
            assert happening.person in joined
    assert joined == set(range(shop.members))


def test_the_same_day_gives_the_same_year() -> None:
    noon = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
    evening = noon + dt.timedelta(hours=6)
    until_noon = drawn(CAFE, noon).happenings
    assert until_noon == draw_year(CAFE, noon).happenings
    assert until_noon == [happening for happening in drawn(CAFE, evening).happenings if happening.at <= noon]


def test_another_day_gives_another_year_of_the_same_people() -> None:
    one = drawn(BAKERY, MOMENTS[0])
    other = drawn(BAKERY, MOMENTS[0] + dt.timedelta(days=1))
    assert one.people == other.people
    assert one.happenings != other.happenings


def test_nobody_is_served_at_a_branch_that_has_closed() -> None:
    year = drawn(CAFE, MOMENTS[0])
    closed = next(number for number, place in enumerate(CAFE.places) if place.closed_days_ago is not None)
    there = [visit.at for visit in visits(year) if visit.place == closed]
    days_ago = CAFE.places[closed].closed_days_ago
    assert days_ago is not None
    assert len(there) > 50
    assert max(there) <= MOMENTS[0] - dt.timedelta(days=days_ago - 1)


@shops
@moments
def test_people_buy_what_is_on_sale_when_they_visit(shop: Shop, now: dt.datetime) -> None:
    year = drawn(shop, now)
    zone = ZoneInfo(shop.timezone)
    bought = [happening for happening in year.happenings if isinstance(happening, Buys)]
    items = {item.code: item for item in shop.offer.items}
    assert {purchase.item for purchase in bought} == items.keys()
    assert 0.4 < len(bought) / len(visits(year)) < 0.7
    came = {(visit.person, visit.place): visit.at for visit in visits(year)}
    last_days = dict.fromkeys(items, dt.date.min)
    for purchase in bought:
        assert (purchase.person, purchase.place) in came
        last_days[purchase.item] = max(last_days[purchase.item], purchase.at.astimezone(zone).date())
    for code, item in items.items():
        if item.retired_days_ago is not None:
            assert last_days[code] < year.today - dt.timedelta(days=item.retired_days_ago)


def test_a_month_begins_on_its_first_day_since_gold_gets_something_for_it() -> None:
    for now in MOMENTS:
        begins = [one.at for one in drawn(CAFE, now).happenings if isinstance(one, MonthBegins)]
        assert 5 <= len(begins) <= 6 or now.month == 7
        assert {at.astimezone(ZoneInfo(CAFE.timezone)).day for at in begins} == {1}
    assert not any(isinstance(one, MonthBegins) for one in drawn(BAKERY, MOMENTS[0]).happenings)


@shops
def test_vouchers_that_people_choose_are_theirs_to_choose(shop: Shop) -> None:
    year = drawn(shop, MOMENTS[0])
    perks = {perk.code: perk for perk in shop.offer.perks}
    chosen = [one for one in year.happenings if isinstance(one, ChoosesVoucher)]
    assert {one.voucher for one in chosen} == {perk.code for perk in perks.values() if perk.weight}
    for one in chosen:
        assert perks[one.voucher].terms["available_for_self_selection"]
        assert perks[one.voucher].group in {None, year.people[one.person].group}
    sold = [one for one in year.happenings if isinstance(one, SellsGiftCard)]
    assert {one.voucher for one in sold} == {shop.offer.gift_card}
    assert 0 < len(sold) < perks[shop.offer.gift_card or ""].precodes + 5


def test_whoever_drifts_away_stays_away() -> None:
    year = drawn(CAFE, MOMENTS[0])
    drifting = {number for number, person in enumerate(year.people) if person.habit is Habit.DRIFTING}
    last = max(visit.at for visit in visits(year) if visit.person in drifting)
    assert len(drifting) > 30
    assert last < MOMENTS[0] - dt.timedelta(days=AWAY_DAYS - 2)


def test_days_and_hours_have_a_rhythm() -> None:
    zone = ZoneInfo(CAFE.timezone)
    times = [visit.at.astimezone(zone) for visit in visits(drawn(CAFE, MOMENTS[0]))]
    weekdays = Counter(at.weekday() for at in times)
    hours = Counter(at.hour for at in times if at.weekday() < 5)
    assert weekdays[5] > 1.15 * weekdays[1]
    assert hours[9] > 1.5 * hours[14]
    assert set(hours) - {22} == set(CAFE.hours)  # who comes a minute before closing is still served


def test_people_keep_to_their_branch_and_some_tills_name_none() -> None:
    year = drawn(CAFE, MOMENTS[0])
    at_home = Counter(visit.place == year.people[visit.person].place for visit in visits(year))
    unnamed = sum(visit.place is None for visit in visits(year))
    assert at_home[True] > 2 * at_home[False]
    assert 0.01 < unnamed / len(visits(year)) < 0.1


@shops
def test_people_are_believable_and_nobody_real(shop: Shop) -> None:
    people = draw_people(shop)
    assert len(people) == len({person.name for person in people}) == shop.members
    emails = [person.email for person in people if person.email]
    assert len(emails) == len(set(emails)) > shop.members * 0.7
    assert all(email.isascii() and email.endswith("@example.com") for email in emails)
    phones = [person.phone for person in people if person.phone]
    assert len(phones) == len(set(phones)) > shop.members * 0.8
    for phone in phones + [shop.phone] + [place.phone for place in shop.places]:
        number = phonenumbers.parse(phone)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == phone
        assert phonenumbers.region_code_for_country_code(number.country_code or 0) == shop.country
        assert phonenumbers.is_possible_number(number)
        assert not phonenumbers.is_valid_number(number)  # belongs to nobody
    assert all(person.email or person.phone for person in people)


def test_happenings_are_facts() -> None:
    with pytest.raises(AttributeError):
        Happening(MOMENTS[0]).at = MOMENTS[1]  # type: ignore[misc]
