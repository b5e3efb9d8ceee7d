"""Cards as somebody with a pencil would keep them: point by point, nothing clever."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from regulars.ledger.models import PointsAdjustment
from regulars.rules.errors import Refusal, StampsSpent, StampsTakenSince


@dataclass(eq=False)
class Lot:
    """Points that expire together."""

    left: int
    last_day: dt.date | None
    source: str | None = None

    def good_on(self, today: dt.date) -> bool:
        """Whether its points may be spent."""
        return self.last_day is None or self.last_day >= today


@dataclass(eq=False)
class Reward:
    """A reward, and out of what it was made: in which addition, and how many stamps it took."""

    text: str
    addition: int
    took: int
    number: int


@dataclass
class Document:
    """What one document did to one card."""

    short: int = 0
    lapsed: int = 0
    taken: Counter[Lot] = field(default_factory=Counter)


@dataclass
class Card:
    """All that somebody has, and what they owe."""

    birthday: dt.date | None
    stamps: int = 0
    all_stamps: int = 0
    visits: list[dt.datetime] = field(default_factory=list)
    waiting: list[Reward] = field(default_factory=list)
    redeemed: list[str] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    documents: dict[str, Document] = field(default_factory=dict)
    bonus_years: set[int] = field(default_factory=set)
    changes: int = 0
    made: int = 0
    taken: int = 0

    @property
    def balance(self) -> int:
        """What the card shows."""
        return sum(lot.left for lot in self.lots) - self.debt

    def document(self, source: str) -> Document:
        """What a document did here; nothing as yet when it is new."""
        return self.documents.setdefault(source, Document())

    def stamp(self, count: int, goal: int, text: str, addition: int = 0) -> int:
        """One stamp after the other, a full card becomes a reward."""
        before = len(self.waiting)
        self.all_stamps += count
        self.stamps += count
        while self.stamps >= goal:
            self.stamps -= goal
            self.made += 1
            self.waiting.append(Reward(text, addition, goal, self.made))
        self.changes += 1
        return len(self.waiting) - before

    def take_stamps(self, count: int) -> None:
        """One stamp after the other off the card."""
        for _ in range(count):
            self.stamps -= 1
            self.all_stamps -= 1
            self.taken += 1
        self.changes += 1

    def unstamp(self, count: int, addition: int) -> type[Refusal] | None:
        """One stamp after the other off the card; where there is none, a reward is broken up. Or nothing,
        and why: somebody took as many stamps as are missing, or they are in a reward that was redeemed.
        """
        missing = count - self.stamps - sum(reward.took for reward in self.waiting)
        if missing > 0:
            return StampsTakenSince if self.taken >= missing else StampsSpent
        stamps, waiting = self.stamps, list(self.waiting)
        for _ in range(count):
            if not stamps:
                own = [reward for reward in waiting if reward.addition == addition]
                broken = (own or waiting)[-1]
                waiting.remove(broken)
                stamps += broken.took
            stamps -= 1
        self.stamps, self.waiting = stamps, waiting
        self.all_stamps -= count
        self.changes += 1
        return None

    def redeem(self) -> Reward:
        """The oldest one that waits."""
        reward = self.waiting.pop(0)
        self.redeemed.append(reward.text)
        self.changes += 1
        return reward

    def unredeem(self, reward: Reward) -> None:
        """It waits again, where it stood."""
        self.redeemed.remove(reward.text)
        self.waiting = sorted([*self.waiting, reward], key=lambda one: one.number)
        self.changes += 1

    def spendable(self, today: dt.date) -> int:
        """The points that have not expired."""
        return sum(lot.left for lot in self.lots if lot.good_on(today))

    def first(self, today: dt.date) -> Lot:
        """The lot from which the next point is spent."""
        good = [lot for lot in self.lots if lot.left and lot.good_on(today)]
        return min(good, key=lambda lot: lot.last_day or dt.date.max)

    def earn(self, number: int, last_day: dt.date | None, source: str | None = None) -> None:
        """One point after the other: kept ones are not given again, and a debt is paid first."""
        new = number
        while source and new and self.document(source).short:
            self.document(source).short -= 1
            new -= 1
        lot = Lot(new, last_day, source)
        while lot.left and self.debt:
            lot.left -= 1
            self.debt -= 1
        if new:
            self.lots.append(lot)
        self.changes += 1

    def spend(self, number: int, today: dt.date, source: str | None = None) -> None:
        """One point after the other, each from the lot that expires first."""
        for _ in range(number):
            lot = self.first(today)
            lot.left -= 1
            if source:
                self.document(source).taken[lot] += 1
        self.changes += 1

    def give_back(self, number: int, today: dt.date, source: str) -> None:
        """One point after the other, each into the lot from which the last of them came."""
        taken = self.document(source).taken
        for _ in range(number):
            if self.debt:
                self.debt -= 1
                continue
            order = [lot for lot in self.lots if taken[lot]]
            lot = max(order, key=lambda lot: (lot.last_day or dt.date.max, self.lots.index(lot)))
            taken[lot] -= 1
            lot.left += 1
        self.changes += 1
        self.expire(today)

    def take_back(self, number: int, today: dt.date, source: str, policy: str) -> None:
        """One point after the other: its own, then those that are gone, then any other, then by policy."""
        self.expire(today)
        document = self.document(source)
        gone = max(0, document.lapsed - document.short)
        for _ in range(number):
            own = [lot for lot in self.lots if lot.source == source and lot.left]
            if policy == "keep":
                document.short += 1
            elif own:
                own[-1].left -= 1
            elif gone:
                gone -= 1
                document.short += 1
            elif self.spendable(today):
                self.first(today).left -= 1
            elif policy == "allow_negative":
                self.debt += 1
            else:
                document.short += 1
        self.changes += 1

    def follow(
        self,
        source: str,
        *,
        before: int,
        after: int,
        today: dt.date,
        policy: str,
        last_day: dt.date | None,
    ) -> None:
        """A document that earns or spends is worth something else. Refused: nothing is changed here."""
        if before > 0 and after < before:
            self.take_back(before - max(after, 0), today, source, policy)
        if before < 0 and after > before:
            self.give_back(min(after, 0) - before, today, source)
        if after < 0 and after < before:
            self.spend(min(before, 0) - after, today, source)
        if after > 0 and after > before:
            self.earn(after - max(before, 0), last_day, source)

    def expire(self, today: dt.date) -> int:
        """What lapses; that it does is a change."""
        late = [lot for lot in self.lots if lot.left and not lot.good_on(today)]
        gone = sum(lot.left for lot in late)
        for lot in late:
            if lot.source:
                self.document(lot.source).lapsed += lot.left
            lot.left = 0
        self.changes += bool(gone)
        return gone


@dataclass
class ModelAdjustment:
    """An adjustment as somebody with a pencil would keep it."""

    row: PointsAdjustment
    card: int
    points: int


@dataclass
class ModelEntry:
    """What may be undone: stamps, perhaps with a visit or below zero, or the redemption of a reward."""

    pk: int
    card: int
    stamps: int = 0
    visited: dt.datetime | None = None
    reward: Reward | None = None
    undone: bool = False


def add_months(day: dt.date, months: int | None) -> dt.date | None:
    """The same day of a later month, or that month's last. None months later is never."""
    if months is None:
        return None
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in (day.day, 30, 29):
        try:
            return dt.date(year, month + 1, number)
        except ValueError:
            continue
    return dt.date(year, month + 1, 28)


def birthday_in(birthday: dt.date, year: int) -> dt.date:
    """When a birthday is kept."""
    try:
        return birthday.replace(year=year)
    except ValueError:
        return dt.date(year, 2, 28)
