"""Cards for the purse: ten on a sheet, with marks where to cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, ngettext
from django_scopes import scope

from regulars.ledger.models import Card
from regulars.members.models import BlankCard
from regulars.printing import fonts
from regulars.printing.fonts import NoFont
from regulars.printing.pen import Pen, lay
from regulars.printing.sizes import A4, Paper
from regulars.printing.words import HAIR, INK, QUIET, WHITE, Face, face_of
from regulars.rules.errors import InvalidInput, NotFound

# As bank cards are (ISO/IEC 7810, ID-1), in whole tenths of a millimetre.
WIDTH: Final = 85.6
HEIGHT: Final = 54.0
COLUMNS: Final = 2
ROWS: Final = 5
# Sheets that are made at once.
MOST: Final = 500
_PANEL: Final = 44.0
_INSET: Final = 5.0
_MARK: Final = 4.0


@dataclass(frozen=True, slots=True)
class Printed:
    """What stands on one card: its code, its number, and whose it is (empty: nobody's yet)."""

    qr_code: str
    number: str
    name: str = ""


def member_cards(*, business_id: int, member_ids: Sequence[int], language: str, paper: Paper = A4) -> bytes:
    """Cards of members as PDF, in the order in which they are named. A name that no font here has is missing.

    Raises:
        InvalidInput: nobody is named, or too many are.
        NotFound: the business has no such member.
        NoFont: no font here has the letters of the business's name or reward, or of the language.
    """
    _check(len(member_ids), "customer_id")
    with scope(business=business_id):
        rows = Card.objects.filter(member_id__in=member_ids).select_related("member")
        found = {row.member_id: Printed(row.qr_code, row.member.code, row.member.name) for row in rows}
    for pk in member_ids:
        if pk not in found:
            raise NotFound(f"There is no customer {pk}.", fields={"customer_id": "is unknown"})
    cards = [found[pk] for pk in dict.fromkeys(member_ids)]
    return cards_sheet(business_id=business_id, cards=cards, language=language, paper=paper)


def blank_cards(*, business_id: int, first: int, last: int, language: str, paper: Paper = A4) -> bytes:
    """Printed cards by their numbers as PDF, those left out that somebody has already.

    Raises:
        InvalidInput: the last number is below the first, or it is too many.
        NotFound: none of these numbers is still free.
        NoFont: no font here has the letters of the business's name or reward, or of the language.
    """
    if last < first:
        raise InvalidInput.at("last", "must not be below first")
    _check(last - first + 1, "last")
    with scope(business=business_id):
        rows = BlankCard.objects.filter(number__range=(first, last), used_at=None).order_by("number")
        cards = [Printed(row.qr_code, str(row.number)) for row in rows]
    if not cards:
        raise NotFound(f"No printed card from {first} to {last} is still free.")
    return cards_sheet(business_id=business_id, cards=cards, language=language, paper=paper)


def _check(number: int, field: str) -> None:
    if not 1 <= number <= MOST:
        raise InvalidInput.at(field, f"must make 1 to {MOST} cards, not {number}")


def cards_sheet(*, business_id: int, cards: Sequence[Printed], language: str, paper: Paper = A4) -> bytes:
    """Sheets of cards as PDF.

    Raises:
        NotFound: there is no such business.
        NoFont: no font here has the letters of the business's name or reward, or of the language.
    """
    each = COLUMNS * ROWS
    left, top = (paper.width - COLUMNS * WIDTH) / 2, (paper.height - ROWS * HEIGHT) / 2
    with translation.override(language):
        face = face_of(business_id)
        pen = Pen(paper, title=face.name, language=language)
        for number, card in enumerate(cards):
            if number and number % each == 0:
                pen.next_page()
            if number % each == 0:
                _marks(pen, paper, left, top)
            row, column = divmod(number % each, COLUMNS)
            _card(pen, face, card, left + column * WIDTH, top + row * HEIGHT)
    return pen.finished()


def _marks(pen: Pen, paper: Paper, left: float, top: float) -> None:
    """Short lines outside the cards, in line with their edges."""
    right, foot = left + COLUMNS * WIDTH, top + ROWS * HEIGHT
    gap = 0.6
    for column in range(COLUMNS + 1):
        x = left + column * WIDTH
        pen.line((x, max(top - gap - _MARK, 0)), (x, top - gap), colour=INK)
        pen.line((x, foot + gap), (x, min(foot + gap + _MARK, paper.height)), colour=INK)
    for row in range(ROWS + 1):
        y = top + row * HEIGHT
        pen.line((left - gap - _MARK, y), (left - gap, y), colour=INK)
        pen.line((right + gap, y), (right + gap + _MARK, y), colour=INK)


def _card(pen: Pen, face: Face, card: Printed, x: float, y: float) -> None:
    # The colour reaches the edge, so that a cut a little beside the mark is not seen.
    pen.panel(x, y, _PANEL, HEIGHT, fill=face.accent)
    pen.panel(x, y, WIDTH, HEIGHT, line=HAIR, thick=0.1)
    _front(pen, face, card, x + _INSET, y + _INSET)
    side = WIDTH - _PANEL - 3
    at = x + _PANEL + 1.5
    pen.qr(f"{settings.REGULARS_PUBLIC_URL}/card/{card.qr_code}", at, y + 2.5, side)
    number = lay(_number(card), width=side, largest=8.5, smallest=5)
    pen.text(number, at, y + side + 3, colour=QUIET, width=side)


def _number(card: Printed) -> str:
    return card.number if card.name else gettext("No. %(number)s") % {"number": card.number}


def _front(pen: Pen, face: Face, card: Printed, x: float, y: float) -> None:
    room = _PANEL - 2 * _INSET
    if face.logo is not None:
        pen.panel(x, y, 11, 11, fill=WHITE, corner=2)
        pen.picture(face.logo, x + 1, y + 1, 9, 9)
        y += 13
    name = lay(face.name, width=room, largest=13, smallest=8, most=2, bold=True)
    at = pen.text(name, x, y, colour=face.on_accent) + 1.2
    offer = lay(_offer(face), width=room, largest=8.5, smallest=6, most=3)
    pen.text(offer, x, at, colour=face.on_accent)
    whose = _whose(card)
    if whose:
        said = lay(whose, width=room, largest=10, smallest=6.5, most=2, bold=bool(card.name))
        bottom = (HEIGHT - 2 * _INSET) - (13 if face.logo is not None else 0)
        pen.text(said, x, y + bottom - said.height, colour=face.on_accent)


def _offer(face: Face) -> str:
    if not face.goal:
        return face.promise
    said = ngettext("%(goal)s stamp: %(reward)s", "%(goal)s stamps: %(reward)s", face.goal)
    return said % {"goal": face.goal, "reward": face.promise}


def _whose(card: Printed) -> str:
    if not card.name:
        return gettext("Scan to make it yours")
    try:
        fonts.set_in(card.name, bold=True)
    except NoFont:
        return ""
    return card.name
