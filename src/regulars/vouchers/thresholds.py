"""Vouchers that are due because points reached a number. Called in the transaction that posts the points."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django_scopes import scope

from regulars import db
from regulars.ledger.models import Card
from regulars.ledger.post import business_day
from regulars.rules import occasions
from regulars.rules import vouchers as rules
from regulars.rules.values import MAX_POINTS
from regulars.vouchers import making
from regulars.vouchers.lookups import find_person, find_voucher, place_of
from regulars.vouchers.models import Voucher, VoucherIssue
from regulars.vouchers.orders import MAX_QTY, Order, may_have, spendable_points, try_carry_out

# The conditions are those of the index voucher_threshold.
_WATCHED = """
SELECT v.id, v.auto_allocate_on_event, v.points_required, v.value, v.value_type,
       v.trigger_on_total_points_earned, v.points_earned_in_months, b.timezone, b.point_value
FROM vouchers_voucher v JOIN tenants_business b ON b.id = v.business_id
WHERE v.business_id = %s AND (v.auto_allocate_on_event IN ('points_reach_required', 'points_reach_value')
                              OR v.trigger_on_total_points_earned IS NOT NULL)
ORDER BY v.id"""
_EARNED = """
SELECT COALESCE(SUM(points), 0) FROM ledger_entry
WHERE card_id = %s AND kind IN ('points_earn', 'points_reverse') AND day BETWEEN %s AND %s"""
_EARNED_OCCASION = "earned:"


@dataclass(frozen=True, slots=True)
class _Watched:
    """A voucher that waits for a number of points, and what of its business decides about it."""

    id: int
    event: str
    points_required: int
    value: Decimal
    value_type: int
    trigger: int | None
    months: int | None
    timezone: str
    point_value: Decimal

    @property
    def reach(self) -> int:
        """The balance at which it is due."""
        if self.event == occasions.POINTS_REACH_REQUIRED:
            return self.points_required
        return rules.points_for_value(self.value, value_type=self.value_type, point_value=self.point_value)

    @property
    def price(self) -> int:
        """What one code takes."""
        return self.points_required or self.reach


def earned(
    *, business_id: int, member_id: int, entry_id: int, points: int, balance: int, at: dt.datetime
) -> None:
    """Issue the vouchers that points just earned have made due, and take what they cost.

    A voucher on `points_reach_required` or `points_reach_value` is issued as often as the balance pays for
    it, one on `trigger_on_total_points_earned` once in its window and for nothing. When a business has none,
    this is one statement.
    """
    watched = [_watched(row) for row in db.run(_WATCHED, (business_id,))]
    if not watched:
        return
    left: int | None = None
    with scope(business=business_id):
        day = business_day(watched[0].timezone, at)
        for voucher in watched:
            if voucher.event in (occasions.POINTS_REACH_REQUIRED, occasions.POINTS_REACH_VALUE):
                if balance < max(voucher.reach, voucher.price):
                    continue
                left = spendable_points(member_id, day) if left is None else left
                left -= _buy(business_id, member_id, voucher, left, at)
        for voucher in watched:
            if voucher.trigger is not None and _reached(member_id, voucher, voucher.trigger, day):
                _trigger(business_id, member_id, voucher, day, at)


def _watched(row: tuple[Any, ...]) -> _Watched:
    pk, event, required, value, value_type, trigger, months, zone, point_value = row
    # SQLite gives decimals as floats.
    exact = Decimal(str(value)), Decimal(str(point_value))
    return _Watched(pk, event, required, exact[0], value_type, trigger, months, zone, exact[1])


def _buy(business_id: int, member_id: int, watched: _Watched, left: int, at: dt.datetime) -> int:
    """Issue as many codes as `left` points pay for; how many points that took."""
    number = rules.codes_due(left, reach=watched.reach, price=watched.price)
    if not number:
        return 0
    voucher = find_voucher(watched.id)
    room = making.room_left(voucher, member_id)
    number = min(number, MAX_QTY, MAX_POINTS // watched.price, number if room is None else room)
    if not number:
        return 0
    points = number * watched.price
    return points if _issue(business_id, member_id, voucher, at, qty=number, points=points) else 0


def _reached(member_id: int, watched: _Watched, wanted: int, day: dt.date) -> bool:
    start = rules.window_start(day, watched.months)
    if start is None:
        return Card.objects.values_list("points_earned", flat=True).get(pk=member_id) >= wanted
    rows = db.run(_EARNED, (member_id, db.calendar_day(start), db.calendar_day(day)))
    return int(rows[0][0]) >= wanted


def _trigger(business_id: int, member_id: int, watched: _Watched, day: dt.date, at: dt.datetime) -> None:
    given = VoucherIssue.objects.filter(
        voucher_id=watched.id, member_id=member_id, occasion__startswith=_EARNED_OCCASION
    )
    days = [
        dt.date.fromisoformat((occasion or "").removeprefix(_EARNED_OCCASION))
        for occasion in given.values_list("occasion", flat=True)
    ]
    if not rules.triggered_within(days, day, watched.months):
        voucher = find_voucher(watched.id)
        _issue(business_id, member_id, voucher, at, qty=1, points=0, occasion=f"{_EARNED_OCCASION}{day}")


def _issue(
    business_id: int,
    member_id: int,
    voucher: Voucher,
    at: dt.datetime,
    *,
    qty: int,
    points: int,
    occasion: str | None = None,
) -> bool:
    order = Order(
        voucher=voucher,
        place=place_of(business_id),
        qty=qty,
        member_id=member_id,
        points_used=points,
        occurred_at=at,
        occasion=occasion,
    )
    return may_have(order, find_person(member_id)) and try_carry_out(business_id, order) is not None
