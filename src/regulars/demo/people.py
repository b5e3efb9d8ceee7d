"""The customers of a demo business: who they are, when they joined, how often they come."""

from __future__ import annotations

import datetime as dt
import random
import unicodedata
from dataclasses import dataclass, replace
from enum import Enum

from regulars.demo.names import draw_names
from regulars.demo.shops import Shop

YEAR_DAYS = 365
# Whoever drifted away has not been seen for longer than this.
AWAY_DAYS = 65


class Habit(Enum):
    """How somebody comes: visits a week (from, to), and after how many days they stop (from, to)."""

    LOYAL = ((1.7, 3.4), None)
    REGULAR = ((0.6, 1.3), None)
    OCCASIONAL = ((0.2, 0.5), None)
    DRIFTING = ((1.2, 2.6), (45, 150))
    TRIED = ((0.7, 1.2), (7, 30))
    NEVER = ((0.0, 0.0), None)

    def __init__(self, per_week: tuple[float, float], stays: tuple[int, int] | None) -> None:
        self.per_week = per_week
        self.stays = stays


# Of a hundred customers.
_SHARES = {
    Habit.LOYAL: 9,
    Habit.REGULAR: 27,
    Habit.OCCASIONAL: 28,
    Habit.DRIFTING: 20,
    Habit.TRIED: 13,
    Habit.NEVER: 3,
}


@dataclass(frozen=True, slots=True)
class Person:
    """A customer. `joined_days_ago` counts from the day of loading; `stays` is in days, None for ever.

    `takes_rewards` is how likely they ask for a waiting reward, `favourite_hour` when they like to come,
    `place` where.
    """

    name: str
    email: str
    phone: str
    birthday: dt.date | None
    habit: Habit
    per_week: float
    joined_days_ago: int
    stays: int | None
    place: int
    favourite_hour: int
    takes_rewards: float
    group: str | None = None
    optout_email: bool = False
    optout_text: bool = False
    optout_post: bool = False
    suspended: bool = False


def draw_people(shop: Shop) -> list[Person]:
    """The customers of a shop: the same ones every time."""
    rng = random.Random(f"{shop.seed} people")
    names = draw_names(rng, shop.communities, shop.members)
    numbers = rng.sample(range(10**shop.phone_digits), shop.members)
    people = [
        _draw_person(rng, shop, name, f"{shop.phone_prefix}{number:0{shop.phone_digits}d}")
        for name, number in zip(names, numbers, strict=True)
    ]
    _mark_special(people, shop)
    return people


def _draw_person(rng: random.Random, shop: Shop, name: str, phone: str) -> Person:
    (habit,) = rng.choices(list(_SHARES), weights=list(_SHARES.values()))
    stays = rng.randint(*habit.stays) if habit.stays else None
    # Some have an e-mail address only, some a phone only, most have both.
    contact = rng.random()
    (place,) = rng.choices(range(len(shop.places)), weights=[place.share for place in shop.places])
    (hour,) = rng.choices(list(shop.hours), weights=list(shop.hours.values()))
    return Person(
        name=name,
        email="" if contact < 0.12 else _email(name),
        phone="" if contact > 0.93 else phone,
        birthday=_draw_birthday(rng),
        habit=habit,
        per_week=rng.uniform(*habit.per_week),
        joined_days_ago=_draw_joining(rng, stays),
        stays=stays,
        place=place,
        favourite_hour=hour,
        takes_rewards=rng.choice((0.2, 0.5, 0.8, 0.8, 0.9, 1.0, 1.0, 1.0)),
        optout_email=rng.random() < 0.09,
        optout_text=rng.random() < 0.06,
        optout_post=rng.random() < 0.04,
    )


def _draw_birthday(rng: random.Random) -> dt.date | None:
    day = dt.date(1950, 1, 1) + dt.timedelta(days=round(rng.triangular(0, 20_000, 15_500)))
    return day if rng.random() < 0.86 else None


def _draw_joining(rng: random.Random, stays: int | None) -> int:
    latest = 1 if stays is None or stays < AWAY_DAYS / 2 else stays + AWAY_DAYS
    if rng.random() < 0.22:  # in the weeks after the programme began
        return rng.randint(YEAR_DAYS - 25, YEAR_DAYS - 1)
    return rng.randint(latest, YEAR_DAYS - 1)


def _mark_special(people: list[Person], shop: Shop) -> None:
    """Groups, the suspended, somebody who joined yesterday, a birthday in a leap year."""
    busiest = sorted(range(len(people)), key=lambda index: -people[index].per_week)
    loyal = [index for index in busiest if people[index].habit is Habit.LOYAL]
    regular = [index for index in busiest if people[index].habit is Habit.REGULAR]
    if shop.groups is not None:
        for index in loyal:
            people[index] = replace(people[index], group=shop.groups[0])
        for index in regular[: len(regular) * 2 // 3]:
            people[index] = replace(people[index], group=shop.groups[1])
    quiet = [index for index in range(len(people)) if people[index].habit is Habit.TRIED]
    for index in quiet[: shop.suspended]:
        people[index] = replace(people[index], habit=Habit.NEVER, per_week=0.0, suspended=True)
    people[loyal[0]] = replace(people[loyal[0]], joined_days_ago=YEAR_DAYS - 1)
    people[regular[0]] = replace(people[regular[0]], birthday=dt.date(1996, 2, 29))
    people[regular[-1]] = replace(people[regular[-1]], joined_days_ago=1)


def _email(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return plain.replace(" ", ".") + "@example.com"
