"""Paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from regulars.rules.errors import InvalidInput

_LETTER_COUNTRIES: Final = {"US", "CA", "MX", "PH"}


@dataclass(frozen=True, slots=True)
class Paper:
    """A sheet, upright, in millimetres."""

    name: str
    width: float
    height: float


A4: Final = Paper("A4", 210, 297)
LETTER: Final = Paper("Letter", 215.9, 279.4)
PAPERS: Final = {paper.name.lower(): paper for paper in (A4, LETTER)}


def paper_of(name: str, *, country: str) -> Paper:
    """The sheet that somebody names; without a name, the one that shops of the country sell.

    Raises:
        InvalidInput: we do not print on that.
    """
    if not name:
        return LETTER if country in _LETTER_COUNTRIES else A4
    found = PAPERS.get(name.strip().lower())
    if found is None:
        raise InvalidInput.at("size", f"must be A4 or Letter, not {name!r}")
    return found
