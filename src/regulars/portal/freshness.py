"""Cards of people who joined by the page and were not seen since.

Whoever joins with the contact of a member gets a card that is not theirs yet and shows nothing
(`members.aliases`). So that nobody learns by it who is a member, the card of somebody new shows nothing
either, until they confirmed their address or the shop dealt with them. What comes to a member by itself, such
as a gift on the birthday, tells nothing about who holds the card and opens it for nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from django.db.models import Q
from django_scopes import scope

from regulars.ledger.models import Entry
from regulars.promotions.models import EventPromotion
from regulars.rules import occasions
from regulars.vouchers.models import Voucher

JOINED_BY_PAGE: Final = "join"
# What no shop does: it happens.
_BY_ITSELF: Final = (
    Entry.Kind.ENROL.value,
    Entry.Kind.BIRTHDAY_BONUS.value,
    Entry.Kind.POINTS_EXPIRE.value,
)
_EVENTS_BY_THEMSELVES: Final = (
    occasions.SIGNUP,
    occasions.BIRTHDAY,
    occasions.ANNIVERSARY,
    occasions.MONTHLY,
)
_KINDS: Final = ", ".join(f"'{kind}'" for kind in _BY_ITSELF)
# The occasions of promotions say promotion, its number, and the event: "promotion:7:birthday:2026".
_MARK: Final = "promotion:"
_EVENTS: Final = " OR ".join(
    f"LTRIM(SUBSTR(e.occasion, {len(_MARK) + 1}), '0123456789') || ':' LIKE ':{event}:%%'"
    for event in _EVENTS_BY_THEMSELVES
)

# Whether somebody is known, for a statement in which `f.member_id` is a member, `m` their row and `c` their
# card. Each part is looked up for everybody, so that the time which it takes tells nothing; see `is_fresh`.
SIGNS: Final = f"""
c.total_visits > 0 OR c.rewards_redeemed > 0 OR m.email_confirmed_at IS NOT NULL,
NOT EXISTS (
    SELECT 1 FROM members_consent s WHERE s.member_id = f.member_id AND s.source = '{JOINED_BY_PAGE}'),
EXISTS (
    SELECT 1 FROM ledger_entry e WHERE e.card_id = f.member_id AND e.kind NOT IN ({_KINDS})
    AND NOT (
        e.occasion IS NULL AND COALESCE(e.source, '') LIKE 'issue:%%'
        OR SUBSTR(COALESCE(e.occasion, ''), 1, {len(_MARK)}) = '{_MARK}' AND ({_EVENTS}))),
EXISTS (
    SELECT 1 FROM vouchers_voucherissue i JOIN vouchers_voucher v ON v.id = i.voucher_id
    WHERE i.member_id = f.member_id AND i.occasion IS NULL AND v.auto_allocate_on_event = ''
    AND v.trigger_on_total_points_earned IS NULL),
EXISTS (SELECT 1 FROM scratchcards_scratchcard k WHERE k.member_id = f.member_id)"""


def is_fresh(signs: Sequence[object]) -> bool:
    """Whether a card is one of somebody whom the shop has not seen yet, by what `SIGNS` says of it."""
    return not any(signs)


def gives_on_signup(*, business_id: int, day: dt.date) -> bool:
    """Whether somebody who joins by the page on a business day gets points or a voucher for it."""
    on_day = Q(date_from=None) | Q(date_from__lte=day), Q(date_to=None) | Q(date_to__gte=day)
    to_all = Q(group=None, branch=None, auto_allocate_on_event=occasions.SIGNUP)
    with scope(business=business_id):
        if EventPromotion.objects.filter(*on_day, to_all, points_to_award__gt=0).exists():
            return True
        return Voucher.objects.filter(*on_day, to_all, points_required=0).exists()
