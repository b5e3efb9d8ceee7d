"""What an operator sees of a member."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from django.db.models import Q
from django.utils import timezone
from django_scopes import scope

from regulars.counter import limits, withheld
from regulars.counter.buttons import Live, Offered, live_on, offered
from regulars.counter.models import Action, Scan
from regulars.counter.operators import Operator
from regulars.ledger.models import Card, Reward
from regulars.ledger.post import business_day
from regulars.members.models import Member
from regulars.rules import birthdays, scratch
from regulars.rules.errors import NotFound
from regulars.scratchcards.models import ScratchCampaign, ScratchCard
from regulars.tenants.plans import plan_of
from regulars.vouchers import issuing, orders
from regulars.vouchers.models import Voucher, VoucherCode

# As many as an operator looks through.
MOST_VOUCHERS: Final = 30
MOST_LAST: Final = 5
_SHOWN_DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """A member at the counter. `rewards` are texts with how many wait, the oldest first."""

    member: Member
    card: Card
    today: dt.date
    spendable: int
    rewards: tuple[tuple[str, int], ...]
    vouchers: tuple[VoucherCode, ...]
    offers: tuple[Voucher, ...]
    campaigns: tuple[ScratchCampaign, ...]
    scratch_cards: tuple[ScratchCard, ...]
    offered: Offered
    room: limits.Room
    visits_today: int
    last: tuple[Action, ...]

    @property
    def is_new(self) -> bool:
        """Whether they have never been here."""
        return not self.card.total_visits and not self.last

    @property
    def birthday_today(self) -> bool:
        """Whether it is their birthday; 29 February is the 28th in other years."""
        born = self.member.date_of_birth
        return born is not None and birthdays.bonus_day(born, self.today.year) == self.today


def masked_contact(member: Member) -> str:
    """Enough of a phone number or an e-mail address to tell two people apart, and no more."""
    if member.cell:
        return f"•••{member.cell[-_SHOWN_DIGITS:]}"
    name, at, domain = member.email.partition("@")
    return f"{name[:1]}•••{at}{domain}" if at else ""


def show(*, operator: Operator, member_id: int, scan: Scan | None = None, live: Live | None = None) -> Shown:
    """A member as an operator sees them, in the course of a scan; one that is over is none. `live` are the
    promotions of the day, when they are known already.

    Raises:
        NotFound: the business has no such member.
    """
    now = timezone.now()
    if scan is not None and not limits.lasts(scan, now):
        scan = None
    business = operator.business
    today = business_day(business.timezone, now)
    with scope(business=business):
        card = Card.objects.select_related("member__group").filter(pk=member_id).first()
        if card is None:
            raise NotFound(f"There is no customer {member_id}.", fields={"member_id": "is unknown"})
        member = card.member
        waiting = Reward.objects.filter(card=card, redeemed_entry=None, undone_entry=None).order_by("pk")
        texts = Counter(waiting.values_list("text", flat=True)) if card.pending_rewards else Counter[str]()
        room = _room(operator, member_id, now, scan)
        if live is None or live.day != today:
            live = live_on(business_id=business.pk, day=today)
        spendable = orders.spendable_points(member_id, today, balance=card.points)
        return Shown(
            member=member,
            card=card,
            today=today,
            spendable=spendable,
            rewards=tuple(texts.items()),
            vouchers=tuple(_vouchers(member_id, today)),
            offers=tuple(_offers(operator, member, spendable, today)),
            campaigns=tuple(_campaigns(operator, today)),
            scratch_cards=tuple(_scratch_cards(member_id, today)),
            offered=_offered(operator, member, live, scan if room.may_earn else None),
            room=room,
            visits_today=Scan.objects.filter(member_id=member_id, day=today).count(),
            last=tuple(
                Action.objects.select_related("staff", "branch", "member")
                .filter(member_id=member_id)
                .order_by("-pk")[:MOST_LAST]
            ),
        )


def _offered(operator: Operator, member: Member, live: Live, scan: Scan | None) -> Offered:
    """What the amount field offers; first what the scan would have given by itself, if it did not."""
    found = offered(operator.settings, live, member=member, branch_id=operator.branch_id)
    if scan is None or member.suspended:
        return found
    button = withheld.button(scan, member, found, live)
    return found if button is None else replace(found, buttons=(button, *found.buttons))


def _room(operator: Operator, member_id: int, now: dt.datetime, scan: Scan | None) -> limits.Room:
    found = limits.room(
        operator.settings,
        member_id=member_id,
        timezone=operator.business.timezone,
        at=now,
        but_scan=scan.pk if scan is not None else None,
    )
    # Within a scan that counts already the operator may give more.
    if scan is not None and scan.earned:
        return limits.Room(may_earn=True, again_at=None, left_today=found.left_today)
    return found


def _vouchers(member_id: int, today: dt.date) -> list[VoucherCode]:
    rows = VoucherCode.objects.select_related("voucher").filter(
        Q(expires_on=None) | Q(expires_on__gte=today),
        member_id=member_id,
        status__in=(VoucherCode.Status.ACTIVE, VoucherCode.Status.RESERVED),
    )
    return list(rows.order_by("pk")[:MOST_VOUCHERS])


def may_choose(operator: Operator) -> bool:
    """Whether an operator chooses vouchers for members."""
    return operator.is_owner or operator.settings.chooses_vouchers


def _offers(operator: Operator, member: Member, spendable: int, today: dt.date) -> list[Voucher]:
    if member.suspended or not may_choose(operator):
        return []
    found = issuing.choosable(member, spendable=spendable, today=today)
    # Others are refused where the operator works.
    return [one for one in found if operator.branch_id is None or one.branch_id in {None, operator.branch_id}]


def _campaigns(operator: Operator, today: dt.date) -> list[ScratchCampaign]:
    if not plan_of(operator.business).scratch_cards:
        return []
    rows = ScratchCampaign.objects.filter(Q(expires_at=None) | Q(expires_at__gte=today), is_active=True)
    return list(rows.order_by("name", "pk"))


def _scratch_cards(member_id: int, today: dt.date) -> list[ScratchCard]:
    rows = ScratchCard.objects.select_related("campaign", "prize").filter(
        member_id=member_id, redeemed_at=None, revealed_at__isnull=False, prize__is_winner=True
    )
    return [card for card in rows.order_by("pk") if not scratch.has_passed(card.expires_at, today)]
