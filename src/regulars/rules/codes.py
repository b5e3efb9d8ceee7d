"""Codes, keys and short names: how they are drawn and what they look like.

Everything secret comes from the operating system's random source through :mod:`secrets`.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from typing import Final

API_KEY_MARK: Final = "rk_"
API_KEY_LENGTH: Final = 40
API_KEY_PREFIX_LENGTH: Final = 11
# Letters and digits that nobody mistakes for another when reading a key aloud: no 0 O o, no 1 I i l.
CLEAR_CHARACTERS: Final = "23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"

SLUG_MIN: Final = 3
SLUG_MAX: Final = 40
SLUG_FALLBACK: Final = "shop"
# Latin letters that Unicode does not take apart into a plain letter and an accent.
_PLAIN_LETTERS: Final = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ħ": "h", "\u0131": "i"}
)
_APOSTROPHES: Final = re.compile("['\u2019\u02bc]")
_NOT_SLUG: Final = re.compile("[^a-z0-9]+")
_QR_CODE: Final = re.compile("[0-9a-f]{16}")


def new_qr_code() -> str:
    """A card's code: 16 lower-case hex digits, 64 random bits. It is the only secret of the card's page."""
    return secrets.token_hex(8)


def is_qr_code(text: str) -> bool:
    """Whether a text is a card's code, as `new_qr_code` draws them."""
    return _QR_CODE.fullmatch(text) is not None


def new_join_code() -> str:
    """The code in a business's join address: 10 lower-case hex digits."""
    return secrets.token_hex(5)


def numbered_code(letter: str, number: int) -> str:
    """The code given to a record that was added without one: a capital letter and six digits or more.

    The RPC dialect shows `M000001` for the first member; other kinds take other letters. Past 999999 the
    code grows longer, it never wraps.

    Raises:
        ValueError: not one letter from A to Z, or a number below 1.
    """
    if len(letter) != 1 or not "A" <= letter <= "Z":
        raise ValueError(f"a code begins with one letter from A to Z, not {letter!r}")
    if number < 1:
        raise ValueError(f"codes count from 1, not {number}")
    return f"{letter}{number:06d}"


def member_code(number: int) -> str:
    """The code of a business's `number`-th member, as the RPC dialect shows it: `M000001`."""
    return numbered_code("M", number)


def new_api_key() -> str:
    """A new API key: `rk_` and 40 characters, about 231 random bits. It is shown once and never stored."""
    return API_KEY_MARK + "".join(secrets.choice(CLEAR_CHARACTERS) for _ in range(API_KEY_LENGTH))


def key_prefix(key: str) -> str:
    """The first 11 characters of an API key: enough to tell keys apart in a list, useless as a key."""
    return key[:API_KEY_PREFIX_LENGTH]


def key_hash(key: str) -> str:
    """What is stored of an API key: SHA-256 as 64 hex digits.

    A plain hash is enough because the key is random throughout; there is no password to guess. Any text
    has a hash, also one that is not valid Unicode, so that a nonsense key is merely unknown.
    """
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def temp_password() -> str:
    """A temporary password: 12 lower-case hex digits, as the REST dialect's `POST /api/team` shows it."""
    return secrets.token_hex(6)


def slugify_name(name: str) -> str:
    """A short name for addresses made from a business's name: 3 to 40 of `a-z`, `0-9` and inner hyphens.

    Accents are dropped ("Café" gives `cafe`) and apostrophes vanish ("Joe's" gives `joes`). A name with
    no Latin letter or digit gives `shop`; one that is too short is lengthened with it ("Ai" gives
    `ai-shop`). The caller makes it unique.
    """
    apart = unicodedata.normalize("NFKD", name).casefold().translate(_PLAIN_LETTERS)
    plain = "".join(c for c in apart if not unicodedata.combining(c))
    slug = _NOT_SLUG.sub("-", _APOSTROPHES.sub("", plain)).strip("-")[:SLUG_MAX].rstrip("-")
    if not slug:
        return SLUG_FALLBACK
    return slug if len(slug) >= SLUG_MIN else f"{slug}-{SLUG_FALLBACK}"
