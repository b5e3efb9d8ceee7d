"""What can happen in a demo business: each is a fact, drawn before anything is written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Happening:
    """Something at a moment, in UTC."""

    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Joins(Happening):
    """A person becomes a member; the number is their place in the list of people."""

    person: int


@dataclass(frozen=True, slots=True)
class AtTill(Happening):
    """Something at a till; without a place the till did not say which branch it stands in."""

    place: int | None
    colleague: int | None


@dataclass(frozen=True, slots=True)
class AtCounter(AtTill):
    """A person at a counter."""

    person: int


@dataclass(frozen=True, slots=True)
class Collects(AtCounter):
    """Stamps for a visit."""

    count: int


@dataclass(frozen=True, slots=True)
class AsksForReward(AtCounter):
    """A reward, if one is waiting."""


@dataclass(frozen=True, slots=True)
class Buys(AtCounter):
    """A purchase: so many of an item, by its code. The promotions of the day give points for it."""

    item: str
    qty: int


@dataclass(frozen=True, slots=True)
class UsesVoucher(AtCounter):
    """Hands over a voucher for a purchase, if there is one that fits."""

    item: str
    qty: int


@dataclass(frozen=True, slots=True)
class ChoosesVoucher(AtCounter):
    """Pays for a voucher with points, if there are enough."""

    voucher: str


@dataclass(frozen=True, slots=True)
class SellsGiftCard(AtTill):
    """A voucher for whoever bears it."""

    voucher: str


@dataclass(frozen=True, slots=True)
class TakesGiftCard(AtTill):
    """Somebody hands over the oldest gift card that is about, if there is one."""

    voucher: str


@dataclass(frozen=True, slots=True)
class HasBirthday(Happening):
    """What a birthday gives in a year is due."""

    person: int
    year: int


@dataclass(frozen=True, slots=True)
class MonthBegins(Happening):
    """What the 1st of a month gives to some is due."""


@dataclass(frozen=True, slots=True)
class Night(Happening):
    """What the business lets run every night: points lapse."""


@dataclass(frozen=True, slots=True)
class RewardChanges(Happening):
    """The programme promises something else from now on."""

    reward: str


@dataclass(frozen=True, slots=True)
class Retires(Happening):
    """An item is sold no more."""

    item: str


@dataclass(frozen=True, slots=True)
class Closes(Happening):
    """A branch closes for good."""

    place: int
