"""Telling that voucher codes have run out. They cannot be redeemed from that day on, told or not."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_scopes import scope

from regulars.ledger.post import business_day
from regulars.outbox.emit import NewEvent, emit
from regulars.rules import vouchers as rules
from regulars.vouchers.lookups import place_of
from regulars.vouchers.models import VoucherCode

_BATCH = 500
# What ended longer ago is no news to anybody.
NEWS_FOR = dt.timedelta(days=31)


def tell_expired(*, business_id: int, now: dt.datetime | None = None, zone: str | None = None) -> int:
    """Write an event for every voucher code whose last day has passed, once each; how many there were.

    The day is the business's own; who knows its time zone already says it. A code that a
    till still holds is left until its reservation has ended. Safe to run at any time, by several at once too.
    """
    moment = now or timezone.now()
    today = business_day(zone or place_of(business_id).timezone, moment)
    told = 0
    while number := _tell_some(business_id, today, moment):
        told += number
    return told


def _tell_some(business_id: int, today: dt.date, moment: dt.datetime) -> int:
    with scope(business=business_id):
        ended = _ended(today, moment)
        if not ended.exists():  # an idle hour locks nothing
            return 0
        with transaction.atomic():
            # Whoever changes a code at this moment is not waited for: the next run looks again.
            rows = ended.select_related("voucher").select_for_update(of=("self",), skip_locked=True)
            codes = list(rows.order_by("pk")[:_BATCH])
            VoucherCode.objects.filter(pk__in=[code.pk for code in codes]).update(expiry_told_at=moment)
            news = [_event(code) for code in codes if code.expires_on and code.expires_on >= today - NEWS_FOR]
            emit(business_id=business_id, events=news)
    return len(codes)


def _ended(today: dt.date, moment: dt.datetime) -> QuerySet[VoucherCode]:
    held = Q(status=VoucherCode.Status.RESERVED, reserved_until__gt=moment)
    ended = VoucherCode.objects.filter(expires_on__lt=today, expiry_told_at__isnull=True)
    return ended.exclude(status=VoucherCode.Status.REDEEMED).exclude(held)


def _event(code: VoucherCode) -> NewEvent:
    data = {
        "customer_id": code.member_id,
        "voucher_id": code.voucher_id,
        "voucher": code.voucher.code,
        "voucher_code": code.code,
        "value": str(code.value.quantize(rules.CENT)),
        "value_type": code.value_type,
        "expired_on": f"{code.expires_on:%Y-%m-%d}",
    }
    return NewEvent("voucher.expired", code.member_id, data)
