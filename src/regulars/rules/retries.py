"""When a webhook is tried again, and what an answer to it means, as Standard Webhooks has it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import Enum

# The first attempt is made at once; after the n-th that failed comes a pause. Ten attempts in a little more
# than three days (Standard Webhooks, "Deliverability and reliability").
PAUSES = (
    dt.timedelta(seconds=5),
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=2),
    dt.timedelta(hours=5),
    dt.timedelta(hours=10),
    dt.timedelta(hours=14),
    dt.timedelta(hours=20),
    dt.timedelta(hours=24),
)
ATTEMPTS = len(PAUSES) + 1
# A pause is longer or shorter by up to a tenth, so that what failed together does not come back together.
JITTER = 10
CHANCES = 1000
LONGEST_WISH = dt.timedelta(hours=24)  # that Retry-After may express

# A receiver that fails so often in a row is asked with one event at a time, at growing distances.
CIRCUIT_OPENS_AFTER = 5
_FIRST_PROBE = dt.timedelta(seconds=5)
_LATEST_PROBE = dt.timedelta(minutes=5)


class Verdict(Enum):
    """What an answer means for the event that was sent."""

    DELIVERED = "delivered"
    RETRY = "retry"
    GONE = "gone"


def verdict(status: int | None) -> Verdict:
    """2xx is success; 410 asks never to be called again; all else, redirects too, is retried."""
    if status is not None and 200 <= status < 300:  # noqa: PLR2004 - as HTTP has it
        return Verdict.DELIVERED
    return Verdict.GONE if status == 410 else Verdict.RETRY  # noqa: PLR2004


def next_attempt(
    *, failed: int, now: dt.datetime, chance: int, wish: dt.timedelta | None = None
) -> dt.datetime | None:
    """When to try again after `failed` attempts that failed; None when there were enough.

    `chance` from 0 to `CHANCES` chooses within the jitter. A receiver's `wish` makes it later, never earlier.
    """
    if failed >= ATTEMPTS:
        return None
    pause = PAUSES[failed - 1]
    pause += (pause // JITTER) * (2 * chance - CHANCES) // CHANCES
    return now + max(pause, min(wish, LONGEST_WISH) if wish else dt.timedelta())


def wish_of(headers: Mapping[str, str], now: dt.datetime) -> dt.timedelta | None:
    """What the header Retry-After says, in seconds or as a date; None when it says nothing that is of use."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(dt.timedelta(seconds=int(text[:9])), LONGEST_WISH)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):  # the last for numbers of many digits
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return min(max(moment - now, dt.timedelta()), LONGEST_WISH)


def probe_pause(failures: int) -> dt.timedelta | None:
    """How long a receiver is left alone after so many failures in a row; None while it is not."""
    if failures < CIRCUIT_OPENS_AFTER:
        return None
    doubled = min(failures - CIRCUIT_OPENS_AFTER, 16)
    longer: dt.timedelta = _FIRST_PROBE * 2**doubled
    return min(longer, _LATEST_PROBE)
