"""What the calendar gives: birthdays, anniversaries, the first of the month; and what it takes.

Each business has its own midnight. Every day of its calendar is worked through once, in order, late if
need be. The day is marked done at its end; killed in between, it is begun again, and what was given by then
is not given twice, because every occasion happens once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from typing import Self
from zoneinfo import ZoneInfo

import structlog
from django.db import connection
from django.db.models import Min, Q
from django.utils import timezone as clock
from django_scopes import scope

from regulars import db
from regulars.ledger import actions as ledger
from regulars.ledger import points
from regulars.ledger.post import business_day
from regulars.members.models import Member
from regulars.promotions.models import DailyRun
from regulars.promotions.occasions import anything_on, happened
from regulars.rules import occasions
from regulars.rules.errors import Refusal
from regulars.tenants.models import Business, Program
from regulars.vouchers import expiry, redeeming

# Members in memory at once.
BATCH = 500
# Nobody joined longer ago than this, in years.
LONGEST_MEMBERSHIP = 150

log = structlog.get_logger(__name__)

Stop = Callable[[], bool]


class Stopped(Exception):  # noqa: N818 - an outcome, not an error
    """Whoever runs this wants to stop. The day at work is not marked done."""


@dataclass(frozen=True, slots=True)
class DailyResult:
    """What was done. `days` were finished, `points` were given by promotions, `stamps` for birthdays;
    points `expired`, reservations of vouchers were `released`, and `ended` voucher codes ran out unused.

    `failed` businesses ended with an error that is in the log.
    """

    days: int = 0
    promotions: int = 0
    points: int = 0
    vouchers: int = 0
    stamps: int = 0
    expired: int = 0
    released: int = 0
    ended: int = 0
    failed: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(*(mine + more for mine, more in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class _Day:
    """One day of one business at work."""

    business_id: int
    zone: ZoneInfo
    day: dt.date
    at: dt.datetime  # the moment as of which things are given
    stop: Stop

    def start(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time.min, self.zone).astimezone(dt.UTC)

    @property
    def end(self) -> dt.datetime:
        return self.start(self.day + dt.timedelta(days=1))


def run_daily_all(*, now: dt.datetime | None = None, stop: Stop = lambda: False) -> DailyResult:
    """Do for every business what `run_daily` does for one. The failure of one does not stop the others.

    As soon as `stop()` is true it ends where it is; the next run goes on from there.
    """
    total = DailyResult()
    for business_id in Business.objects.order_by("id").values_list("pk", flat=True):
        try:
            total += run_daily(business_id=business_id, now=now, stop=stop)
        except Stopped:
            break
        except Exception:  # the others must have their day
            log.exception("daily_run_failed", business_id=business_id)
            total += DailyResult(failed=1)
            if not connection.in_atomic_block and not connection.is_usable():
                connection.close()  # the next business gets a new one
    return total


def run_daily(*, business_id: int, now: dt.datetime | None = None, stop: Stop = lambda: False) -> DailyResult:
    """Work through the days of a business that are due up to today: birthdays (stamps too), anniversaries of
    joining and the 1st of the month. Then let points, reservations of vouchers and vouchers run out.

    At the very first time only today is due. What a missed day gives is given as of noon of that day. When
    today is done already, only birthdays of members who joined or were changed today are looked at again:
    somebody may have told theirs at the counter just now. Safe to run at any time and as often as one likes,
    also by several at once.

    Raises:
        Stopped: `stop()` became true.
    """
    moment = now or clock.now()
    zone = ZoneInfo(Business.objects.values_list("timezone", flat=True).get(pk=business_id))
    today = business_day(zone.key, moment)
    with scope(business=business_id):
        done = DailyRun.objects.values_list("day", flat=True).first()
    result = DailyResult()
    for day in occasions.days_due(done, today):
        noon = dt.datetime.combine(day, dt.time(12), zone)
        result += _work(_Day(business_id, zone, day, moment if day == today else noon, stop))
        _mark_done(business_id, day)
        result += DailyResult(days=1)
    if done == today:
        again = _Day(business_id, zone, today, moment, stop)
        result += _birthdays(again, among=Q(modified_at__gte=again.start(today)))
    if stop():
        raise Stopped
    return result + DailyResult(
        expired=points.expire_points(business_id=business_id, occurred_at=moment),
        released=redeeming.release_expired(business_id=business_id, now=moment),
        ended=expiry.tell_expired(business_id=business_id, now=moment, zone=zone.key),
    )


_DONE = """
INSERT INTO promotions_dailyrun (business_id, day) VALUES (%s, %s)
ON CONFLICT (business_id) DO UPDATE SET day = excluded.day WHERE promotions_dailyrun.day < excluded.day"""


def _mark_done(business_id: int, day: dt.date) -> None:
    db.run(_DONE, (business_id, db.calendar_day(day)))


def _work(day: _Day) -> DailyResult:
    return _birthdays(day) + _anniversaries(day) + _month(day)


def _birthdays(day: _Day, *, among: Q | None = None) -> DailyResult:
    with scope(business=day.business_id):
        stamps = Program.objects.filter(birthday_bonus_stamps__gt=0).exists()
    gifts = anything_on(day.business_id, occasions.BIRTHDAY)
    result = DailyResult()
    if not stamps and not gifts:
        return result
    born = Q()
    for month, number in occasions.kept_on(day.day):
        born |= Q(date_of_birth__month=month, date_of_birth__day=number)
    for member_id in _members(day, born if among is None else among & born):
        if stamps:
            result += _bonus(day, member_id)
        if gifts:
            occasion = occasions.birthday_occasion(day.day.year)
            result += _give(day, member_id, occasions.BIRTHDAY, occasion)
    return result


def _bonus(day: _Day, member_id: int) -> DailyResult:
    try:
        added = ledger.add_birthday_bonus(
            business_id=day.business_id, member_id=member_id, year=day.day.year, occurred_at=day.at
        )
    except Refusal as refusal:  # erased or suspended just now
        log.info("birthday_bonus_refused", business_id=day.business_id, why=refusal.code)
        return DailyResult()
    return DailyResult(stamps=added.stamps_added if added else 0)


def _anniversaries(day: _Day) -> DailyResult:
    result = DailyResult()
    if not anything_on(day.business_id, occasions.ANNIVERSARY):
        return result
    with scope(business=day.business_id):
        first = Member.objects.aggregate(first=Min("joined_at"))["first"]
    if first is None:
        return result
    since = max(first.astimezone(day.zone).year, day.day.year - LONGEST_MEMBERSHIP)
    joined = Q()
    for one in occasions.anniversaries_on(day.day, since=since):
        joined |= Q(joined_at__gte=day.start(one), joined_at__lt=day.start(one + dt.timedelta(days=1)))
    if not joined:
        return result
    occasion = occasions.anniversary_occasion(day.day.year)
    for member_id in _members(day, joined):
        result += _give(day, member_id, occasions.ANNIVERSARY, occasion)
    return result


def _month(day: _Day) -> DailyResult:
    result = DailyResult()
    if not occasions.is_month_start(day.day) or not anything_on(day.business_id, occasions.MONTHLY):
        return result
    occasion = occasions.month_occasion(day.day)
    for member_id in _members(day, Q()):
        result += _give(day, member_id, occasions.MONTHLY, occasion)
    return result


def _members(day: _Day, which: Q) -> Iterator[int]:
    """Those who had joined by the end of the day and may get something, a batch at a time, by id."""
    last = 0
    while True:
        if day.stop():
            raise Stopped
        with scope(business=day.business_id):
            rows = Member.objects.filter(which, pk__gt=last, suspended=False, joined_at__lt=day.end)
            batch = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        yield from batch
        if len(batch) < BATCH:
            return
        last = batch[-1]


def _give(day: _Day, member_id: int, event: str, occasion: str) -> DailyResult:
    try:
        given = happened(
            business_id=day.business_id, member_id=member_id, event=event, occasion=occasion, at=day.at
        )
    except Refusal as refusal:  # erased just now
        log.info("occasion_refused", business_id=day.business_id, occasion=occasion, why=refusal.code)
        return DailyResult()
    return DailyResult(promotions=len(given.promotions), points=given.points, vouchers=len(given.vouchers))
