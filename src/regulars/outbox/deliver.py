"""Sends what is due to the endpoints: some at a time to each, none of which delays the others.

The database is asked and told by one thread, in short transactions; the requests are made by others, outside
of all transactions. What a worker was sending when it died is sent again when its lease has ended, under the
same `webhook-id`: receivers get every event at least once.
"""

from __future__ import annotations

import datetime as dt
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from secrets import token_hex

import structlog
from django.db import Error
from django.utils import timezone

from regulars import outbound
from regulars.outbox import claims, results, webhooks
from regulars.outbox.claims import Claimed
from regulars.outbox.results import Result
from regulars.rules import retries
from regulars.rules.retries import Verdict

IN_FLIGHT = 64  # requests of a worker at once
IN_FLIGHT_EACH = 8  # of them to one endpoint
AHEAD = 128  # deliveries of one endpoint that a worker has claimed; more when half of them are left
CLAIMED = 1024  # and of all
_RECORD_AT_ONCE = 200
_GATHER = 0.02  # seconds in which results are gathered to be written down together
_LOOK_AGAIN = 0.1  # seconds between looks for new deliveries while requests are under way
_SPARE = dt.timedelta(seconds=outbound.TIMEOUT + 5)  # of a lease, that a request may need

log = structlog.get_logger(__name__)


def step(stop: Callable[[], bool]) -> bool:
    """Send what is due until nothing is, or until told to stop; then all answers are written down."""
    if not claims.waiting(timezone.now()):
        return False
    sender = _Sender(stop)
    try:
        sender.run()
    finally:
        sender.close()
    return False


def deliver_all() -> None:
    """Send what is due now. For commands and tests."""
    step(lambda: False)


@dataclass
class _Line:
    """What waits for one endpoint, and how many requests to it are under way."""

    queue: deque[Claimed] = field(default_factory=deque)
    lanes: int = 0
    failures: int = 0  # in a row, since the line was opened
    gone: bool = False

    @property
    def closed(self) -> bool:
        """The endpoint seems to be down: what is queued goes back."""
        return self.gone or self.failures >= retries.CIRCUIT_OPENS_AFTER


class _Sender:
    def __init__(self, stop: Callable[[], bool]) -> None:
        self._stop = stop
        self._lease = token_hex(16)
        self._lines: dict[int, _Line] = {}
        self._lock = threading.Lock()  # around lines and lanes
        self._lanes = 0
        self._ending = False
        self._results: SimpleQueue[Result] = SimpleQueue()
        self._unwritten: list[Result] = []
        self._unsent: list[int] = []
        self._pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="webhooks")

    def run(self) -> None:
        while not self._stop():
            self._claim()
            self._open_lanes()
            if not self._busy():
                return
            self._gather(_LOOK_AGAIN)
            self._write()

    def close(self) -> None:
        """Let the requests end that are under way, write down what came of them, give back the others."""
        self._ending = True
        self._pool.shutdown(wait=True)
        while not self._results.empty():
            self._unwritten.append(self._results.get())
        for line in self._lines.values():
            self._unsent += [one.id for one in line.queue]
        try:
            self._write()
        except Error:  # the leases end by themselves
            log.exception("webhook_results_lost", number=len(self._unwritten))

    def _busy(self) -> bool:
        with self._lock:
            return self._lanes > 0 or not self._results.empty()

    def _claim(self) -> None:
        now = timezone.now()
        with self._lock:
            queued = {number: len(line.queue) for number, line in self._lines.items()}
            # Whoever failed is looked at again when the database knows of all its failures.
            failing = {
                number
                for number, line in self._lines.items()
                if line.closed and (line.lanes or not self._results.empty())
            }
        room = CLAIMED - sum(queued.values())
        for endpoint_id in claims.waiting(now):
            length = queued.get(endpoint_id, 0)
            if length > AHEAD // 2 or room <= 0 or endpoint_id in failing:
                continue
            most = min(AHEAD - length, room)
            found = claims.claim(endpoint_id=endpoint_id, most=most, lease=self._lease, now=now)
            room -= len(found)
            if found:
                with self._lock:
                    line = self._lines.setdefault(endpoint_id, _Line())
                    if line.closed:
                        line.failures, line.gone = 0, False
                    line.queue.extend(found)

    def _open_lanes(self) -> None:
        with self._lock:
            for line in self._lines.values():
                # The fewer places are free, the fewer one endpoint gets: slow ones cannot take them all.
                free = IN_FLIGHT - self._lanes
                wanted = min(IN_FLIGHT_EACH, math.ceil(free / 4), line.lanes + len(line.queue))
                for _ in range(wanted - line.lanes):
                    line.lanes += 1
                    self._lanes += 1
                    self._pool.submit(self._work_through, line)

    def _work_through(self, line: _Line) -> None:
        while (claimed := self._next(line)) is not None:
            result = _send(claimed)
            with self._lock:
                line.failures = 0 if result.verdict is Verdict.DELIVERED else line.failures + 1
                line.gone = line.gone or result.verdict is Verdict.GONE
            self._results.put(result)

    def _next(self, line: _Line) -> Claimed | None:
        with self._lock:
            if line.closed or self._ending:
                self._unsent += [one.id for one in line.queue]
                line.queue.clear()
            latest = timezone.now() + _SPARE
            while line.queue:
                claimed = line.queue.popleft()
                if claimed.leased_until > latest:
                    return claimed
                self._unsent.append(claimed.id)
            line.lanes -= 1
            self._lanes -= 1
            return None

    def _gather(self, patience: float) -> None:
        deadline = time.monotonic() + _GATHER
        while len(self._unwritten) < _RECORD_AT_ONCE:
            left = patience if not self._unwritten else deadline - time.monotonic()
            if self._unwritten and not self._busy():
                return
            try:
                self._unwritten.append(self._results.get(timeout=max(left, 0.001)))
            except Empty:
                return

    def _write(self) -> None:
        if self._unwritten:
            results.record(self._unwritten, lease=self._lease)
            self._unwritten.clear()
        with self._lock:
            unsent, self._unsent = self._unsent, []
        claims.release(ids=unsent, lease=self._lease)


def _send(claimed: Claimed) -> Result:
    at, began = timezone.now(), time.monotonic()
    try:
        answer = outbound.send(
            method="POST",
            url=claimed.endpoint.url,
            headers=webhooks.headers(
                uid=claimed.uid, content=claimed.content, secrets_=claimed.endpoint.secrets, at=at
            ),
            body=claimed.content,
            repeatable=True,
        )
    except outbound.Unreachable as error:
        problem = str(error)
    except Exception:
        log.exception("webhook_not_sent", delivery=claimed.id)
        problem = "It could not be sent; the log of the server says why."
    else:
        return Result(
            claimed=claimed,
            at=at,
            ms=answer.ms,
            status=answer.status,
            error="",
            response=results.readable(answer.body),
            wish=retries.wish_of(answer.headers, at),
        )
    took = round((time.monotonic() - began) * 1000)
    return Result(claimed=claimed, at=at, ms=took, status=None, error=problem, response="")
