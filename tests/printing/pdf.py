"""Reads what our own PDFs draw: enough of the format for that, and no more."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator

_STREAM = re.compile(rb"<<([^>]*)>>\s*stream\r?\n(.*?)endstream", re.DOTALL)
_RECTANGLE = re.compile(rb"(-?[\d.]+) (-?[\d.]+) (-?[\d.]+) (-?[\d.]+) re\b")
_TEXT = re.compile(rb"\(((?:\\.|[^\\()])*)\) Tj", re.DOTALL)


def pages(document: bytes) -> list[bytes]:
    """What each page draws."""
    assert document.startswith(b"%PDF-")
    found = (
        match.group(2).strip() for match in _STREAM.finditer(document) if b"/Image" not in match.group(1)
    )
    return [zlib.decompress(base64.a85decode(b"<~" + stream, adobe=True)) for stream in found]


def pictures(document: bytes) -> int:
    """How many pictures there are in it."""
    return document.count(b"/Subtype /Image")


def size(document: bytes) -> tuple[int, int]:
    """Width and height of the pages in millimetres."""
    found = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", document)
    assert found is not None
    return round(float(found.group(1)) * 25.4 / 72), round(float(found.group(2)) * 25.4 / 72)


def texts(page: bytes) -> str:
    """All lines of a page that are drawn in a built-in font, one below the other."""
    found = (match.group(1) for match in _TEXT.finditer(page))
    return "\n".join(_plain(text) for text in found)


def _plain(text: bytes) -> str:
    octal = re.sub(rb"\\(\d{3})", lambda match: bytes([int(match.group(1), 8)]), text)
    return re.sub(rb"\\(.)", rb"\1", octal).decode("cp1252")


def codes(page: bytes) -> Iterator[list[list[int]]]:
    """The modules of each QR code of a page, from its upper left one; 1 is dark."""
    # Of all shapes, only QR codes are made of bare rectangles.
    for shape in re.split(rb"\bf\*?\s", page):
        drawn = [tuple(map(float, match.groups())) for match in _RECTANGLE.finditer(shape)]
        if drawn:
            yield _modules(drawn)


def _modules(drawn: list[tuple[float, ...]]) -> list[list[int]]:
    left, right = min(x for x, *_ in drawn), max(x + wide for x, _, wide, _ in drawn)
    top = max(foot + high for _, foot, _, high in drawn)
    # A finder pattern's upper edge is the first row's first run: seven modules.
    module = next(wide for x, foot, wide, high in drawn if x == left and foot + high == top) / 7
    side = round((right - left) / module)
    found = [[0] * side for _ in range(side)]
    for x, foot, wide, high in drawn:
        row = round((top - foot - high) / module)
        start = round((x - left) / module)
        for place in range(start, start + round(wide / module)):
            found[row][place] = 1
    return found
