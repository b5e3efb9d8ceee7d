"""What a card's page draws: the grid of stamps, the way to the next reward, codes for the scanner."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.utils.safestring import SafeString, mark_safe

from regulars.portal.wallet import CardPage

# Up to so many stamps are drawn as stamps; more of them as dots, at most ten in a row.
MOST_STAMPS: Final = 20
DOTS_IN_A_ROW: Final = 10
# Up to so many stamps in one row, and in two.
_ONE_ROW: Final = 6
_TWO_ROWS: Final = 12


@dataclass(frozen=True, slots=True)
class Slot:
    """A place on the card. `number` counts from 1; the last one is where the reward is."""

    number: int
    filled: bool
    last: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """The places of a card, so many in a row; `dots` when there are too many for stamps."""

    slots: list[Slot]
    columns: int
    dots: bool


def slots(stamps: int, goal: int) -> Grid:
    """The grid of a card. One past a lowered goal is full: its next stamp makes the reward."""
    drawn = [Slot(number, number <= stamps, number == goal) for number in range(1, goal + 1)]
    if goal > MOST_STAMPS:
        return Grid(drawn, _evenly(goal, -(-goal // DOTS_IN_A_ROW)), dots=True)
    return Grid(drawn, _evenly(goal, 1 if goal <= _ONE_ROW else 2 if goal <= _TWO_ROWS else 3), dots=False)


def _evenly(goal: int, rows: int) -> int:
    return -(-goal // rows)


def share(card: CardPage) -> int:
    """How much of the way to the next offer the points are, in percent."""
    offer = card.next_offer
    if offer is None or not offer.price:
        return 100 if card.affordable else 0
    return min(max(round(100 * (offer.price - offer.missing) / offer.price), 0), 100)


@lru_cache(maxsize=512)  # milliseconds each, and people look again and again
def qr_code(text: str) -> SafeString:
    """A QR code as SVG, without the quiet zone, which its white ground gives."""
    import segno  # noqa: PLC0415 - 6 MB that nobody needs before the first code is drawn

    code = segno.make_qr(text, error="q", boost_error=False)
    drawn: str = code.svg_inline(border=0, omitsize=True, svgclass=None, lineclass=None)
    return mark_safe(drawn)  # noqa: S308 - squares; the text is not in it
