"""The Message-ID of a mail: made from its number, so that it is the same at every attempt and leads back."""

from __future__ import annotations

import re
from email.utils import parseaddr
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_OURS: Final = re.compile(r"<?m(\d{1,18})\.([0-9a-f]{12})@[^\s<>@]+>?")


def message_id(number: int) -> str:
    """The Message-ID of a message: always the same, and not to be guessed."""
    return f"<m{number}.{_proof(number)}@{_domain(settings.DEFAULT_FROM_EMAIL)}>"


def number_of(header: str) -> int | None:
    """The message whose Message-ID this is; None when it is none of ours."""
    found = _OURS.fullmatch(header.strip())
    if found is None or not constant_time_compare(found[2], _proof(int(found[1]))):
        return None
    return int(found[1])


@lru_cache(maxsize=4)
def _domain(own: str) -> str:
    return parseaddr(own)[1].rpartition("@")[2] or "localhost"


def _proof(number: int) -> str:
    return salted_hmac("regulars.message-id", str(number), algorithm="sha256").hexdigest()[:12]
