"""Type for whatever people are called.

The built-in fonts of PDF have only Western letters, and what makes PDF here cannot join letters as Devanagari
or Arabic want it. Everything else is therefore drawn as a fine picture, with a font of the system that has
its letters (Pillow with libraqm shapes them). Where there is none, nothing is printed wrong: it is refused.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from regulars.rules.errors import Conflict

if TYPE_CHECKING:  # loaded by whoever draws: servers that do not are smaller and start sooner
    from PIL import Image, ImageFont

FOLDERS: tuple[str, ...] = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
# Looked into before others of their kind. Those after the first so many would only be opened in vain.
_LIKED: Final = ("NotoSans", "DejaVuSans", "LiberationSans")
_MOST_FONTS: Final = 24
_UNLIKED: Final = ("Italic", "Oblique", "Mono", "Light", "Thin", "Black", "Condensed", "Narrow", "Serif")
_TRY: Final = 64  # pixels
PICTURE_DPI: Final = 400
# Scripts whose letters change with their neighbours, or that run from right to left.
_SHAPED: Final = ((0x0590, 0x109F), (0x1780, 0x18AF), (0x1A20, 0x1CFF), (0xA800, 0xABFF), (0xFB1D, 0xFDFF))
_NOBODYS: Final = "\U0010fffe"  # no font has this one: it shows what a missing letter looks like
_OF_CJK: Final = {"HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"}


class NoFont(Conflict):
    """No font on this machine has the letters of a text. Details: `text`."""

    code = "no_font"


@dataclass(frozen=True, slots=True)
class Face:
    """What letters are drawn with: a built-in font of PDF, or a font file."""

    name: str = ""
    path: str = ""


Run = tuple[str, Face]


@dataclass(frozen=True, slots=True)
class Type:
    """What a text is set in: Western letters in one face, all others in another, or in the same."""

    western: Face
    other: Face

    def runs(self, line: str) -> list[Run]:
        """A line in pieces of one face each, from left to right."""
        found: list[Run] = []
        for char in line:
            last = found[-1][1] if found else None
            if char.isalpha() or unicodedata.combining(char):
                face = self.western if _is_western(char) else self.other
            elif last is not None and _has(last, frozenset(char)):
                face = last  # what stands between letters goes with those before it
            else:
                face = self.western if _has(self.western, frozenset(char)) else self.other
            if face == last:
                found[-1] = (found[-1][0] + char, face)
            else:
                found.append((char, face))
        return found[::-1] if _from_the_right(line) else found

    def width(self, line: str) -> float:
        """How wide a line is in type of one point, in points."""
        return sum(width_of(run) for run in self.runs(line))


def set_in(text: str, *, bold: bool = False) -> tuple[str, Type]:
    """A text as it can be printed, and in what. Little pictures that no font has are left out.

    Raises:
        NoFont: no font here has its letters.
    """
    whole = " ".join(unicodedata.normalize("NFC", text).split())
    for line in dict.fromkeys((whole, _without_symbols(whole))):
        found = _type(line, bold=bold) if line else None
        if found is not None:
            return line, found
    problem = f"No font on this machine has all letters of {text!r}. Install one, such as Noto Sans."
    raise NoFont(problem, text=text)


def width_of(run: Run) -> float:
    """How wide a run is in type of one point, in points."""
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415 - large, and rarely needed

    text, face = run
    if face.name:
        return float(stringWidth(text, face.name, 1.0))
    return _font(face.path, _TRY).getlength(text) / _TRY


def pictured(run: Run, *, size: float, colour: str) -> tuple[Image.Image, float]:
    """A run as a picture at PICTURE_DPI, in type of so many points, and how much of it is below its foot."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - see above

    text, face = run
    font = _font(face.path, max(round(size * PICTURE_DPI / 72), 1))
    ascent, descent = font.getmetrics()
    edge = ascent // 4  # some letters reach out of their box
    shape = Image.new("L", (round(font.getlength(text)) + 2 * edge, ascent + descent + 2 * edge))
    ImageDraw.Draw(shape).text((edge, edge + ascent), text, font=font, fill=255, anchor="ls")
    found = Image.new("RGB", shape.size, colour)
    found.putalpha(shape)
    return found, (descent + edge) * 72 / PICTURE_DPI


def _without_symbols(text: str) -> str:
    kept = "".join(" " if unicodedata.category(char) in {"So", "Sk", "Cn", "Co"} else char for char in text)
    return " ".join(kept.replace("\ufe0f", "").split())


def _type(line: str, *, bold: bool) -> Type | None:
    from PIL import features  # noqa: PLC0415 - see above

    western = Face(name="Helvetica-Bold" if bold else "Helvetica")
    if _is_western(line):
        return Type(western, western)
    if _is_shaped(line) and not features.check("raqm"):
        return None
    letters = frozenset(char for char in line if unicodedata.category(char) not in {"Zs", "Cf"})
    others = frozenset(char for char in letters if not _is_western(char))
    files = _files_for(others, bold=bold)[:_MOST_FONTS]
    for wanted in (letters, others):
        face = next((face for face in map(_file, files) if _has(face, wanted)), None)
        if face is not None:
            return Type(face if wanted is letters else western, face)
    return None


def _file(path: str) -> Face:
    return Face(path=path)


def _is_western(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _from_the_right(line: str) -> bool:
    """Whether a line begins at the right, as its first letter does."""
    kinds = (unicodedata.bidirectional(char) for char in line)
    return next((kind for kind in kinds if kind in {"L", "R", "AL"}), "L") != "L"


def _is_shaped(line: str) -> bool:
    return any(first <= ord(char) <= last for char in line for first, last in _SHAPED)


def _files_for(letters: Iterable[str], *, bold: bool) -> list[str]:
    """Font files, those first that are named after the scripts of the letters."""
    scripts = {unicodedata.name(char, "").partition(" ")[0] for char in letters}
    scripts = {"CJK" if script in _OF_CJK else script for script in scripts} - {"LATIN", "DIGIT", ""}

    def place(path: Path) -> tuple[bool, bool, bool, int, str]:
        stem = path.stem.upper()
        liked = [name for name in _LIKED if path.stem.partition("-")[0].startswith(name)]
        return (
            not any(script in stem for script in scripts),
            any(word.upper() in stem for word in _UNLIKED),
            ("BOLD" in stem) is not bold,
            _LIKED.index(liked[0]) if liked else len(_LIKED),
            str(path),
        )

    return [str(path) for path in sorted(_installed(FOLDERS), key=place)]


@cache
def _installed(folders: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(
        path
        for folder in folders
        for path in Path(folder).expanduser().rglob("*")
        if path.suffix.lower() in {".ttf", ".ttc", ".otf"}
    )


@lru_cache(maxsize=32)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont  # noqa: PLC0415 - see above

    return ImageFont.truetype(path, size)


@lru_cache(maxsize=1024)
def _has(face: Face, letters: frozenset[str]) -> bool:
    if face.name:
        return all(map(_is_western, letters))
    try:
        font = _font(face.path, _TRY)
        missing = bytes(font.getmask(_NOBODYS))
        return all(letter.isspace() or bytes(font.getmask(letter)) != missing for letter in letters)
    except (OSError, ValueError):
        return False  # made of pictures in another size, or broken
