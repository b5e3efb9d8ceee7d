"""Colours that people can read on: contrast as WCAG 2.2 computes it."""

from __future__ import annotations

import re
from typing import Final

from regulars.rules.errors import InvalidInput

WHITE: Final = "#ffffff"
INK: Final = "#1c1917"
BLACK: Final = "#000000"
# The least contrast of text (WCAG 2.2, 1.4.3 level AA).
READABLE: Final = 4.5
_COLOUR: Final = re.compile("#[0-9a-f]{6}")


def check_colour(value: str, *, field: str) -> str:
    """A colour written #rrggbb, in lower case.

    Raises:
        InvalidInput: it is written otherwise.
    """
    colour = value.strip().lower()
    if _COLOUR.fullmatch(colour) is None:
        raise InvalidInput.at(field, f"must be a colour written such as #0f766e, not {value!r}")
    return colour


def luminance(colour: str) -> float:
    """How bright a colour is, from 0 (black) to 1 (white)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - WCAG's own
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 (none) to 21."""
    darker, brighter = sorted((luminance(one), luminance(other)))
    return (brighter + 0.05) / (darker + 0.05)


def text_on(colour: str) -> str:
    """The colour of text on this one: white or ink where that is readable, else black, which then is."""
    best = max((WHITE, INK), key=lambda text: contrast(colour, text))
    return best if contrast(colour, best) >= READABLE else BLACK
