"""Address labels to print and stick on letters.

The built-in fonts of PDF have only Western letters. Others are drawn with a TrueType font of the system, if
one has them all. What needs shaping (such as Arabic or Devanagari) or has no font here is not printed wrong,
and what is too long for a label is not cut: it is left out and listed on a last page.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Final

import structlog

from regulars.members.models import Member
from regulars.messages.channels.post import address_lines

log = structlog.get_logger(__name__)

_PLAIN: Final = "Helvetica"
_MM: Final = 72 / 25.4
_LARGEST, _SMALLEST = 10.0, 6.0  # points
_STEP: Final = 0.5
_LEADING: Final = 1.25
_MARGIN: Final = 4.0  # millimetres of a label that stay white on each side
_FONT_FOLDERS: Final = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
# In this order; other fonts come after them. Those with few letters would only be opened in vain.
_LIKED: Final = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf")
_MOST_FONTS: Final = 24
# Scripts whose letters change with their neighbours, or that run from right to left.
_SHAPED: Final = ((0x0590, 0x109F), (0x1780, 0x18AF), (0x1A20, 0x1CFF), (0xA800, 0xABFF), (0xFB1D, 0xFDFF))


Line = tuple[str, Any]  # a text and its font
Laid = tuple[float, list[Line]]  # the size of the type, and what stands on each line


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of labels, in millimetres from its upper left corner."""

    width: float
    height: float
    columns: int
    rows: int
    label_width: float
    label_height: float
    left: float
    top: float


A4: Final = Sheet(210, 297, 3, 8, 70, 37, 0, 0.5)
LETTER: Final = Sheet(215.9, 279.4, 3, 10, 69.85, 25.4, 4.8, 12.7)
_LETTER_COUNTRIES: Final = {"US", "CA", "MX", "PH"}


@dataclass(frozen=True, slots=True)
class Printed:
    """How many labels there are, and the codes of members whose address could not be printed."""

    labels: int
    left_out: list[str]


def sheet_for(country: str) -> Sheet:
    """The labels that shops of a country sell: 24 on A4 (70 x 37 mm), or 30 on Letter (2 5/8 x 1 in)."""
    return LETTER if country in _LETTER_COUNTRIES else A4


def labels_pdf(*, members: Iterable[Member], country: str, file: IO[bytes]) -> Printed:
    """Write a PDF of labels into a file, in the order of the members."""
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - large, and rarely needed

    sheet = sheet_for(country)
    canvas = Canvas(file, pagesize=(sheet.width * _MM, sheet.height * _MM))
    canvas.setTitle("Address labels")
    number, left_out = 0, []
    for member in members:
        lines = [unicodedata.normalize("NFC", line) for line in address_lines(member)]
        fonts = [font_for(line) for line in lines]
        laid = None if not lines or None in fonts else _lay(sheet, list(zip(lines, fonts, strict=True)))
        if laid is None:
            left_out.append(member.code)
            continue
        if number and number % (sheet.columns * sheet.rows) == 0:
            canvas.showPage()
        _draw(canvas, sheet, number, laid)
        number += 1
    if left_out or not number:
        _last_page(canvas, sheet, left_out, first=not number)
    canvas.save()
    return Printed(number, left_out)


def _lay(sheet: Sheet, lines: Sequence[Line]) -> Laid | None:
    """The largest type in which all lines stand whole on a label, long ones on several; None: too much."""
    room = (sheet.label_width - 2 * _MARGIN) * _MM
    high = (sheet.label_height - 2 * _MARGIN) * _MM
    size = _LARGEST
    while size >= _SMALLEST:
        laid = [(piece, font) for text, font in lines for piece in _wrapped(text, font, room / size)]
        if len(laid) * size * _LEADING <= high:
            return size, laid
        size -= _STEP
    return None


def _wrapped(text: str, font: Any, room: float) -> Iterator[str]:
    """A line in pieces that are no wider than `room` in type of one point: between words, where it can be."""
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415

    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if stringWidth(longer, font, 1.0) <= room:
            line = longer
            continue
        if line:
            yield line
        line = word
        while stringWidth(line, font, 1.0) > room:
            end = len(line) - 1
            while end > 1 and (stringWidth(line[:end], font, 1.0) > room or unicodedata.combining(line[end])):
                end -= 1
            yield line[:end]
            line = line[end:]
    yield line


def _draw(canvas: Any, sheet: Sheet, number: int, laid: Laid) -> None:
    place = number % (sheet.columns * sheet.rows)
    row, column = divmod(place, sheet.columns)
    size, lines = laid
    x = (sheet.left + column * sheet.label_width + _MARGIN) * _MM
    y = (sheet.height - sheet.top - row * sheet.label_height - _MARGIN) * _MM
    for text, font in lines:
        y -= size * _LEADING
        canvas.setFont(font, size)
        canvas.drawString(x, y, text)


def _last_page(canvas: Any, sheet: Sheet, left_out: Sequence[str], *, first: bool) -> None:
    if not first:
        canvas.showPage()
    words = [
        f"{len(left_out)} addresses are not printed: too long, or with letters that no font here can draw."
    ]
    words += ["They are in the list of addresses (CSV), by these codes:", ""]
    if not left_out:
        words = ["Nobody is left to write to."]
    y, height = sheet.height - 20, 5
    for line in [*words, *(" ".join(left_out[at : at + 8]) for at in range(0, len(left_out), 8))]:
        if y < height * 3:
            canvas.showPage()
            y = sheet.height - 20
        canvas.setFont(_PLAIN, _LARGEST)
        canvas.drawString(15 * _MM, y * _MM, line.encode("cp1252", "replace").decode("cp1252"))
        y -= height


def _western(line: str) -> bool:
    try:
        line.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def font_for(line: str) -> str | None:
    """The name of a font that can draw a line as it should look; None when there is none here."""
    if _western(line):
        return _PLAIN
    if any(first <= ord(char) <= last for char in line for first, last in _SHAPED):
        return None
    for name, letters in _system_fonts():
        if all(ord(char) in letters for char in line):
            return name
    return None


@cache
def _system_fonts() -> list[tuple[str, frozenset[int]]]:
    from reportlab.pdfbase.pdfmetrics import registerFont  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFError, TTFont  # noqa: PLC0415

    fonts = []
    for path in _font_files()[:_MOST_FONTS]:
        name = f"system-{path.stem}"
        try:
            font = TTFont(name, str(path), shapable=False)
        except (TTFError, OSError, ValueError, KeyError) as error:
            log.debug("a font cannot be used", font=str(path), error=str(error))
            continue
        registerFont(font)
        fonts.append((name, frozenset(font.face.charToGlyph)))
    return fonts


def _font_files() -> list[Path]:
    found = [
        path
        for folder in _FONT_FOLDERS
        for path in Path(folder).expanduser().rglob("*.tt[fc]")
        if not any(word in path.stem for word in ("Bold", "Italic", "Oblique", "Mono", "Light"))
    ]
    places = {name: place for place, name in enumerate(_LIKED)}
    return sorted(found, key=lambda path: (places.get(path.name, len(_LIKED)), str(path)))
