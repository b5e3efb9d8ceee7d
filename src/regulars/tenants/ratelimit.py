"""Rate limits: so many requests in a window, counted exactly over all processes (docs/decisions/0007).

The window of a subject begins with its first request and lasts 60 seconds, if nothing else is said. Counts
live in a memory-mapped file that all processes of this machine share, or in Redis when several machines serve
together.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
import time
import weakref
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import structlog
from django.conf import settings

from regulars import private

WINDOW_SECONDS = 60
DAY_SECONDS = 24 * 3600

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a limit after this request. It is not `allowed` when nothing was left before it."""

    allowed: bool
    limit: int
    remaining: int
    retry_after: int


class Store(Protocol):
    """Counts requests of a subject in its window."""

    def count(self, subject: str, limit: int, window: int) -> tuple[int, float]:
        """Count one request; the number in this window with it, and the seconds that the window still lasts.

        Past the limit the count stops at limit + 1.
        """


class SharedMemory:
    """Counts in a file of fixed slots that is mapped into every process."""

    _SLOTS = 1 << 16
    _PROBES = 16
    _SLOT = struct.Struct("<QdII")  # subject, start of the window, count, seconds of the window

    def __init__(self, path: Path) -> None:
        private.folder(path.parent)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        weakref.finalize(self, os.close, self._fd)
        size = self._SLOTS * self._SLOT.size
        if os.fstat(self._fd).st_size < size:
            os.ftruncate(self._fd, size)
        self._memory = mmap.mmap(self._fd, size)
        self._threads = threading.Lock()

    def count(self, subject: str, limit: int, window: int) -> tuple[int, float]:
        """See `Store`. Time is the machine's monotonic clock, which its processes share."""
        wanted = int.from_bytes(blake2b(subject.encode(), digest_size=8).digest(), "little") or 1
        with self._threads:
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            try:
                return self._count(wanted, limit, window, time.monotonic())
            finally:
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _count(self, wanted: int, limit: int, window: int, now: float) -> tuple[int, float]:
        first, first_end = 0, float("inf")
        for probe in range(self._PROBES):
            offset = (wanted + probe) % self._SLOTS * self._SLOT.size
            key, start, number, lasts = self._SLOT.unpack_from(self._memory, offset)
            # A start in the future is left from before the machine was started.
            live = start <= now < start + lasts
            if key == wanted and live:
                number = min(number + 1, limit + 1)
                self._SLOT.pack_into(self._memory, offset, wanted, start, number, lasts)
                return number, start + lasts - now
            end = start + lasts if live else -1.0
            if end < first_end:
                first, first_end = offset, end
        self._SLOT.pack_into(self._memory, first, wanted, now, 1, window)
        return 1, window


class Redis:
    """Counts in Redis, for several machines; falls back on shared memory while Redis does not answer."""

    _COUNT = """
local number = redis.call('INCR', KEYS[1])
if number == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {number, redis.call('PTTL', KEYS[1])}"""

    def __init__(self, url: str, fallback: Store) -> None:
        import redis  # noqa: PLC0415 - 6 MB, in memory only where it is used

        self._lost = redis.RedisError
        self._redis: Any = redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
        self._script = self._redis.register_script(self._COUNT)
        self._fallback = fallback
        self._retry_at = 0.0

    def count(self, subject: str, limit: int, window: int) -> tuple[int, float]:
        """See `Store`."""
        if time.monotonic() < self._retry_at:
            return self._fallback.count(subject, limit, window)
        try:
            number, left = self._script(keys=[f"regulars:rate:{subject}"], args=[window * 1000])
        except self._lost as error:
            log.warning(
                "rate limits: Redis does not answer, counting on this machine alone", error=str(error)
            )
            self._retry_at = time.monotonic() + 5
            return self._fallback.count(subject, limit, window)
        return min(int(number), limit + 1), max(int(left), 0) / 1000


@cache
def _store() -> Store:
    memory = SharedMemory(settings.REGULARS_DATA_DIR / "run" / "rate-limits")
    return Redis(settings.REGULARS_REDIS_URL, memory) if settings.REGULARS_REDIS_URL else memory


# A forked process must open the file itself: a lock does not keep out those who share its opening.
os.register_at_fork(after_in_child=_store.cache_clear)


def take(subject: str, limit: int, *, enforced: bool = True, window: int = WINDOW_SECONDS) -> Allowance:
    """Take one request from a subject's limit. With `enforced` False it is counted but always allowed.

    `window` is for how many seconds the limit counts: for one subject always the same.
    """
    number, left = _store().count(subject, limit, window)
    allowed = number <= limit or not enforced
    return Allowance(allowed, limit, max(limit - number, 0), 0 if allowed else max(1, -int(-left // 1)))
