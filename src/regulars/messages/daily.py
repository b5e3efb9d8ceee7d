"""Messages that the calendar sends: birthdays, and vouchers that end soon.

Each business has its own morning. A day that is missed is not made up for: nobody wants yesterday's birthday
greetings. A run may be repeated as often as one likes, because every message has a key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone as clock
from django_scopes import scope

from regulars.members.models import Member
from regulars.messages import texts
from regulars.messages.actions import NewMessage, queue_messages
from regulars.messages.automatic import voucher_context
from regulars.messages.models import Message
from regulars.rules import occasions
from regulars.tenants.models import Business
from regulars.vouchers.models import VoucherCode

# The hour of a business's day before which it sends nothing by itself.
MORNING: Final = 8
# So long before a voucher's last day its bearer is reminded.
REMIND: Final = dt.timedelta(days=7)
_BATCH: Final = 200

Stop = Callable[[], bool]

log = structlog.get_logger(__name__)


def run_all(*, now: dt.datetime | None = None, stop: Stop = lambda: False) -> int:
    """Queue today's messages of every business whose morning has come; how many those were.

    The failure of one business does not stop the others. As soon as `stop()` is true it ends where it is.
    """
    moment = now or clock.now()
    queued = 0
    for business_id, zone in Business.objects.order_by("id").values_list("pk", "timezone"):
        if stop():
            break
        try:
            queued += _run(business_id, moment.astimezone(ZoneInfo(zone)), stop)
        except Exception:  # the others must have their day
            log.exception("daily_messages_failed", business_id=business_id)
            if not connection.in_atomic_block and not connection.is_usable():
                connection.close()
    return queued


def _run(business_id: int, local: dt.datetime, stop: Stop) -> int:
    if local.hour < MORNING:
        return 0
    queued = 0
    if texts.is_enabled(business_id=business_id, kind="birthday"):
        queued += _queue(business_id, _birthdays(business_id, local.date(), stop))
    if texts.is_enabled(business_id=business_id, kind="voucher_expiring"):
        queued += _queue(business_id, _expiring(business_id, local.date(), stop))
    return queued


def _birthdays(business_id: int, today: dt.date, stop: Stop) -> Iterator[NewMessage]:
    born = Q()
    for month, day in occasions.kept_on(today):
        born |= Q(date_of_birth__month=month, date_of_birth__day=day)
    with scope(business=business_id):
        rows = Member.objects.filter(born, optout_email=False, suspended=False).exclude(email="").only("pk")
    for member in _batches(rows, stop):
        yield NewMessage(business_id, "birthday", f"birthday:{member.pk}:{today.year}", member.pk)


def _expiring(business_id: int, today: dt.date, stop: Stop) -> Iterator[NewMessage]:
    with scope(business=business_id):
        rows = (
            VoucherCode.objects.filter(
                expires_on=today + REMIND,
                expiry_told_at=None,
                member__optout_email=False,
                member__suspended=False,
            )
            .exclude(status=VoucherCode.Status.REDEEMED)
            .exclude(member__email="")
            .select_related("voucher", "business")
        )
    for code in _batches(rows, stop):
        told = {"voucher": code.voucher.name, "voucher_code": code.code, **voucher_context(code)}
        del told["text"]  # the voucher names a text of another kind
        yield NewMessage(
            business_id, "voucher_expiring", f"voucher_expiring:{code.pk}", code.member_id, context=told
        )


def _batches(rows: QuerySet[Any], stop: Stop) -> Iterator[Any]:
    last = 0
    while not stop():
        batch = list(rows.filter(pk__gt=last).order_by("pk")[:_BATCH])
        yield from batch
        if len(batch) < _BATCH:
            return
        last = batch[-1].pk


def _queue(business_id: int, messages: Iterator[NewMessage]) -> int:
    queued = 0
    batch: list[NewMessage] = []
    for message in messages:
        batch.append(message)
        if len(batch) == _BATCH:
            queued += _queue_new(business_id, batch)
            batch = []
    return queued + _queue_new(business_id, batch)


def _queue_new(business_id: int, batch: list[NewMessage]) -> int:
    """Queue those whose key is not there; an hour that has nothing new writes nothing."""
    if not batch:
        return 0
    with scope(business=business_id):
        keys = Message.objects.filter(key__in=[message.key for message in batch])
        known = set(keys.values_list("key", flat=True))
    new = [message for message in batch if message.key not in known]
    if not new:
        return 0
    with transaction.atomic():
        return len(queue_messages(messages=new))
