"""How many messages may leave in a minute, evenly, over all processes of this machine.

For each limit a file that they all map holds the moment from which the next one may go. Several machines that
send together each keep to the limit for themselves.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
import time
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path

from django.conf import settings

from regulars import private

Limit = tuple[str, int]  # its name, and messages a minute

_SLOTS = 4096
_PROBES = 8
_SLOT = struct.Struct("<Qd")  # the limit's name, when the next one may go
# So much may go at once after a pause, in seconds of the limit.
_BURST = 1.0


class Pace:
    """The moments, in a file of fixed places."""

    def __init__(self, path: Path) -> None:
        private.folder(path.parent)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        size = _SLOTS * _SLOT.size
        if os.fstat(self._fd).st_size < size:
            os.ftruncate(self._fd, size)
        self._memory = mmap.mmap(self._fd, size)
        self._threads = threading.Lock()

    def take(self, limits: Sequence[Limit], most: int) -> tuple[int, float]:
        """How many of `most` may go now by all limits, and else in how many seconds the first may.

        They count as gone; `give_back` those that did not go after all.
        """
        if not limits:
            return most, 0.0
        with self._threads:
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            try:
                return self._take(limits, most, time.monotonic())
            finally:
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _take(self, limits: Sequence[Limit], most: int, now: float) -> tuple[int, float]:
        places = [(self._place(name, now), _gap(per_minute)) for name, per_minute in limits]
        granted, wait = most, 0.0
        for (_, free_at), gap in places:
            room = max(_BURST, gap) - (max(free_at, now) - now)
            granted = min(granted, max(int(room / gap + 1e-9), 0))
            wait = max(wait, gap - room)
        if granted <= 0:
            return 0, max(wait, 0.001)
        for ((offset, free_at), gap), (name, _) in zip(places, limits, strict=True):
            _SLOT.pack_into(self._memory, offset, _number(name), max(free_at, now) + granted * gap)
        return granted, 0.0

    def give_back(self, limits: Sequence[Limit], unused: int) -> None:
        """Some that were taken did not go."""
        if not limits or unused <= 0:
            return
        with self._threads:
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            try:
                for name, per_minute in limits:
                    offset, free_at = self._place(name, time.monotonic())
                    _SLOT.pack_into(self._memory, offset, _number(name), free_at - unused * _gap(per_minute))
            finally:
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _place(self, name: str, now: float) -> tuple[int, float]:
        wanted = _number(name)
        oldest, oldest_at = 0, float("inf")
        for probe in range(_PROBES):
            offset = (wanted + probe) % _SLOTS * _SLOT.size
            key, free_at = _SLOT.unpack_from(self._memory, offset)
            # Far in the future: left from before the machine was started.
            if free_at > now + 120:
                free_at = 0.0
            if key == wanted:
                return offset, free_at
            if free_at < oldest_at:
                oldest, oldest_at = offset, free_at
        return oldest, 0.0


def _gap(per_minute: int) -> float:
    # With what goes at once after a pause, no sixty seconds ever see more than the limit.
    return (60.0 + _BURST) / per_minute


@cache
def _number(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little") or 1


@cache
def shared() -> Pace:
    """The one of this installation on this machine."""
    return Pace(Path(settings.REGULARS_DATA_DIR) / "run" / "mail-pace")


# A forked process must open the file itself: a lock does not keep out those who share its opening.
os.register_at_fork(after_in_child=shared.cache_clear)
