"""When something happened at the counter: now, or while the device had no network."""

from __future__ import annotations

import datetime as dt
from typing import Final

from regulars.counter.refusals import TooOld
from regulars.rules.errors import InvalidInput

# How long a device may keep what it could not send.
LONGEST_WAIT: Final = dt.timedelta(days=7)


def happened_at(
    *,
    offline: bool,
    occurred_at: dt.datetime | None,
    sent_at: dt.datetime | None,
    now: dt.datetime,
    as_now: bool = False,
) -> dt.datetime:
    """When it happened by our clock. What was done with the network happens now.

    `sent_at` is what the device's clock said when it sent the request: by how much it goes wrong, the moment
    of `occurred_at` is put right. A clock that was put right in between makes a moment that is still to come:
    nobody is to lose a stamp for that, so it counts as now. With `as_now` the operator has chosen that,
    because it is too old for its own time.

    Raises:
        InvalidInput: `occurred_at` is missing or has no time zone.
        TooOld: it is more than seven days ago.
    """
    if not offline or as_now:
        return now
    if occurred_at is None:
        raise InvalidInput.at("occurred_at", "is needed for what was done without the network")
    for field, value in (("occurred_at", occurred_at), ("sent_at", sent_at)):
        if value is not None and value.tzinfo is None:
            raise InvalidInput.at(field, "must say its time zone")
    try:
        at = occurred_at if sent_at is None else occurred_at + (now - sent_at)
    except OverflowError:
        raise InvalidInput.at("occurred_at", "must be a time of our days") from None
    if at < now - LONGEST_WAIT:
        raise TooOld(f"This happened more than {LONGEST_WAIT.days} days ago.")
    return min(at, now).astimezone(dt.UTC)
