"""Cards of people who joined by the page and were not seen since.

Whoever joins with the contact of a member gets a card that is not theirs yet and shows nothing
(`members.aliases`). So that nobody learns by it who is a member, the card of somebody new shows nothing
either, until they confirmed their address or the shop dealt with them. What comes to a member by itself, such
as a gift on the birthday, tells nothing about who holds the card and opens it for nobody.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Q
from django_scopes import scope

from regulars import db
from regulars.ledger.models import Card, Entry
from regulars.members.models import Consent
from regulars.promotions.models import EventPromotion
from regulars.rules import occasions
from regulars.vouchers.models import Voucher, VoucherIssue

JOINED_BY_PAGE: Final = "join"
# What no shop does: it happens.
_BY_ITSELF: Final = frozenset(
    (Entry.Kind.ENROL.value, Entry.Kind.BIRTHDAY_BONUS.value, Entry.Kind.POINTS_EXPIRE.value)
)
_EVENTS_BY_THEMSELVES: Final = frozenset(
    (occasions.SIGNUP, occasions.BIRTHDAY, occasions.ANNIVERSARY, occasions.MONTHLY)
)
_MOST: Final = 100


def is_fresh(card: Card) -> bool:
    """Whether a card, read with its member, is one of somebody whom the shop has not seen yet."""
    if card.total_visits or card.rewards_redeemed or card.member.email_confirmed_at is not None:
        return False
    with scope(business=card.business_id):
        if not Consent.objects.filter(member_id=card.pk, source=JOINED_BY_PAGE).exists():
            return False
        rows = Entry.objects.filter(card_id=card.pk).exclude(kind__in=_BY_ITSELF)
        entries = list(rows.values_list("source", "occasion")[:_MOST])
        if len(entries) == _MOST or not all(_happened(*entry) for entry in entries):
            return False
        given = VoucherIssue.objects.filter(
            member_id=card.pk,
            occasion=None,
            voucher__auto_allocate_on_event="",
            voucher__trigger_on_total_points_earned=None,
        )
        if given.exists():
            return False
    return not db.run("SELECT 1 FROM scratchcards_scratchcard WHERE member_id = %s LIMIT 1", (card.pk,))


def _happened(source: str | None, occasion: str | None) -> bool:
    """Whether points moved by themselves: by an event of the calendar, or for a voucher that came so."""
    if occasion is None:
        return (source or "").startswith("issue:")
    # The occasions of promotions say promotion, its number, and the event.
    return occasion.startswith("promotion:") and occasion.split(":")[2] in _EVENTS_BY_THEMSELVES


def gives_on_signup(*, business_id: int, day: dt.date) -> bool:
    """Whether somebody who joins by the page on a business day gets points or a voucher for it."""
    on_day = Q(date_from=None) | Q(date_from__lte=day), Q(date_to=None) | Q(date_to__gte=day)
    to_all = Q(group=None, branch=None, auto_allocate_on_event=occasions.SIGNUP)
    with scope(business=business_id):
        if EventPromotion.objects.filter(*on_day, to_all, points_to_award__gt=0).exists():
            return True
        return Voucher.objects.filter(*on_day, to_all, points_required=0).exists()
