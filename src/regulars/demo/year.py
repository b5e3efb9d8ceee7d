"""What happens in a demo business in the year up to now: drawn before anything is written.

The same day gives the same year. Only the time of day decides how much of today has happened already.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from zoneinfo import ZoneInfo

from regulars.demo.happenings import (
    AsksForReward,
    Closes,
    Collects,
    Happening,
    HasBirthday,
    Joins,
    MonthBegins,
    Night,
    Retires,
    RewardChanges,
    SellsGiftCard,
    TakesGiftCard,
)
from regulars.demo.people import YEAR_DAYS, Habit, Person, draw_people
from regulars.demo.purchases import draw_purchase
from regulars.demo.shops import Shop
from regulars.rules.birthdays import bonus_day

# How many gift cards a shop sells and takes in a year.
_GIFT_CARDS_SOLD = 14
_GIFT_CARDS_TAKEN = 8


@dataclass(frozen=True, slots=True)
class Year:
    """The people of a shop and all that happens up to `today`, in the order of time."""

    shop: Shop
    today: dt.date
    people: list[Person]
    happenings: list[Happening]


def draw_year(shop: Shop, now: dt.datetime) -> Year:
    """The year of a shop that ends at `now`."""
    people = draw_people(shop)
    calendar = _Calendar(shop, now)
    parts = chain(
        _changes(calendar),
        _gift_cards(calendar),
        *(_life(calendar, number, person) for number, person in enumerate(people)),
    )
    so_far = [happening for happening in parts if happening.at <= now]
    so_far += _early_birds(calendar, people, so_far)
    return Year(shop, calendar.today, people, sorted(so_far, key=lambda happening: happening.at))


class _Calendar:
    """The days of the year in a shop's own time zone."""

    def __init__(self, shop: Shop, now: dt.datetime) -> None:
        self.shop = shop
        self.now = now
        self.zone = ZoneInfo(shop.timezone)
        self.today = self.day(now)

    def day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self.zone).date()

    def ago(self, days: int) -> dt.date:
        return self.today - dt.timedelta(days=days)

    def at(self, day: dt.date, hour: int, minute: int = 0, second: int = 0) -> dt.datetime:
        """A time of the shop's clock, in UTC."""
        return dt.datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=self.zone).astimezone(
            dt.UTC
        )

    def is_open(self, place: int, day: dt.date) -> bool:
        closed_days_ago = self.shop.places[place].closed_days_ago
        return closed_days_ago is None or day < self.ago(closed_days_ago)


def _changes(calendar: _Calendar) -> Iterator[Happening]:
    """What the shop itself does."""
    shop = calendar.shop
    if shop.later_reward is not None:
        yield RewardChanges(calendar.at(calendar.ago(YEAR_DAYS // 2), 6), shop.later_reward)
    for number, place in enumerate(shop.places):
        if place.closed_days_ago is not None:
            yield Closes(calendar.at(calendar.ago(place.closed_days_ago), 6), number)
    for item in shop.offer.items:
        if item.retired_days_ago is not None:
            yield Retires(calendar.at(calendar.ago(item.retired_days_ago), 6), item.code)
    monthly = max((gift.since_days or 0 for gift in shop.offer.gifts if gift.event == "monthly"), default=0)
    for days in range(YEAR_DAYS):
        day = calendar.ago(days)
        if shop.offer.expire_months is not None:
            yield Night(calendar.at(day, 3, 15))
        if days <= monthly and day.day == 1:
            yield MonthBegins(calendar.at(day, 3, 30))


def _gift_cards(calendar: _Calendar) -> Iterator[Happening]:
    """Gift cards that somebody buys for somebody, each at the first branch while the owner is in."""
    shop = calendar.shop
    voucher = shop.offer.gift_card
    if voucher is None:
        return
    rng = random.Random(f"{shop.seed} gift cards")
    for _ in range(_GIFT_CARDS_SOLD):
        at = calendar.at(calendar.ago(rng.randrange(3, YEAR_DAYS)), 12, rng.randrange(60))
        yield SellsGiftCard(at, 0, 0, voucher)
    for _ in range(_GIFT_CARDS_TAKEN):
        at = calendar.at(calendar.ago(rng.randrange(2, YEAR_DAYS // 2)), 13, rng.randrange(60))
        yield TakesGiftCard(at, 0, 0, voucher)


def _life(calendar: _Calendar, number: int, person: Person) -> Iterator[Happening]:
    """All that a person does in the year, from joining on."""
    rng = random.Random(f"{calendar.shop.seed} {number}")
    joined_on = calendar.ago(person.joined_days_ago)
    first = _draw_time(rng, calendar, person, joined_on)
    yield Joins(first - dt.timedelta(seconds=rng.randint(40, 150)), number)
    for year in {joined_on.year, calendar.today.year} if person.birthday else ():
        birthday = bonus_day(person.birthday, year) if person.birthday else joined_on
        if joined_on < birthday <= calendar.today and not person.suspended:
            yield HasBirthday(calendar.at(birthday, 7, 30, number % 60), number, year)
    if person.habit is Habit.NEVER:
        return
    yield from _visit(rng, calendar, number, person, first)
    for days in range(1, person.joined_days_ago + 1):
        day = joined_on + dt.timedelta(days=days)
        if rng.random() < _likelihood(calendar.shop, person, day, days):
            at = _draw_time(rng, calendar, person, day)
            yield from _visit(rng, calendar, number, person, at)


def _likelihood(shop: Shop, person: Person, day: dt.date, days: int) -> float:
    """How likely a person comes on a day, so many days after joining; who drifts away comes less and less."""
    fading = 1.0 if person.stays is None else max(0.0, 1 - days / person.stays)
    return person.per_week / 7 * shop.weekdays[day.weekday()] * fading


def _draw_time(rng: random.Random, calendar: _Calendar, person: Person, day: dt.date) -> dt.datetime:
    hours = calendar.shop.weekend_hours if day.weekday() >= 5 else calendar.shop.hours
    (hour,) = rng.choices(list(hours), weights=list(hours.values()))
    if rng.random() < 0.5:
        hour = person.favourite_hour
    return calendar.at(day, hour, rng.randrange(60), rng.randrange(60))


def _visit(
    rng: random.Random, calendar: _Calendar, number: int, person: Person, at: dt.datetime
) -> Iterator[Happening]:
    day = calendar.day(at)
    place, colleague = _draw_counter(rng, calendar, person, day)
    count = rng.choices((1, 2, 3, 5), weights=(78, 16, 5, 1))[0]
    # A waiting reward is asked for first, so what this visit earns waits for a later one.
    if rng.random() < person.takes_rewards:
        yield AsksForReward(at, place, colleague, number)
    yield Collects(at + dt.timedelta(seconds=rng.randint(20, 60)), place, colleague, number, count)
    # Of its own, so that what people buy does not change when they come.
    basket = random.Random(f"{calendar.shop.seed} {number} {day}")
    days_ago = (calendar.today - day).days
    yield from draw_purchase(
        basket, calendar.shop, person, days_ago, Collects(at, place, colleague, number, count)
    )


def _draw_counter(
    rng: random.Random, calendar: _Calendar, person: Person, day: dt.date
) -> tuple[int | None, int | None]:
    """Where somebody is served, and by whom. Mostly where they like to go; some tills name no branch."""
    chance = rng.random()
    places = [place for place in range(len(calendar.shop.places)) if calendar.is_open(place, day)]
    place: int | None = person.place
    if chance > 0.82 or person.place not in places:
        (place,) = rng.choices(places, weights=[calendar.shop.places[open_].share for open_ in places])
    if chance < 0.04:
        place = None
    if place is None:
        return None, None
    at_work = [number for number, colleague in enumerate(calendar.shop.team) if colleague.place == place]
    # The owner, first in the team, steps in where nobody works, and now and then elsewhere.
    return place, rng.choice(at_work) if at_work and chance < 0.95 else 0


def _early_birds(calendar: _Calendar, people: list[Person], so_far: list[Happening]) -> Iterator[Happening]:
    """Visits between midnight and now, so that today's figures are not empty before the shop opens."""
    midnight = calendar.at(calendar.today, 0)
    missing = calendar.shop.least_today - sum(
        isinstance(happening, Collects) and happening.at >= midnight for happening in so_far
    )
    loyal = [
        number
        for number, person in enumerate(people)
        if person.habit is Habit.LOYAL
        and person.joined_days_ago
        and calendar.is_open(person.place, calendar.today)
    ]
    for place_in_queue in range(missing):
        number = loyal[place_in_queue]
        at = midnight + (calendar.now - midnight) * (place_in_queue + 1) / (missing + 1)
        yield Collects(at.replace(microsecond=0), people[number].place, 0, number, 1)
