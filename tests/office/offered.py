"""What pages about promotions, vouchers and scratch cards are about: one of everything."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

from regulars.promotions import actions as promotions
from regulars.scratchcards import actions as scratchcards
from regulars.scratchcards import batches
from regulars.scratchcards.actions import NewPrize
from regulars.vouchers import actions as vouchers
from regulars.vouchers import issuing
from regulars.vouchers.models import VoucherCode
from tests.factories import Shop

_numbers = count(1)


def promotion(shop: Shop) -> int:
    """A promotion on sales."""
    name = f"Ten a hundred {next(_numbers)}"
    return promotions.add_promotion(business_id=shop.id, name=name, percent_of_spend=Decimal(10)).pk


def event_promotion(shop: Shop) -> int:
    """A promotion on an event."""
    given: dict[str, Any] = {"name": "Welcome", "points_to_award": 50, "auto_allocate_on_event": "signup"}
    return promotions.add_event_promotion(business_id=shop.id, **given).pk


def voucher(shop: Shop) -> int:
    """A voucher of which nothing was issued."""
    return vouchers.add_voucher(business_id=shop.id, name="Five off", value=Decimal(5)).pk


def issue(shop: Shop) -> int:
    """Two codes for a member."""
    member = shop.enrol("Asha Rao")
    return issuing.issue_voucher(
        business_id=shop.id, voucher_id=voucher(shop), qty=2, member_id=member.pk, staff_id=shop.owner.pk
    ).pk


def code(shop: Shop) -> int:
    """A code that can be redeemed. Within the shop's scope."""
    return VoucherCode.objects.filter(issue_id=issue(shop)).order_by("pk")[0].pk


def scratch_campaign(shop: Shop) -> int:
    """A campaign of which no card was issued."""
    prizes = [
        NewPrize("Free cake", Decimal(10)),
        NewPrize("Better luck next time", Decimal(90), is_winner=False),
    ]
    name = f"Summer spin {next(_numbers)}"
    return scratchcards.create_campaign(business_id=shop.id, name=name, prizes=prizes).pk


def scratch_batch(shop: Shop) -> int:
    """Cards for many that are under way."""
    shop.enrol("Asha Rao")
    of = scratch_campaign(shop)
    return batches.start_batch(business_id=shop.id, campaign_id=of, filters={}, audience="Everybody").pk


MAKERS = {
    "promotion_id": promotion,
    "event_promotion_id": event_promotion,
    "voucher_id": voucher,
    "issue_id": issue,
    "code_id": code,
    "scratch_id": scratch_campaign,
    "batch_id": scratch_batch,
}
