"""What a member can show at the counter or choose: rewards, vouchers, scratch cards, offers."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Q
from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.ledger.models import Reward
from regulars.portal import money
from regulars.rules import occasions
from regulars.rules import vouchers as rules
from regulars.rules.errors import Refusal
from regulars.scratchcards import queries as scratch
from regulars.scratchcards.models import ScratchCard
from regulars.tenants.models import Business
from regulars.vouchers.lookups import terms_of
from regulars.vouchers.models import Voucher, VoucherCode

# So many of a kind are shown; of the rest only the number.
MOST: Final = 20

VALID: Final = "valid"
RESERVED: Final = "reserved"
NOT_YET: Final = "not_yet"


@dataclass(frozen=True, slots=True)
class PendingReward:
    """Rewards of one text that wait to be redeemed."""

    text: str
    number: int


@dataclass(frozen=True, slots=True)
class VoucherInHand:
    """A voucher code that is good today or later.

    `state` is "valid"; "reserved" while a till holds it; "not_yet" before `valid_from`.
    """

    code: str
    name: str
    details: str
    branch: str
    expires_on: dt.date | None
    valid_from: dt.date | None
    state: str
    amount: Decimal
    value_type: int
    min_value: Decimal | None
    currency: str

    @property
    def value(self) -> str:
        """What it is worth, in the language that is spoken; empty for nothing of its own."""
        return money.worth(self.amount, self.value_type, self.currency)

    @property
    def minimum(self) -> str:
        """The smallest sale that it may be used on, in the language that is spoken; empty for any."""
        return money.money(self.min_value, self.currency) if self.min_value else ""


@dataclass(frozen=True, slots=True)
class OpenScratchCard:
    """A scratch card that is covered, or holds a prize that waits (`prize`, else empty)."""

    campaign: str
    url: str
    prize: str
    last_day: dt.date | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A voucher that the member may choose when they have its price in points, of which they lack `missing`.

    `chosen` is False for one that comes by itself when the points are there.
    """

    id: int
    name: str
    details: str
    price: int
    missing: int
    chosen: bool
    amount: Decimal
    value_type: int
    currency: str

    @property
    def value(self) -> str:
        """What it is worth, in the language that is spoken; empty when its price decides."""
        if self.value_type == rules.POINTS:
            return ""
        return money.worth(self.amount, self.value_type, self.currency)


def pending_rewards(*, business_id: int, member_id: int) -> list[PendingReward]:
    """The rewards that wait on a card, those of one text together, oldest first."""
    with scope(business=business_id):
        rows = Reward.objects.filter(card_id=member_id, redeemed_entry=None, undone_entry=None)
        texts = Counter(rows.order_by("pk").values_list("text", flat=True))
    return [PendingReward(text, number) for text, number in texts.items()]


def vouchers_in_hand(
    *, business: Business, member_id: int, today: dt.date, skip: int = 0
) -> tuple[list[VoucherInHand], int]:
    """A member's voucher codes that are not redeemed and not past, soonest to expire first: `MOST` of them
    from number `skip` on, and how many more follow.
    """
    with scope(business=business.pk):
        rows = VoucherCode.objects.filter(
            Q(expires_on=None) | Q(expires_on__gte=today), member_id=member_id
        ).exclude(status=VoucherCode.Status.REDEEMED)
        found = list(rows.select_related("voucher__branch"))
    found.sort(key=lambda one: (one.expires_on is None, one.expires_on or today, one.pk))
    now = timezone.now()
    shown = [_in_hand(one, business.currency, today, now) for one in found[skip : skip + MOST]]
    return shown, max(len(found) - skip - MOST, 0)


def _in_hand(one: VoucherCode, currency: str, today: dt.date, now: dt.datetime) -> VoucherInHand:
    voucher, state = one.voucher, VALID
    if one.status == VoucherCode.Status.RESERVED and one.reserved_until and one.reserved_until > now:
        state = RESERVED
    elif voucher.date_from is not None and today < voucher.date_from:
        state = NOT_YET
    return VoucherInHand(
        code=one.code,
        name=voucher.name or voucher.code,
        details=voucher.voucher_details,
        branch=voucher.branch.name if voucher.branch else "",
        expires_on=one.expires_on,
        valid_from=voucher.date_from if state == NOT_YET else None,
        state=state,
        amount=one.value,
        value_type=one.value_type,
        min_value=voucher.min_value,
        currency=currency,
    )


def scratch_cards(*, business_id: int, member_id: int, today: dt.date) -> list[OpenScratchCard]:
    """A member's scratch cards that are covered, or won and not redeemed, newest first, `MOST` at most."""
    with scope(business=business_id):
        rows = ScratchCard.objects.filter(
            Q(expires_at=None) | Q(expires_at__gte=today),
            Q(revealed_at=None) | Q(prize__is_winner=True),
            member_id=member_id,
            redeemed_at=None,
        ).select_related("campaign", "prize")
        return [
            OpenScratchCard(
                campaign=card.campaign.name,
                url=scratch.card_url(card.token),
                prize=card.prize.label if card.revealed_at else "",
                last_day=card.expires_at,
            )
            for card in rows.order_by("-pk")[:MOST]
        ]


_HELD = """
SELECT voucher_id, COALESCE(SUM(qty), 0) FROM vouchers_voucherissue
WHERE member_id = %s AND business_id = %s GROUP BY voucher_id"""


def offers(
    *, business: Business, member_id: int, person: rules.Person, spendable: int, today: dt.date
) -> list[Offer]:
    """What a member may choose now or when they have the points, cheapest first; also what then comes by
    itself. What is for others, for other days, or used up for this member, is left out.
    """
    with scope(business=business.pk):
        rows = list(
            Voucher.objects.filter(
                Q(available_for_self_selection=True)
                | Q(auto_allocate_on_event=occasions.POINTS_REACH_REQUIRED, points_required__gt=0)
            ).order_by("points_required", "pk")
        )
    limited = any(voucher.limited_to_per_member is not None for voucher in rows)
    held: dict[int, int] = dict(db.run(_HELD, (member_id, business.pk))) if limited else {}
    found = []
    for voucher in rows:
        limit = voucher.limited_to_per_member
        if limit is not None and held.get(voucher.pk, 0) >= limit:
            continue
        by_itself = not voucher.available_for_self_selection
        try:
            rules.check_eligible(terms_of(voucher), today=today, person=person, by_itself=by_itself)
        except Refusal:
            continue
        found.append(_offer(voucher, business.currency, spendable))
    return found


def _offer(voucher: Voucher, currency: str, spendable: int) -> Offer:
    return Offer(
        id=voucher.pk,
        name=voucher.name or voucher.code,
        details=voucher.voucher_details,
        price=voucher.points_required,
        missing=max(voucher.points_required - spendable, 0),
        chosen=voucher.available_for_self_selection,
        amount=voucher.value,
        value_type=voucher.value_type,
        currency=currency,
    )
