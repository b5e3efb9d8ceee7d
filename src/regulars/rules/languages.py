"""The languages that customers' pages and the counter speak."""

from __future__ import annotations

import re
from typing import Final

from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_text

# By code, each in its own words, in the order in which they are offered.
LANGUAGES: Final = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "hi": "हिन्दी",
    "pt": "Português",
}
USUAL: Final = "en"
_WEIGHT: Final = re.compile(r"([01])(?:\.([0-9]{0,3}))?")


def check_language(value: str, *, field: str = "language") -> str:
    """The code of a language.

    Raises:
        InvalidInput: there is no such language here, or a character that text cannot have.
    """
    code = clean_text(value, field=field, max_length=len(value)).lower()
    if code not in LANGUAGES:
        raise InvalidInput.at(field, f"must be one of {', '.join(LANGUAGES)}, not {value!r}")
    return code


def best_of(wanted: str) -> str | None:
    """The language here that an Accept-Language header (RFC 9110) wants most; None for none of them."""
    found: list[tuple[int, int, str]] = []
    for place, part in enumerate(wanted[:1000].split(",")):
        name, _, rest = part.strip().partition(";")
        code = name.strip().lower().partition("-")[0]
        if code in LANGUAGES and (weight := _weight(rest)) > 0:
            found.append((-weight, place, code))
    return min(found)[2] if found else None


def _weight(rest: str) -> int:
    """How much it is wanted, in thousandths; 0 for what is no weight."""
    key, _, value = rest.strip().partition("=")
    if key.strip() != "q":
        return 1000
    found = _WEIGHT.fullmatch(value.strip())
    return 0 if found is None else min(int(found[1] + (found[2] or "").ljust(3, "0")), 1000)
