"""What a customer sees of their membership: the card page and the micro-site show the same."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from django.utils import timezone
from django_scopes import scope

from regulars import db
from regulars.ledger.models import Card
from regulars.ledger.post import business_day
from regulars.portal import choices, freshness, tickets
from regulars.portal.history import HistoryRow, history
from regulars.portal.tickets import Offer, OpenScratchCard, PendingReward, VoucherInHand
from regulars.rules import names
from regulars.rules import vouchers as rules
from regulars.rules.errors import Closed, NotFound
from regulars.tenants.models import Business

__all__ = ["CardPage", "Expiring", "Found", "HistoryRow", "card_page", "find", "history", "read", "stamp"]

# Points that lapse within so many days are told about.
SOON: Final = dt.timedelta(days=30)
_MAX_CODE: Final = 32


@dataclass(frozen=True, slots=True)
class Found:
    """What a code in a card's address is: exactly one of the three.

    A member's card (`member_id`, and `qr_code` its present code, which is another one when an alias was
    asked for); an alias that nobody confirmed (no `member_id`); a printed card that is nobody's yet
    (`is_blank`). `is_fresh` says that the card shows nothing: an alias, or a card of somebody whom nobody
    has seen yet (see `freshness`).
    """

    business_id: int
    qr_code: str
    member_id: int | None = None
    is_blank: bool = False
    is_fresh: bool = False
    name: str = ""
    joined_at: dt.datetime | None = None
    suspended: bool = False


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
    # By which they can be reached, of "email", "text" and "post".
    channels: tuple[str, ...] = ()
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


# All three kinds, what says whether a card is fresh, and for an alias the same, although nobody needs it:
# so both take the same time.
_FIND: Final = f"""
WITH found AS (
    SELECT 2 AS place, business_id, qr_code, member_id, name, created_at, confirmed_at
    FROM members_cardalias WHERE qr_code = %s
    UNION ALL
    SELECT 1, business_id, qr_code, member_id, NULL, NULL, NULL FROM ledger_card WHERE qr_code IN (%s, %s)
    UNION ALL
    SELECT 3, business_id, qr_code, NULL, NULL, NULL, NULL
    FROM members_blankcard WHERE qr_code = %s AND used_at IS NULL)
SELECT f.place, f.business_id, f.qr_code, f.member_id, f.name, f.created_at, f.confirmed_at IS NOT NULL,
       c.qr_code, m.name, m.joined_at, m.suspended,
       (SELECT b.name FROM tenants_business b WHERE b.id = f.business_id AND b.suspended_at IS NOT NULL),
       {freshness.SIGNS}
FROM found f
LEFT JOIN ledger_card c ON c.member_id = f.member_id AND c.business_id = f.business_id
LEFT JOIN members_member m ON m.id = f.member_id AND m.business_id = f.business_id
ORDER BY f.place"""
_CARD, _ALIAS = 1, 2
_SIGNS_FROM: Final = 12


def find(qr_code: str) -> Found:
    """What a card's code is. One statement, the same for all kinds of them.

    Raises:
        NotFound: nobody's card, alias or printed card has it.
        Closed: the business is closed by its operator.
    """
    code = qr_code.strip().lower()
    if "\0" not in code and 0 < len(code) <= _MAX_CODE:
        # A code may have been given with capitals; nobody types them.
        for row in db.run(_FIND, (code, code, qr_code, code)):
            return _found(row)
    raise NotFound("There is no such card.", fields={"qr_code": "is unknown"})


def _found(row: db.Row) -> Found:
    place, business_id, code, member_id, typed, created_at, confirmed, own, name, joined_at = row[:10]
    suspended, closed = row[10:_SIGNS_FROM]
    if closed is not None:
        raise Closed(business=closed)
    if place == _ALIAS and not confirmed:
        moment = db.to_moment(created_at)
        return Found(business_id, code, is_fresh=True, name=typed or "", joined_at=moment)
    if place in {_CARD, _ALIAS} and own is not None:
        return Found(
            business_id,
            own,
            member_id,
            is_fresh=freshness.is_fresh(row[_SIGNS_FROM:]),
            name=name or "",
            joined_at=db.to_moment(joined_at),
            suspended=bool(suspended),
        )
    return Found(business_id, code, is_blank=True)


def read(found: Found) -> CardPage:
    """What whoever holds the code of a card sees of it.

    Raises:
        NotFound: it is nobody's card yet, or no more.
    """
    if found.is_fresh:
        return _empty_card(found)
    if found.member_id is None:
        raise NotFound("Nobody has this card yet.")
    return card_page(business_id=found.business_id, member_id=found.member_id)


def card_page(*, business_id: int, member_id: int) -> CardPage:
    """All that lies on a member's card: for whoever proved to be the member, and on cards that are not fresh.

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
        channels=choices.channels(member),
        optout_email=member.optout_email,
        optout_text=member.optout_text,
        optout_post=member.optout_post,
    )


def _empty_card(found: Found) -> CardPage:
    """The card of an alias or of somebody new: nothing in it depends on which of both it is.

    Not the language that the new one chose, either: an alias has none.
    """
    with scope(business=found.business_id):
        business = _business(found.business_id)
    joined_on = business_day(business.timezone, found.joined_at or timezone.now())
    return CardPage(
        business=business,
        qr_code=found.qr_code,
        name=_first(found.name),
        joined_on=joined_on,
        today=business_day(business.timezone, timezone.now()),
        member_id=found.member_id,
        suspended=found.suspended,
        is_fresh=True,
        welcome_gift=freshness.gives_on_signup(business_id=business.pk, day=joined_on),
        shows_stamps=business.program.is_active,
        shows_points=business.points_active,
        goal=business.program.stamps_required,
        reward=business.program.reward_description,
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


# What every card of a business says.
_SHOP_STATE: Final = """
b.timezone, b.name, b.accent_color, b.language, b.points_active, b.currency,
p.program_name, p.stamps_required, p.reward_description, p.is_active, LENGTH(p.terms_conditions),
(SELECT l.digest FROM tenants_logo l WHERE l.business_id = b.id),
(SELECT COUNT(*) || '.' || COALESCE(CAST(MAX(o.modified_at) AS text), '')
 FROM vouchers_voucher o WHERE o.business_id = b.id)"""

_STATE: Final = f"""
SELECT {_SHOP_STATE}, c.version, c.qr_code, CAST(m.modified_at AS text), m.email_confirmed_at IS NULL,
       (SELECT COUNT(*) || '.' || COALESCE(SUM(v.version), 0) || '.' || COALESCE(MAX(v.id), 0) || '.'
               || COALESCE(CAST(MAX(v.modified_at) AS text), '')
        FROM vouchers_vouchercode v WHERE v.member_id = c.member_id),
       (SELECT COUNT(*) || '.' || COUNT(s.revealed_at) || '.' || COUNT(s.redeemed_at) || '.'
               || COALESCE(MAX(s.id), 0)
        FROM scratchcards_scratchcard s WHERE s.member_id = c.member_id)
FROM ledger_card c
JOIN members_member m ON m.id = c.member_id
JOIN tenants_business b ON b.id = c.business_id
JOIN tenants_program p ON p.business_id = c.business_id
WHERE c.member_id = %s AND c.business_id = %s"""

# The welcome gift on a fresh card is what promotions say, too.
_EMPTY_STATE: Final = f"""
SELECT {_SHOP_STATE},
       (SELECT COUNT(*) || '.' || COALESCE(CAST(MAX(e.modified_at) AS text), '')
        FROM promotions_eventpromotion e WHERE e.business_id = b.id)
FROM tenants_business b JOIN tenants_program p ON p.business_id = b.id WHERE b.id = %s"""


def stamp(found: Found) -> str:
    """Short text that changes whenever what `read` tells may have changed, for pages that ask often.

    One statement, and no transaction. Reservations that run out are the one thing that it does not notice.
    What comes to a member by itself changes nothing while their card is fresh.

    Raises:
        NotFound: it is nobody's card yet, or no more.
    """
    if found.is_fresh:
        rows = db.run(_EMPTY_STATE, (found.business_id,))
        shown: tuple[object, ...] = (found.qr_code, found.name, found.suspended)
    else:
        rows = db.run(_STATE, (found.member_id, found.business_id))
        shown = ()
    if not rows:
        raise NotFound("Nobody has this card.")
    today = business_day(rows[0][0], timezone.now())
    return blake2b(repr((shown, rows[0], today)).encode(), digest_size=8).hexdigest()
