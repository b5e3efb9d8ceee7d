"""Scratch cards: which prize a card holds, and until when it is good.

The REST seed names the fields; what it leaves open is the product's own rule.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from regulars.rules.errors import Conflict, InvalidInput

MAX_PRIZES: Final = 50
MAX_CARDS: Final = 1_000_000_000
MAX_DAYS: Final = 3_650
# Days for which a card is good when nobody says (REST seed).
USUAL_DAYS: Final = 30
WEIGHT_DIGITS: Final = 12
WEIGHT_PLACES: Final = 4
SHORT_CODE: Final = 8
_TOKEN: Final = re.compile("[0-9a-f]{32}")
_SHORT: Final = re.compile(f"[0-9a-f]{{{SHORT_CODE}}}")

_random = secrets.SystemRandom()


class ScratchPaused(Conflict):
    """The campaign is paused and issues no cards."""

    code = "scratch_campaign_paused"


class ScratchEnded(Conflict):
    """The last day of the campaign has passed. Details: `expires_at`."""

    code = "scratch_campaign_ended"


class ScratchLimitReached(Conflict):
    """The campaign, or this member, has as many cards as there may be."""

    code = "scratch_limit_reached"


class NoPrizeLeft(Conflict):
    """Every prize that could be drawn is used up."""

    code = "scratch_no_prize_left"


class NotRevealed(Conflict):
    """The card has not been scratched yet."""

    code = "scratch_not_revealed"


class CardRedeemed(Conflict):
    """The card was redeemed before."""

    code = "scratch_already_redeemed"


class CardExpired(Conflict):
    """The last day of the card has passed. Details: `expires_at`."""

    code = "scratch_expired"


@dataclass(frozen=True, slots=True)
class Odds:
    """What of a prize decides a draw: its weight, how many cards hold it, how many may (None: any number)."""

    weight: Decimal
    issued: int = 0
    max_cards: int | None = None

    @property
    def left(self) -> bool:
        """Whether another card may hold it."""
        return self.max_cards is None or self.issued < self.max_cards

    @property
    def live_weight(self) -> Decimal:
        """Its weight as long as it is not used up, then 0."""
        return self.weight if self.left else Decimal(0)


def check_weights(weights: Sequence[Decimal]) -> None:
    """Refuse weights of which nothing can be drawn.

    Raises:
        InvalidInput: there is none, there are too many, one is negative, or all are 0.
    """
    if not 1 <= len(weights) <= MAX_PRIZES:
        raise InvalidInput.at("prizes", f"must be a list of 1 to {MAX_PRIZES} prizes")
    for place, weight in enumerate(weights):
        if weight < 0:
            raise InvalidInput.at(f"prizes.{place}.probability", "must not be negative")
    if not any(weights):
        raise InvalidInput.at("prizes", "must have a prize with a probability above 0")


def _steps(odds: Sequence[Odds]) -> list[int]:
    """The weights in whole steps of the smallest one, so that no chance is rounded."""
    return [int(one.live_weight.scaleb(WEIGHT_PLACES)) for one in odds]


def draw(odds: Sequence[Odds]) -> int:
    """Which of the prizes a new card holds, by its place. The chance of each is its weight among those left.

    The random source is the operating system's: nobody can foresee or repeat a draw.

    Raises:
        NoPrizeLeft: none is left that could be drawn.
    """
    steps = _steps(odds)
    total = sum(steps)
    if not total:
        raise NoPrizeLeft(
            "Every prize of this campaign is used up. Raise a prize's max_cards or add a prize."
        )
    ticket = _random.randrange(total)
    for place, share in enumerate(steps):
        if ticket < share:
            return place
        ticket -= share
    raise AssertionError("a ticket lies within the total")


def simulate(odds: Sequence[Odds], number: int) -> list[int]:
    """How often each prize comes when `number` cards are drawn one after the other, as `draw` would.

    A prize that is used up leaves the draw; when none is left the rest comes to nothing.

    Raises:
        ValueError: fewer than no cards.
    """
    if number < 0:
        raise ValueError(f"cannot draw {number} cards")
    drawn = [0] * len(odds)
    for _ in range(number):
        now = [
            Odds(one.weight, one.issued + more, one.max_cards) for one, more in zip(odds, drawn, strict=True)
        ]
        try:
            drawn[draw(now)] += 1
        except NoPrizeLeft:
            break
    return drawn


def chances(odds: Sequence[Odds]) -> list[Decimal]:
    """The chance of each prize at the next draw in percent, to two places; all 0 when nothing is left."""
    steps = _steps(odds)
    total = sum(steps)
    return [Decimal((step * 20_000 + total) // (total * 2) if total else 0).scaleb(-2) for step in steps]


def last_day(issued_on: date, *, days: int, campaign_ends: date | None) -> date:
    """The last day of a card: so many days after its issue, and no later than the campaign's last day."""
    last = issued_on + timedelta(days=min(days, (date.max - issued_on).days))
    return last if campaign_ends is None else min(last, campaign_ends)


def has_passed(last: date | None, today: date) -> bool:
    """Whether a last day, which is itself included, is over."""
    return last is not None and today > last


def new_token() -> str:
    """The secret in a card's address: 32 lower-case hex digits, 128 random bits."""
    return secrets.token_hex(16)


def is_token(text: str) -> bool:
    """Whether a text could be a card's token."""
    return _TOKEN.fullmatch(text) is not None


def short_code(token: str) -> str:
    """What the customer reads out when the QR code cannot be scanned: `4F2A-9C1E`."""
    return f"{token[:4]}-{token[4:SHORT_CODE]}".upper()


def read_code(text: str) -> tuple[str, bool] | None:
    """What was scanned or typed at the counter: a token, or the short code of one (then True).

    A card's whole address counts as its token; case, spaces and hyphens do not matter. None: it is neither.
    """
    last = text.strip().rstrip("/").rpartition("/")[2]
    plain = re.sub(r"[\s-]", "", last).lower()
    if is_token(plain):
        return plain, False
    return (plain, True) if _SHORT.fullmatch(plain) else None
