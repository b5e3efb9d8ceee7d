"""How often a member may be served: so many times a day, so many minutes apart.

What counts are scans in which something was earned. Redeeming is always possible, and within one scan as
much may be given as the operator likes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from regulars import db
from regulars.counter.models import CounterSettings, Scan
from regulars.counter.refusals import LimitReached
from regulars.ledger.post import business_day

# What is given within so long of a scan belongs to it; after that it is another one.
SCAN_LASTS: Final = dt.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Room:
    """Whether a member may earn at a moment. `again_at` is when again, `left_today` None without a limit."""

    may_earn: bool
    again_at: dt.datetime | None
    left_today: int | None


def hold(member_id: int) -> None:
    """Let one after the other look at the limits of a member and use them up, until the transaction ends."""
    db.serialise("counter", member_id)


def lasts(scan: Scan, at: dt.datetime) -> bool:
    """Whether what is given at a moment belongs to a scan."""
    return abs(at - scan.occurred_at) <= SCAN_LASTS


def room(
    settings: CounterSettings, *, member_id: int, timezone: str, at: dt.datetime, but_scan: int | None = None
) -> Room:
    """Whether a member may earn at a moment, apart from one scan. Within the business's scope."""
    day, again = business_day(timezone, at), []
    others = Scan.objects.filter(member_id=member_id, earned=True)
    if but_scan is not None:
        others = others.exclude(pk=but_scan)
    left = None
    if settings.scans_per_day is not None:
        left = max(settings.scans_per_day - others.filter(day=day).count(), 0)
        if not left:
            again.append(_midnight(day + dt.timedelta(days=1), timezone))
    if settings.minutes_between is not None:
        apart = dt.timedelta(minutes=settings.minutes_between)
        # What waited for the network may come in any order, so those after it count, too.
        near = others.filter(
            day__range=(day - apart - dt.timedelta(days=1), day + apart + dt.timedelta(days=1)),
            occurred_at__gt=at - apart,
            occurred_at__lt=at + apart,
        )
        last = near.order_by("-occurred_at").values_list("occurred_at", flat=True).first()
        if last is not None:
            again.append(last + apart)
    return Room(not again, max(again) if again else None, left)


def use(scan: Scan, settings: CounterSettings, *, timezone: str) -> None:
    """Count a scan as one in which something was earned. The member is held.

    Raises:
        LimitReached: the member was served as often as the limits allow.
    """
    if scan.earned:
        return
    found = room(
        settings,
        member_id=scan.member_id,
        timezone=timezone,
        at=scan.occurred_at,
        but_scan=scan.pk,
    )
    if not found.may_earn:
        raise LimitReached(
            "This customer was served as often as the counter's limits allow.",
            again_at=found.again_at,
        )
    count(scan)


def count(scan: Scan) -> None:
    """Let a scan count against the limits from now on."""
    scan.earned = True
    scan.save(update_fields=["earned"])


def _midnight(day: dt.date, timezone: str) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), ZoneInfo(timezone)).astimezone(dt.UTC)
