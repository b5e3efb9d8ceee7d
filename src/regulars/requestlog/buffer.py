"""Calls wait here, in the memory of the process that answered them, until a thread writes them in batches.

A call is noted without a statement, a lock of the database or a wait. A process that stops in order writes
what waits before it ends, if that takes no longer than `LAST_WAIT`. What waits when it is killed is lost, and
so is what cannot be written (docs/decisions/0023).
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections import deque
from multiprocessing.util import Finalize
from typing import Final, NamedTuple

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction

from regulars import db

# So many calls of a business are kept.
KEEP: Final = 1000
# Seconds that a call waits; while there are many, longer: only the last of them are written.
PAUSE: Final = 1.0
BUSY_PAUSE: Final = 5.0
# Seconds that a process which stops waits for what is not written yet.
LAST_WAIT: Final = 2.0
_MANY = 200
_BATCH = 500
# Beyond what is kept, so many may lie there before somebody takes them away.
_SPARE = 100

# What a database refuses; a driver refuses text that is none.
_FAILURES: Final = (DatabaseError, InterfaceError, OSError, ValueError)

log = structlog.get_logger(__name__)

_INSERT = """
INSERT INTO requestlog_call (
    business_id, key_id, at, dialect, method, target, status, code, milliseconds, address)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_TRIM = """
DELETE FROM requestlog_call WHERE business_id = %s AND (at, id) < (
    SELECT at, id FROM requestlog_call WHERE business_id = %s ORDER BY at DESC, id DESC LIMIT 1 OFFSET %s)"""


class Noted(NamedTuple):
    """A call that was answered; the fields are columns of its table."""

    business_id: int
    key_id: int
    at: dt.datetime
    dialect: str
    method: str
    target: str
    status: int
    code: str
    milliseconds: int
    address: str


class _Buffer:
    """What waits in this process, and the thread that writes it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.filled = threading.Event()
        self.clean = threading.Event()  # nothing waits, and nothing is being written
        self.ending = threading.Event()  # write at once: the process is about to end
        self.waiting: dict[int, deque[Noted]] = {}
        self.written: dict[int, int] = {}  # rows since a business was last trimmed
        self.writer: int = 0  # the process that has a thread: a forked one has none

    def put(self, call: Noted) -> None:
        with self.lock:
            calls = self.waiting.get(call.business_id)
            if calls is None:
                calls = self.waiting[call.business_id] = deque(maxlen=KEEP)
            calls.append(call)
            self.clean.clear()
            if self.writer != os.getpid() and settings.REQUEST_LOG_WRITER:
                self.writer = os.getpid()
                threading.Thread(target=_write_on, args=(self,), name="request log", daemon=True).start()
                # Processes of multiprocessing, such as the server's, run these when they end, and no others.
                Finalize(None, self.finish, exitpriority=10)
        if not self.filled.is_set():
            self.filled.set()

    def take(self) -> dict[int, deque[Noted]]:
        with self.lock:
            self.filled.clear()
            taken, self.waiting = self.waiting, {}
        return taken

    def wrote(self) -> None:
        """Note that what was taken is written, or lost."""
        with self.lock:
            if not self.waiting:
                self.clean.set()

    def finish(self) -> None:
        """Let the thread write what waits, now; it has no more than `LAST_WAIT` for it."""
        self.ending.set()
        self.clean.wait(LAST_WAIT)


_buffer = _Buffer()


def note(call: Noted) -> None:
    """Keep a call until it is written."""
    _buffer.put(call)


def flush() -> int:
    """Write what waits in this process; how many calls that was.

    What is refused of one business is lost, and nothing of the others.
    """
    number = lost = 0
    told = ""
    for business_id, calls in _buffer.take().items():
        try:
            _write_all(business_id, list(calls))
            number += len(calls)
        except _FAILURES as error:
            lost, told = lost + len(calls), told or str(error).strip()
    if lost:
        log.warning("calls are missing in the request log", calls=lost, error=told)
    return number


def _write_all(business_id: int, calls: list[Noted]) -> None:
    for start in range(0, len(calls), _BATCH):
        _write(calls[start : start + _BATCH])
    _trim(business_id, len(calls))


def _write(calls: list[Noted]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_INSERT, [call._replace(at=db.moment(call.at)) for call in calls])


def _trim(business_id: int, written: int) -> None:
    """Take away what is beyond the number that is kept, now and then."""
    since = _buffer.written.get(business_id, _SPARE) + written
    if since < _SPARE:
        _buffer.written[business_id] = since
        return
    _buffer.written[business_id] = 0
    with transaction.atomic():
        # Another process may be at it; then it is done.
        if db.try_serialise("request log", business_id):
            db.run(_TRIM, (business_id, business_id, KEEP - 1))


def _write_on(buffer: _Buffer) -> None:
    """Write what waits, again and again. Whatever goes wrong, the next call is noted all the same."""
    pause = PAUSE
    while True:
        buffer.filled.wait()
        buffer.ending.wait(pause)
        try:
            pause = BUSY_PAUSE if flush() > _MANY else PAUSE
        except _FAILURES as error:
            log.warning("calls are missing in the request log", error=str(error).strip())
        finally:
            buffer.wrote()
            connection.close()
