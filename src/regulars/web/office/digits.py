"""Numbers in what anybody may send: addresses, choices, references."""

from __future__ import annotations

from regulars.web.office.pages import BIGGEST_ID


def whole(text: str) -> int | None:
    """A whole number that an id may be, in plain digits; None for whatever else stands there."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(BIGGEST_ID))):
        return None
    number = int(text)
    return number if number <= BIGGEST_ID else None
