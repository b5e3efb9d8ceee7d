"""The languages that customers' pages and the counter speak."""

from __future__ import annotations

from typing import Final

from regulars.rules.errors import InvalidInput

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


def check_language(value: str, *, field: str = "language") -> str:
    """The code of a language.

    Raises:
        InvalidInput: there is no such language here.
    """
    code = value.strip().lower()
    if code not in LANGUAGES:
        raise InvalidInput.at(field, f"must be one of {', '.join(LANGUAGES)}, not {value!r}")
    return code


def best_of(wanted: str) -> str | None:
    """The language here that an Accept-Language header (RFC 9110) wants most; None for none of them."""
    found: list[tuple[float, int, str]] = []
    for place, part in enumerate(wanted[:1000].split(",")):
        name, _, rest = part.strip().partition(";")
        code = name.strip().lower().partition("-")[0]
        if code in LANGUAGES and (weight := _weight(rest)) > 0:
            found.append((-weight, place, code))
    return min(found)[2] if found else None


def _weight(rest: str) -> float:
    key, _, value = rest.strip().partition("=")
    if key.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
