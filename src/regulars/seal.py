"""Texts that the database keeps but that nobody may read in it, such as the secret of a webhook."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class Unsealable(Exception):  # noqa: N818 - an outcome, not an error
    """The text was sealed under another REGULARS_SECRET_KEY, or is damaged."""


@cache
def _fernet(secret_key: str) -> Fernet:
    # Megabytes that a server does without until something is sealed.
    from cryptography.fernet import Fernet  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"regulars.seal").derive(
        secret_key.encode()
    )
    return Fernet(urlsafe_b64encode(derived))


def make_ready() -> None:
    """Load now what the first text to be sealed would wait for."""
    _fernet(settings.SECRET_KEY)


def seal(text: str) -> str:
    """Encrypt a text with a key derived from REGULARS_SECRET_KEY."""
    return _fernet(settings.SECRET_KEY).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text that `seal` was given.

    Raises:
        Unsealable: it was sealed under another key, or is damaged.
    """
    from cryptography.fernet import InvalidToken  # noqa: PLC0415 - see above

    try:
        return _fernet(settings.SECRET_KEY).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unsealable("This was sealed under another REGULARS_SECRET_KEY.") from None
