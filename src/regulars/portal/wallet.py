"""What a customer sees of their membership: the card page and the micro-site show the same."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.ledger.models import Card
from regulars.ledger.post import business_day
from regulars.members import aliases
from regulars.members.models import CardAlias
from regulars.portal import freshness, tickets
from regulars.portal.history import HistoryRow, history
from regulars.portal.tickets import Offer, OpenScratchCard, PendingReward, VoucherInHand
from regulars.rules import names
from regulars.rules import vouchers as rules
from regulars.rules.errors import NotFound
from regulars.tenants.models import Business

__all__ = ["CardPage", "Expiring", "Found", "HistoryRow", "card_page", "empty_card", "find", "history"]

# Points that lapse within so many days are told about.
SOON: Final = dt.timedelta(days=30)
_MAX_CODE: Final = 32


@dataclass(frozen=True, slots=True)
class Found:
    """What a code in a card's address is: exactly one of the three.

    A member's card (`member_id`, and `qr_code` its present code, which is another one when an alias was
    asked for); an alias that nobody confirmed (`alias`); a printed card that is nobody's yet (`is_blank`).
    """

    business_id: int
    qr_code: str
    member_id: int | None = None
    alias: CardAlias | None = None
    is_blank: bool = False


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that lapse soon, and the last day to use them."""

    points: int
    last_day: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPage:
    """A card as its member sees it.

    `is_fresh` hides what lies on it, because nobody knows yet who holds it (see `freshness`); then
    `welcome_gift` says whether there is something for it. `points` are those that can be spent today.
    `next_offer` is what the member can have next for points, `next_offer.missing` how far it is.
    """

    business: Business
    qr_code: str
    name: str
    joined_on: dt.date
    today: dt.date
    member_id: int | None = None
    language: str = ""
    suspended: bool = False
    is_fresh: bool = False
    welcome_gift: bool = False
    shows_stamps: bool
    shows_points: bool
    goal: int
    stamps: int = 0
    reward: str
    rewards: list[PendingReward] = field(default_factory=list)
    points: int = 0
    expiring: Expiring | None = None
    vouchers: list[VoucherInHand] = field(default_factory=list)
    more_vouchers: int = 0
    scratch_cards: list[OpenScratchCard] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    optout_email: bool = False
    optout_text: bool = False
    optout_post: bool = False

    @property
    def missing_stamps(self) -> int:
        """How many stamps the next reward takes; 1 on a card that is past a lowered goal."""
        return max(self.goal - self.stamps, 1)

    @property
    def pending_rewards(self) -> int:
        """How many rewards wait."""
        return sum(reward.number for reward in self.rewards)

    @property
    def is_closed(self) -> bool:
        """Whether nothing is collected in the programme now."""
        return not self.shows_stamps and not self.shows_points

    @property
    def next_offer(self) -> Offer | None:
        """The cheapest that the member cannot have yet; None when there is none."""
        return next((offer for offer in self.offers if offer.missing), None)

    @property
    def affordable(self) -> list[Offer]:
        """What the member may choose now."""
        return [offer for offer in self.offers if offer.chosen and not offer.missing]


def find(qr_code: str) -> Found:
    """What a card's code is. One statement for a card that there is.

    Raises:
        NotFound: nobody's card, alias or printed card has it.
    """
    code = qr_code.strip().lower()
    if "\0" not in code and 0 < len(code) <= _MAX_CODE:
        # A code may have been given with capitals; nobody types them.
        sql = "SELECT business_id, qr_code, member_id FROM ledger_card WHERE qr_code IN (%s, %s)"
        for business_id, own, member_id in db.run(sql, (code, qr_code)):
            return Found(business_id, own, member_id)
        if (alias := aliases.resolve(business_id=None, qr_code=code)) is not None:
            return _of_alias(alias)
        sql = "SELECT business_id FROM members_blankcard WHERE qr_code = %s AND used_at IS NULL"
        for (business_id,) in db.run(sql, (code,)):
            return Found(business_id, code, is_blank=True)
    raise NotFound("There is no such card.", fields={"qr_code": "is unknown"})


def _of_alias(alias: CardAlias) -> Found:
    if alias.confirmed_at is None:
        return Found(alias.business_id, alias.qr_code, alias=alias)
    sql = "SELECT qr_code FROM ledger_card WHERE member_id = %s AND business_id = %s"
    ((own,),) = db.run(sql, (alias.member_id, alias.business_id))
    return Found(alias.business_id, own, alias.member_id)


def card_page(*, business_id: int, member_id: int, trusted: bool = False) -> CardPage:
    """All that a member sees of their card. `trusted` when they have proved who they are, by signing in.

    Raises:
        NotFound: the business has no such member.
    """
    with scope(business=business_id):
        business = _business(business_id)
        card = Card.objects.select_related("member").filter(pk=member_id).first()
    if card is None:
        raise NotFound(f"There is no customer {member_id}.", fields={"member_id": "is unknown"})
    member = card.member
    today = business_day(business.timezone, timezone.now())
    if not trusted and freshness.is_fresh(card):
        # Not in the language that they chose, either: an alias has none.
        seen = {"member_id": member_id, "suspended": member.suspended}
        return _fresh(business, card.qr_code, member.name, member.joined_at, **seen)
    spendable, expiring = _points(card, today)
    person = rules.Person(member.suspended, member.group_id, member.branch_id)
    vouchers, more = tickets.vouchers_in_hand(business=business, member_id=member_id, today=today)
    return CardPage(
        business=business,
        member_id=member_id,
        qr_code=card.qr_code,
        name=_first(member.name),
        joined_on=business_day(business.timezone, member.joined_at),
        today=today,
        language=member.language,
        suspended=member.suspended,
        shows_stamps=business.program.is_active,
        shows_points=business.points_active or card.points_earned > 0,
        goal=business.program.stamps_required,
        stamps=card.stamps,
        reward=business.program.reward_description,
        rewards=_rewards(card),
        points=spendable,
        expiring=expiring,
        vouchers=vouchers,
        more_vouchers=more,
        scratch_cards=tickets.scratch_cards(business_id=business_id, member_id=member_id, today=today),
        offers=tickets.offers(
            business=business, member_id=member_id, person=person, spendable=spendable, today=today
        ),
        optout_email=member.optout_email,
        optout_text=member.optout_text,
        optout_post=member.optout_post,
    )


def empty_card(alias: CardAlias) -> CardPage:
    """What the holder of an unconfirmed alias sees: the card of somebody who joined when it was made."""
    with scope(business=alias.business_id):
        business = _business(alias.business_id)
    return _fresh(business, alias.qr_code, alias.name, alias.created_at)


def _fresh(business: Business, qr_code: str, name: str, joined_at: dt.datetime, **more: Any) -> CardPage:
    joined_on = business_day(business.timezone, joined_at)
    return CardPage(
        business=business,
        qr_code=qr_code,
        name=_first(name),
        joined_on=joined_on,
        today=business_day(business.timezone, timezone.now()),
        is_fresh=True,
        welcome_gift=freshness.gives_on_signup(business_id=business.pk, day=joined_on),
        shows_stamps=business.program.is_active,
        shows_points=business.points_active,
        goal=business.program.stamps_required,
        reward=business.program.reward_description,
        **more,
    )


def _business(business_id: int) -> Business:
    return Business.objects.select_related("program").get(pk=business_id)


def _first(name: str) -> str:
    return names.split_name(name)[0]


def _rewards(card: Card) -> list[PendingReward]:
    if not card.pending_rewards:
        return []
    return tickets.pending_rewards(business_id=card.business_id, member_id=card.pk)


def _points(card: Card, today: dt.date) -> tuple[int, Expiring | None]:
    """What can be spent today, and the first of it that lapses soon."""
    if card.points <= 0:
        return card.points, None
    rows = db.run(
        "SELECT expires_on, SUM(remaining) FROM ledger_lot WHERE card_id = %s AND remaining > 0 "
        "AND (expires_on IS NULL OR expires_on >= %s) GROUP BY expires_on ORDER BY expires_on",
        (card.pk, db.calendar_day(today)),
    )
    dated = [(db.to_date(day), int(points)) for day, points in rows if day is not None]
    first = min(dated, default=None)
    soon = Expiring(first[1], first[0]) if first is not None and first[0] <= today + SOON else None
    return min(card.points, sum(int(points) for _, points in rows)), soon


_STATE = """
SELECT c.version, c.qr_code, CAST(m.modified_at AS text), m.email_confirmed_at IS NULL,
       b.name, b.accent_color, b.language, b.points_active, b.timezone, b.currency,
       p.program_name, p.stamps_required, p.reward_description, p.is_active, LENGTH(p.terms_conditions),
       (SELECT l.digest FROM tenants_logo l WHERE l.business_id = c.business_id),
       (SELECT COUNT(*) || '.' || COALESCE(SUM(v.version), 0) || '.' || COALESCE(MAX(v.id), 0) || '.'
               || COALESCE(CAST(MAX(v.modified_at) AS text), '')
        FROM vouchers_vouchercode v WHERE v.member_id = c.member_id),
       (SELECT COUNT(*) || '.' || COUNT(s.revealed_at) || '.' || COUNT(s.redeemed_at) || '.'
               || COALESCE(MAX(s.id), 0)
        FROM scratchcards_scratchcard s WHERE s.member_id = c.member_id),
       (SELECT COUNT(*) || '.' || COALESCE(CAST(MAX(o.modified_at) AS text), '')
        FROM vouchers_voucher o WHERE o.business_id = c.business_id)
FROM ledger_card c
JOIN members_member m ON m.id = c.member_id
JOIN tenants_business b ON b.id = c.business_id
JOIN tenants_program p ON p.business_id = c.business_id
WHERE c.member_id = %s AND c.business_id = %s"""


def state_stamp(*, business_id: int, member_id: int) -> str:
    """Short text that changes whenever what `card_page` tells may have changed, for pages that ask often.

    One statement, and no transaction. Reservations that run out are the one thing that it does not notice.

    Raises:
        NotFound: the business has no such member.
    """
    rows = db.run(_STATE, (member_id, business_id))
    if not rows:
        raise NotFound(f"There is no customer {member_id}.", fields={"member_id": "is unknown"})
    return _digest(rows[0], business_day(rows[0][8], timezone.now()))


def alias_stamp(alias: CardAlias) -> str:
    """The same for the holder of an unconfirmed alias, whose card changes with the business alone."""
    rows = db.run(
        "SELECT b.name, b.accent_color, b.language, b.points_active, b.timezone, p.stamps_required, "
        "p.reward_description, p.is_active, LENGTH(p.terms_conditions), "
        "(SELECT l.digest FROM tenants_logo l WHERE l.business_id = b.id) "
        "FROM tenants_business b JOIN tenants_program p ON p.business_id = b.id WHERE b.id = %s",
        (alias.business_id,),
    )
    return _digest((alias.qr_code, *rows[0]), business_day(rows[0][4], timezone.now()))


def _digest(row: tuple[object, ...], today: dt.date) -> str:
    return blake2b(repr((row, today)).encode(), digest_size=8).hexdigest()
