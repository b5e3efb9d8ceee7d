"""Text from outside, made fit to be stored and shown."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from regulars.rules.errors import InvalidInput

# Control characters but tab and newline (PostgreSQL cannot store NUL, XML cannot carry most of the others)
# and surrogates, which JSON's \ud800 smuggles into a string and no encoding can write out again.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# What turns all that follows, or sets a part apart: on a line among others it makes those read wrong. The
# marks that letters of two directions need beside each other are none of these.
_TURNS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
# What draws nothing: white space, and marks of formatting and direction.
_UNSEEN: Final = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
# Letters and marks that draw nothing either: fillers, joiners, selectors, the empty pattern of Braille.
_BLANKS: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def clean_text(value: str, *, field: str, max_length: int, required: bool = False) -> str:
    """`value` without white space at its ends, or a refusal that names `field`.

    Tab and newline are kept, and a CR LF as browsers send it becomes a newline. The length is counted in
    characters (code points) after stripping, as the database counts it.

    Raises:
        InvalidInput: the text holds another control character or half a surrogate pair, has more than
            `max_length` characters, or is `required` and nothing of it can be seen.
    """
    text = value.replace("\r\n", "\n")
    found = _FORBIDDEN.search(text)
    if found is not None:
        raise InvalidInput.at(field, f"holds a character that text cannot have (U+{ord(found[0]):04X})")
    text = text.strip()
    if len(text) > max_length:
        raise InvalidInput.at(field, f"must have at most {max_length} characters, not {len(text)}")
    if required and is_blank(text):
        raise InvalidInput.at(field, "must not be empty")
    return text


def clean_line(value: str, *, field: str, max_length: int, required: bool = False) -> str:
    """The same for what is one line, such as a name: white space of any kind becomes single spaces.

    Embeddings, overrides and isolates of direction are left out: files and address books are full of them,
    and a page shows such a line with a direction of its own.

    Raises:
        InvalidInput: as `clean_text` says; the length is counted afterwards.
    """
    # Control characters are refused first: some of them count as white space.
    text = clean_text(
        _TURNS.sub("", value), field=field, max_length=max(max_length, len(value)), required=required
    )
    return clean_text(" ".join(text.split()), field=field, max_length=max_length)


def without_controls(text: str) -> str:
    """A text without the characters that text cannot have; tab and newline stay."""
    return _FORBIDDEN.sub("", text)


def is_storable(text: str) -> bool:
    """Whether a text has no character that text cannot have."""
    return _FORBIDDEN.search(text) is None


def is_blank(text: str) -> bool:
    """Whether there is nothing to be seen of a text."""
    return all(unicodedata.category(char) in _UNSEEN or _BLANKS.match(char) for char in text)
