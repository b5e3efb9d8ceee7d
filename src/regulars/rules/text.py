"""Text from outside, made fit to be stored and shown."""

from __future__ import annotations

import re
from typing import Final

from regulars.rules.errors import InvalidInput

# Control characters but tab and newline (PostgreSQL cannot store NUL, XML cannot carry most of the others)
# and surrogates, which JSON's \ud800 smuggles into a string and no encoding can write out again.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def clean_text(value: str, *, field: str, max_length: int, required: bool = False) -> str:
    """`value` without white space at its ends, or a refusal that names `field`.

    Tab and newline are kept, and a CR LF as browsers send it becomes a newline. The length is counted in
    characters (code points) after stripping, as the database counts it.

    Raises:
        InvalidInput: the text holds another control character or half a surrogate pair, has more than
            `max_length` characters, or is `required` and nothing is left of it.
    """
    text = value.replace("\r\n", "\n")
    found = _FORBIDDEN.search(text)
    if found is not None:
        raise InvalidInput.at(field, f"holds a character that text cannot have (U+{ord(found[0]):04X})")
    text = text.strip()
    if len(text) > max_length:
        raise InvalidInput.at(field, f"must have at most {max_length} characters, not {len(text)}")
    if required and not text:
        raise InvalidInput.at(field, "must not be empty")
    return text
