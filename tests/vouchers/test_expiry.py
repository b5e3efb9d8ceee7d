"""Voucher codes that run out are told of, once each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django_scopes import scopes_disabled

from regulars.outbox.models import Event
from regulars.promotions.daily import run_daily
from regulars.vouchers import issuing, redeeming
from regulars.vouchers.expiry import tell_expired
from regulars.vouchers.models import VoucherCode
from tests.factories import Shop, make_shop
from tests.vouchers.given import codes, issue, rows, voucher

pytestmark = pytest.mark.django_db

ISSUED = dt.datetime(2026, 3, 1, 6, 30, tzinfo=dt.UTC)  # noon in Bengaluru
# A voucher for ten days: its last day is 11 March, which ends there at 18:30 UTC.
LAST_MINUTE = dt.datetime(2026, 3, 11, 18, 29, tzinfo=dt.UTC)
NEXT_DAY = dt.datetime(2026, 3, 11, 18, 30, tzinfo=dt.UTC)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def told(shop: Shop) -> list[dict[str, Any]]:
    with scopes_disabled():
        found = Event.objects.filter(business=shop.business, type="voucher.expired").order_by("id")
        return [event.payload for event in found]


def test_a_code_is_told_of_when_its_last_day_has_passed_at_the_business(shop: Shop) -> None:
    of, card = voucher(shop, expires_after_days=10), shop.enrol()
    issued = issue(shop, of, card, occurred_at=ISSUED)
    assert tell_expired(business_id=shop.id, now=LAST_MINUTE) == 0
    assert tell_expired(business_id=shop.id, now=NEXT_DAY) == 1
    assert told(shop) == [
        {
            "customer_id": card.pk,
            "voucher_id": of.pk,
            "voucher": of.code,
            "voucher_code": codes(issued)[0],
            "value": "5.00",
            "value_type": 0,
            "expired_on": "2026-03-11",
        }
    ]
    assert tell_expired(business_id=shop.id, now=NEXT_DAY + dt.timedelta(days=1)) == 0
    assert len(told(shop)) == 1


def test_the_daily_run_tells_and_counts(shop: Shop) -> None:
    issue(shop, voucher(shop, expires_after_days=10), qty=3, occurred_at=ISSUED)
    assert run_daily(business_id=shop.id, now=NEXT_DAY).ended == 3
    assert len(told(shop)) == 3


def test_what_was_used_or_is_held_or_never_ends_is_not_told(shop: Shop) -> None:
    ten = voucher(shop, expires_after_days=10)
    used, held = codes(issue(shop, ten, qty=2, occurred_at=ISSUED))
    issue(shop, voucher(shop, "For ever"), occurred_at=ISSUED)
    redeeming.redeem(business_id=shop.id, code=used, occurred_at=ISSUED)
    with scopes_disabled():
        held_code = VoucherCode.objects.get(code=held)
        held_code.status, held_code.reserved_until = "reserved", NEXT_DAY + dt.timedelta(minutes=5)
        held_code.save()
    assert tell_expired(business_id=shop.id, now=NEXT_DAY) == 0
    assert tell_expired(business_id=shop.id, now=NEXT_DAY + dt.timedelta(minutes=6)) == 1
    assert [payload["voucher_code"] for payload in told(shop)] == [held]


def test_a_code_with_a_new_last_day_is_told_of_again(shop: Shop) -> None:
    issued = issue(shop, voucher(shop, expires_after_days=10), occurred_at=ISSUED)
    tell_expired(business_id=shop.id, now=NEXT_DAY)
    (code,) = rows(issued)
    issuing.edit_code(business_id=shop.id, pk=code.pk, expires_on=dt.date(2026, 3, 20))
    assert tell_expired(business_id=shop.id, now=NEXT_DAY) == 0
    assert tell_expired(business_id=shop.id, now=NEXT_DAY + dt.timedelta(days=9)) == 1
    assert [payload["expired_on"] for payload in told(shop)] == ["2026-03-11", "2026-03-20"]


def test_old_ends_are_no_news(shop: Shop) -> None:
    issue(shop, voucher(shop, expires_after_days=10), qty=2, occurred_at=ISSUED)
    assert tell_expired(business_id=shop.id, now=NEXT_DAY + dt.timedelta(days=40)) == 2
    assert told(shop) == []
    assert tell_expired(business_id=shop.id, now=NEXT_DAY + dt.timedelta(days=40)) == 0


def test_another_business_keeps_its_own(shop: Shop) -> None:
    other = make_shop("Charlie's Tea House")
    issue(other, voucher(other, expires_after_days=10), occurred_at=ISSUED)
    assert tell_expired(business_id=shop.id, now=NEXT_DAY) == 0
    assert told(other) == []
