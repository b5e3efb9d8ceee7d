"""Says in the log that something which is done again and again goes wrong: not each time anew."""

from __future__ import annotations

import time
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError

QUIET = 60.0  # seconds between lines about the same trouble

log = structlog.get_logger(__name__)


class Trouble:
    """What went wrong in one place. A database that is away gets a line, other faults a traceback once."""

    def __init__(self) -> None:
        self._told: tuple[type[BaseException], str] | None = None
        self._told_at = 0.0

    def over(self) -> None:
        """It worked: the next fault is a new one."""
        self._told = None

    def tell(self, event: str, error: BaseException, **facts: Any) -> None:
        """Log a fault, when it is another than the last one or a minute has gone by."""
        away = isinstance(error, OperationalError | InterfaceError)
        # An outage changes its words: refused, then starting up.
        what = (OperationalError if away else type(error), "" if away else str(error))
        again = what == self._told
        if again and time.monotonic() < self._told_at + QUIET:
            return
        self._told, self._told_at = what, time.monotonic()
        message = " ".join(str(error).split())
        log.error(event, error=f"{type(error).__name__}: {message}", exc_info=not (away or again), **facts)
