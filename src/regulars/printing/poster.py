"""What a shop puts up for people to join: a poster, and a tent for tables and the counter."""

from __future__ import annotations

from typing import Final

from django.utils import translation
from django.utils.translation import gettext

from regulars.printing.pen import Pen, lay
from regulars.printing.sizes import A4, Paper
from regulars.printing.words import HAIR, INK, QUIET, WHITE, Face, face_of, steps

_MARGIN: Final = 12.0
_INSET: Final = 14.0
_MOST_DOTS: Final = 12
_LARGEST_DOT: Final = 6.5


def poster(*, business_id: int, language: str, paper: Paper = A4) -> bytes:
    """A poster as PDF: what one gets, the QR code for joining, and how it goes.

    Raises:
        NotFound: there is no such business.
        NoFont: no font here has the letters of the business's name or reward, or of the language.
    """
    with translation.override(language):
        face = face_of(business_id)
        pen = Pen(paper, title=face.name, language=language)
        wide = paper.width - 2 * _MARGIN
        high = paper.height * 0.47
        _promise(pen, face, (_MARGIN, _MARGIN, wide, high), largest=60)
        _invitation(pen, face, paper, top=_MARGIN + high + 10)
    return pen.finished()


def _promise(
    pen: Pen, face: Face, place: tuple[float, float, float, float], *, largest: float, inset: float = _INSET
) -> None:
    """The panel in the business's colour: who, what one collects, what one gets."""
    x, y, wide, high = place
    pen.panel(x, y, wide, high, fill=face.accent, line=_edge(face), thick=0.2, corner=8 * inset / _INSET)
    left, room = x + inset, wide - 2 * inset
    top = _head(pen, face, (left, y + inset, room), largest=largest * 0.46)
    foot = y + high - inset
    if 0 < face.goal <= _MOST_DOTS:
        radius = min(_LARGEST_DOT * inset / _INSET, room / face.goal / 2.35)
        foot -= 2 * radius
        _dots(pen, face, (left, foot + radius, room), radius)
        foot -= 7 * inset / _INSET
    kicker = lay(face.kicker, width=room, largest=largest * 0.38, smallest=10, most=2)
    also = lay(face.also, width=room, largest=largest * 0.28, smallest=9, most=2) if face.also else None
    promise = lay(face.promise, width=room, largest=largest, smallest=largest * 0.4, most=3, bold=True)
    block = kicker.height + promise.height + 2 + (also.height + 2 if also else 0)
    # In the middle between the name and the foot.
    at = max((top + foot - block) / 2, top + 2)
    at = pen.text(kicker, left, at, colour=face.on_accent) + 2
    at = pen.text(promise, left, at, colour=face.on_accent) + 2
    if also:
        pen.text(also, left, at, colour=face.on_accent)


def _head(pen: Pen, face: Face, place: tuple[float, float, float], *, largest: float) -> float:
    """Logo and name; where they end."""
    left, y, room = place
    side = largest * 0.95
    if face.logo is None:
        name = lay(face.name, width=room, largest=largest, smallest=largest * 0.5, most=2, bold=True)
        return pen.text(name, left, y, colour=face.on_accent)
    pen.panel(left, y, side, side, fill=WHITE, corner=side * 0.16)
    pen.picture(face.logo, left + side * 0.1, y + side * 0.1, side * 0.8, side * 0.8)
    room -= side * 1.25
    name = lay(face.name, width=room, largest=largest * 0.9, smallest=largest * 0.45, most=2, bold=True)
    pen.text(name, left + side * 1.25, y + (side - name.height) / 2, colour=face.on_accent)
    return y + side


def _dots(pen: Pen, face: Face, place: tuple[float, float, float], radius: float) -> None:
    """The stamp card: the last place is the reward."""
    left, y, room = place
    step = min(room / face.goal, radius * 2.6)
    for number in range(face.goal):
        x = left + radius + number * step
        last = number == face.goal - 1
        pen.disc(x, y, radius, fill=face.on_accent if last else "", line=face.on_accent, thick=0.6)
        if last:
            pen.gift(x, y, radius * 1.2, colour=face.accent)


def _invitation(pen: Pen, face: Face, paper: Paper, *, top: float) -> None:
    """The QR code, and what to do with it."""
    side = (paper.height - top) * 0.72
    pen.panel(_MARGIN, top, side, side, fill=WHITE, line=_edge(face) or face.accent, thick=1.2, corner=5)
    pen.qr(face.join_url, _MARGIN + 3, top + 3, side - 6)
    left = _MARGIN + side + 12
    room = paper.width - _MARGIN - left
    each = side / 3
    for number, step in enumerate(steps()):
        middle = top + each * (number + 0.5)
        pen.disc(left + 6, middle, 6, fill=face.accent, line=_edge(face), thick=0.2)
        figure = lay(str(number + 1), width=12, largest=17, smallest=17, bold=True)
        pen.text(figure, left, middle - figure.height * 0.47, colour=face.on_accent, width=12)
        said = lay(step, width=room - 17, largest=18, smallest=10, most=4)
        pen.text(said, left + 17, middle - said.height / 2, colour=INK)
    at = top + side + 7
    foot = lay(
        gettext("Nothing to install: your card is a page on your phone."),
        width=paper.width - 2 * _MARGIN,
        largest=14,
        smallest=9,
        most=2,
        bold=True,
    )
    at = pen.text(foot, _MARGIN, at, colour=INK) + 1.5
    _address(pen, face, (_MARGIN, at, paper.width - 2 * _MARGIN), largest=13)


def _address(
    pen: Pen, face: Face, place: tuple[float, float, float], *, largest: float, middle: bool = False
) -> None:
    left, y, room = place
    said = lay(face.short_url, width=room, largest=largest, smallest=6, most=2)
    pen.text(said, left, y, colour=QUIET, width=room if middle else 0)


def _edge(face: Face) -> str:
    """A line around what would otherwise not be seen on white paper."""
    return HAIR if face.on_accent != WHITE else ""


def table_tent(*, business_id: int, language: str, paper: Paper = A4) -> bytes:
    """A tent as PDF: fold the sheet across its middle, and both sides can be read.

    Raises:
        NotFound: there is no such business.
        NoFont: no font here has the letters of the business's name or reward, or of the language.
    """
    with translation.override(language):
        face = face_of(business_id)
        pen = Pen(paper, title=face.name, language=language)
        _side(pen, face, paper)
        with pen.turned(centre=(paper.width / 2, paper.height / 2)):
            _side(pen, face, paper)
    fold = paper.height / 2
    for start, end in ((0.0, 8.0), (paper.width - 8, paper.width)):
        pen.line((start, fold), (end, fold), colour=HAIR, thick=0.2, dashes=(1.5, 1))
    return pen.finished()


def _side(pen: Pen, face: Face, paper: Paper) -> None:
    """The lower half of the sheet."""
    margin = 10.0
    top, high = paper.height / 2 + margin, paper.height / 2 - 2 * margin
    wide = (paper.width - 2 * margin) * 0.54
    _promise(pen, face, (margin, top, wide, high), largest=38, inset=9)
    left = margin + wide + 7
    room = paper.width - margin - left
    said = lay(gettext("Scan to get your card"), width=room, largest=18, smallest=10, most=2, bold=True)
    side = min(room, high - said.height - 16)
    at = top + (high - said.height - side - 16) / 2
    at = pen.text(said, left, at, colour=INK, width=room) + 4
    x = left + (room - side) / 2
    pen.panel(x, at, side, side, fill=WHITE, line=_edge(face) or face.accent, thick=0.9, corner=4)
    pen.qr(face.join_url, x + 2.2, at + 2.2, side - 4.4)
    _address(pen, face, (left, at + side + 4, room), largest=11, middle=True)
