"""A shop that can give every documented answer: two branches, a customer with history, a team, campaigns."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from regulars.campaigns import actions as campaigns
from regulars.ledger import actions as ledger
from regulars.scratchcards import actions as scratchcards
from regulars.scratchcards.actions import NewPrize
from regulars.scratchcards.cards import issue_card, reveal
from regulars.tenants import actions as tenants
from tests.factories import Shop, make_shop


@dataclass(frozen=True)
class Sunrise:
    """The shop, and what stands for the names that calls contain."""

    shop: Shop
    names: dict[str, str | int]


def make_sunrise() -> Sunrise:
    shop = make_shop(
        "Sunrise Cafe",
        plan="professional",
        business_type="Cafe / Coffee Shop",
        phone="9876543210",
        address="12 MG Road",
        city="Bengaluru",
        state="Karnataka",
        program_name="Sunrise Stamps",
        birthday_bonus_stamps=2,
    )
    branch = shop.branch(
        "Koramangala",
        address="47 5th Block",
        city="Bengaluru",
        state="Karnataka",
        phone="9876543210",
        latitude=12.9352,
        longitude=77.6245,
    )
    spare = shop.branch("Indiranagar", city="Bengaluru", latitude=12.9784, longitude=77.6408)
    staff = tenants.add_staff(business=shop.business, name="Neha Staff", email="neha@sunrise.example").staff
    priya = shop.enrol("Priya Sharma", phone="9876543210", email="priya@example.com")
    shop.stamp(priya, 3)
    shop.stamp(priya, 18, branch_id=branch.pk)
    ledger.redeem_reward(business_id=shop.id, qr_code=priya.qr_code)
    drafted, sent = (
        campaigns.create_campaign(
            business_id=shop.id, name="June Promo", subject="Double stamps this week!", message="Visit us."
        )
        for _ in range(2)
    )
    campaigns.send_campaign(business_id=shop.id, pk=sent.pk)
    spin = scratchcards.create_campaign(
        business_id=shop.id,
        name="Summer Spin",
        description="Win free drinks!",
        expires_at=dt.date(2126, 8, 31),
        prizes=[NewPrize("Free Coffee", Decimal(10))],
    )
    scratched = issue_card(business_id=shop.id, campaign_id=spin.pk)
    reveal(token=scratched.token)
    return Sunrise(
        shop,
        {
            "scratch_campaign": spin.pk,
            "scratch_token": scratched.token,
            "campaign": drafted.pk,
            "customer": priya.pk,
            "qr_code": priya.qr_code,
            "branch": branch.pk,
            "spare_branch": spare.pk,
            "staff": staff.pk,
        },
    )
