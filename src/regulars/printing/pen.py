"""Draws on pages: from their upper left corner, in millimetres; type in points."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from regulars.printing import fonts
from regulars.printing.fonts import Run, Type
from regulars.printing.sizes import Paper

if TYPE_CHECKING:  # loaded by whoever draws: servers that do not are smaller and start sooner
    from PIL import Image

MM: Final = 72 / 25.4
_LEADING: Final = 1.16
_STEP: Final = 0.94  # from one size of type to the next smaller one
_QUIET: Final = 4  # modules around a QR code that stay white (ISO/IEC 18004)
# Neighbours overlap a little, or viewers show hairlines between them.
_OVERLAP: Final = 0.02


@dataclass(frozen=True, slots=True)
class Laid:
    """Lines of text that fit their place, each in pieces of one face."""

    size: float
    lines: tuple[tuple[Run, ...], ...]

    @property
    def height(self) -> float:
        """Millimetres from the top of the first line to the foot of the last."""
        return len(self.lines) * self.size * _LEADING / MM


def lay(
    text: str, *, width: float, largest: float, smallest: float, most: int = 1, bold: bool = False
) -> Laid:
    """A text in the largest type in which it stands on `most` lines; what is too long even then is cut.

    Raises:
        NoFont: no font here has its letters.
    """
    line, faces = fonts.set_in(text, bold=bold)
    size = largest
    while True:
        pieces = list(_wrapped(line, faces, width * MM / size))
        if len(pieces) <= most or size <= smallest:
            break
        size = max(size * _STEP, smallest)
    if len(pieces) > most:
        pieces = [*pieces[: most - 1], _cut(" ".join(pieces[most - 1 :]), faces, width * MM / size)]
    return Laid(size, tuple(tuple(faces.runs(piece)) for piece in pieces))


def _wrapped(text: str, faces: Type, room: float) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if faces.width(longer) <= room:
            line = longer
            continue
        if line:
            yield line
        line = word
        while len(line) > 1 and faces.width(line) > room:
            end = _fitting(line, faces, room)
            yield line[:end]
            line = line[end:]
    yield line


def _fitting(text: str, faces: Type, room: float, *, mark: str = "") -> int:
    """How many characters of a text, at least one, have room together with a mark behind them."""
    lengths = range(1, len(text))
    more = bisect_right(lengths, room, key=lambda end: faces.width(text[:end] + mark))
    return max(more, 1)


def _cut(text: str, faces: Type, room: float) -> str:
    return text[: _fitting(text, faces, room, mark="…")].rstrip() + "…"


class Pen:
    """One document. `finished` ends it."""

    def __init__(self, paper: Paper, *, title: str, language: str) -> None:
        from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - large, and rarely needed

        self._file = io.BytesIO()
        self._height = paper.height
        # The same contents are the same bytes: no time of making is written down.
        self._canvas: Any = Canvas(
            self._file,
            pagesize=(paper.width * MM, paper.height * MM),
            invariant=True,
            lang=language,
            initialFontName="Helvetica",
        )
        self._canvas.setTitle(title)
        self._canvas.setAuthor("Regulars")

    def finished(self) -> bytes:
        """The document, which ends here."""
        self._canvas.save()
        return self._file.getvalue()

    def next_page(self) -> None:
        """End a page and begin another one."""
        self._canvas.showPage()

    @contextmanager
    def turned(self, *, centre: tuple[float, float]) -> Iterator[None]:
        """What is drawn inside stands on its head about a point."""
        x, y = centre
        self._canvas.saveState()
        self._canvas.translate(2 * x * MM, 2 * (self._height - y) * MM)
        self._canvas.rotate(180)
        yield
        self._canvas.restoreState()

    def panel(
        self, x: float, y: float, width: float, height: float, *,
        fill: str = "", line: str = "", thick: float = 0.0, corner: float = 0.0,
    ) -> None:  # fmt: skip
        """A rectangle from its upper left corner, with round corners."""
        self._ink(fill, line, thick)
        place = (x * MM, (self._height - y - height) * MM, width * MM, height * MM, corner * MM)
        self._canvas.roundRect(*place, fill=bool(fill), stroke=bool(line))

    def disc(
        self, x: float, y: float, radius: float, *, fill: str = "", line: str = "", thick: float = 0.0
    ) -> None:
        """A circle about a point."""
        self._ink(fill, line, thick)
        self._canvas.circle(x * MM, (self._height - y) * MM, radius * MM, fill=bool(fill), stroke=bool(line))

    def gift(self, x: float, y: float, side: float, *, colour: str) -> None:
        """The sign of a reward about a point, in the lines that pages draw it with."""
        unit = side / 24  # as wide as the pages' drawing
        self._canvas.saveState()
        self._canvas.translate((x - side / 2) * MM, (self._height - y + side / 2) * MM)
        self._canvas.scale(unit * MM, -unit * MM)
        self._canvas.setStrokeColor(colour)
        self._canvas.setLineWidth(2)
        self._canvas.setLineJoin(1)
        path = self._canvas.beginPath()
        for (left, top), *corners in (
            ((4, 11), (4, 20), (20, 20), (20, 11)),
            ((3, 7), (3, 11), (21, 11), (21, 7), (3, 7)),
            ((12, 7), (12, 20)),
        ):
            path.moveTo(left, top)
            for corner in corners:
                path.lineTo(*corner)
        for way in (-1, 1):
            path.moveTo(12, 7)
            path.curveTo(12 + way * 6, 7, 12 + way * 6, 2, 12 + way * 3, 2)
            path.curveTo(12 + way, 2, 12, 7, 12, 7)
        self._canvas.drawPath(path, fill=0, stroke=1)
        self._canvas.restoreState()

    def line(
        self, start: tuple[float, float], end: tuple[float, float], *,
        colour: str, thick: float = 0.1, dashes: Sequence[float] = (),
    ) -> None:  # fmt: skip
        """A straight line, dashed by lengths in millimetres."""
        self._ink("", colour, thick)
        self._canvas.setDash([dash * MM for dash in dashes])
        (x, y), (to_x, to_y) = start, end
        self._canvas.line(x * MM, (self._height - y) * MM, to_x * MM, (self._height - to_y) * MM)
        self._canvas.setDash([])

    def text(self, laid: Laid, x: float, y: float, *, colour: str, width: float = 0.0) -> float:
        """Lines with their upper edge at `y`; in the middle of `width`, when one is given. Where they end."""
        for runs in laid.lines:
            wide = sum(map(fonts.width_of, runs)) * laid.size / MM
            left = x + max(width - wide, 0) / 2 if width else x
            foot = y + laid.size * 0.92 / MM
            for run in runs:
                self._run(run, laid.size, colour, (left, foot))
                left += fonts.width_of(run) * laid.size / MM
            y += laid.size * _LEADING / MM
        return y

    def _run(self, run: Run, size: float, colour: str, at: tuple[float, float]) -> None:
        left, foot = at[0] * MM, (self._height - at[1]) * MM
        text, face = run
        if face.name:
            self._canvas.setFillColor(colour)
            self._canvas.setFont(face.name, size)
            self._canvas.drawString(left, foot, text)
            return
        picture, below = fonts.pictured(run, size=size, colour=colour)
        scale = 72 / fonts.PICTURE_DPI
        edge = (picture.width * scale - fonts.width_of(run) * size) / 2
        self._image(picture, left - edge, foot - below, picture.width * scale)

    def picture(self, png: bytes, x: float, y: float, width: float, height: float) -> None:
        """A picture as large as it fits a place, in its middle."""
        from PIL import Image  # noqa: PLC0415 - see above

        with Image.open(io.BytesIO(png), formats=("PNG",)) as found:
            found.load()
            share = min(width / found.width, height / found.height)
            wide, high = found.width * share, found.height * share
            left, top = x + (width - wide) / 2, y + (height - high) / 2
            self._image(found, left * MM, (self._height - top - high) * MM, wide * MM)

    def _image(self, picture: Image.Image, x: float, foot: float, width: float) -> None:
        from reportlab.lib.utils import ImageReader  # noqa: PLC0415

        height = width * picture.height / picture.width
        self._canvas.drawImage(ImageReader(picture), x, foot, width, height, mask="auto")

    def qr(self, content: str, x: float, y: float, side: float) -> None:
        """A QR code that can be read with a quarter of it dirty, its white margin within `side`."""
        import segno  # noqa: PLC0415 - 6 MB that nobody needs before the first code is drawn

        rows = list(segno.make(content, error="q", micro=False, boost_error=False).matrix)
        module = side / (len(rows) + 2 * _QUIET)
        self.panel(x, y, side, side, fill="#ffffff")
        self._ink("#000000", "", 0)
        path = self._canvas.beginPath()
        for number, row in enumerate(rows):
            foot = self._height - y - (_QUIET + number + 1 + _OVERLAP) * module
            for start, end in _runs(row):
                left = x + (_QUIET + start) * module
                path.rect(left * MM, foot * MM, (end - start) * module * MM, (1 + _OVERLAP) * module * MM)
        self._canvas.drawPath(path, fill=1, stroke=0)

    def _ink(self, fill: str, line: str, thick: float) -> None:
        if fill:
            self._canvas.setFillColor(fill)
        if line:
            self._canvas.setStrokeColor(line)
            self._canvas.setLineWidth(thick * MM)


def _runs(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where dark modules begin and end."""
    start = None
    for place, dark in enumerate((*row, 0)):
        if dark and start is None:
            start = place
        elif not dark and start is not None:
            yield start, place
            start = None
