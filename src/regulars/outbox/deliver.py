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
from collections import Counter, deque
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
AHEAD = 128  # deliveries of one endpoint that a worker has claimed at most; more when half of them are left
AHEAD_AT_FIRST = 16  # until it is known how fast the endpoint is
FEW_AHEAD = 8  # of an endpoint that is slow; everybody gets so many
CLAIMED = 1024  # of all endpoints together, but for those few
STUMBLED = "It could not be sent; the log of the server says why."
_RECORD_AT_ONCE = 200
_GATHER = 0.02  # seconds in which results are gathered to be written down together
_LOOK_AGAIN = 0.1  # seconds between looks for new deliveries while requests are under way
_CHECK_EVERY = 0.5  # seconds between looks whether what is claimed may still be sent
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

    business_id: int
    queue: deque[Claimed] = field(default_factory=deque)
    lanes: int = 0
    failures: int = 0  # in a row, since the line was opened
    gone: bool = False
    took: float | None = None  # seconds for a request, lately
    turn: int = 0  # when it was last chosen

    @property
    def closed(self) -> bool:
        """The endpoint seems to be down: what is queued goes back."""
        return self.gone or self.failures >= retries.CIRCUIT_OPENS_AFTER

    @property
    def ahead(self) -> int:
        """How many deliveries to claim: what it takes in a second."""
        if self.took is None:
            return AHEAD_AT_FIRST
        return max(FEW_AHEAD, min(AHEAD, int(IN_FLIGHT_EACH / max(self.took, 0.001))))


class _Sender:
    def __init__(self, stop: Callable[[], bool]) -> None:
        self._stop = stop
        self._lease = token_hex(16)
        self._lines: dict[int, _Line] = {}
        self._lock = threading.Lock()  # around lines and lanes
        self._lanes: Counter[int] = Counter()  # requests under way of each business
        self._turn = 0
        self._ending = False
        self._results: SimpleQueue[Result] = SimpleQueue()
        self._unwritten: list[Result] = []
        self._unsent: list[int] = []
        self._checked_at = time.monotonic()
        self._pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="webhooks")

    def run(self) -> None:
        while not self._stop():
            self._claim()
            self._check()
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
            return self._lanes.total() > 0 or not self._results.empty()

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
            line, length = self._lines.get(endpoint_id), queued.get(endpoint_id, 0)
            ahead = AHEAD_AT_FIRST if line is None else line.ahead
            if length > ahead // 2 or endpoint_id in failing:
                continue
            # Whoever has nothing queued gets a few, however much others have.
            most = min(ahead - length, max(room, 0 if length else FEW_AHEAD))
            if most > 0:
                found = claims.claim(endpoint_id=endpoint_id, most=most, lease=self._lease, now=now)
                room -= len(found)
                self._enqueue(found)

    def _enqueue(self, found: list[Claimed]) -> None:
        if found:
            endpoint = found[0].endpoint
            with self._lock:
                line = self._lines.setdefault(endpoint.id, _Line(endpoint.business_id))
                if line.closed:
                    line.failures, line.gone = 0, False
                line.queue.extend(found)

    def _check(self) -> None:
        """Drop what may not be sent any more, or not as it was: its endpoint or event changed or is gone."""
        if time.monotonic() < self._checked_at + _CHECK_EVERY:
            return
        self._checked_at = time.monotonic()
        with self._lock:
            held = [one for line in self._lines.values() for one in line.queue]
        if not held:
            return
        good = claims.still_good(held, lease=self._lease, now=timezone.now())
        bad = {one.id for one in held} - good
        with self._lock:
            for line in self._lines.values() if bad else ():
                self._unsent += [one.id for one in line.queue if one.id in bad]
                line.queue = deque(one for one in line.queue if one.id not in bad)

    def _open_lanes(self) -> None:
        while (chosen := self._next()) is not None:
            try:
                self._pool.submit(self._work, *chosen)
            except BaseException:
                self._end(chosen[0], chosen[1], None)
                raise

    def _work(self, line: _Line, claimed: Claimed) -> None:
        """Send one, then whatever is next: of any endpoint, so that the slow ones keep no place."""
        chosen: tuple[_Line, Claimed] | None = (line, claimed)
        while chosen is not None:
            result = None
            try:
                result = _send(chosen[1])
            finally:
                self._end(*chosen, result)
            chosen = self._next()

    def _end(self, line: _Line, claimed: Claimed, result: Result | None) -> None:
        with self._lock:
            line.lanes -= 1
            self._lanes[line.business_id] -= 1
            if result is None:
                self._unsent.append(claimed.id)
                return
            took = result.ms / 1000
            line.took = took if line.took is None else line.took + (took - line.took) / 8
            line.failures = 0 if result.verdict is Verdict.DELIVERED else line.failures + 1
            line.gone = line.gone or result.verdict is Verdict.GONE
            self._results.put(result)

    def _next(self) -> tuple[_Line, Claimed] | None:
        """The next to send, first the business that has the fewest requests under way, then the endpoint."""
        with self._lock:
            latest = timezone.now() + _SPARE
            for line in self._lines.values():
                while line.queue and (line.closed or self._ending or line.queue[0].leased_until <= latest):
                    self._unsent.append(line.queue.popleft().id)
            ready = [line for line in self._lines.values() if line.queue and self._has_room(line)]
            if not ready:
                return None
            line = min(ready, key=lambda one: (self._lanes[one.business_id], one.lanes, one.turn))
            self._turn += 1
            line.turn = self._turn
            line.lanes += 1
            self._lanes[line.business_id] += 1
            return line, line.queue.popleft()

    def _has_room(self, line: _Line) -> bool:
        """The fewer places are free, the fewer one business and one endpoint get: slow ones cannot take all.

        A business gets half of what the others have left; an endpoint without any request a place sooner.
        """
        free, own = IN_FLIGHT - self._lanes.total(), self._lanes[line.business_id]
        if line.lanes == 0:
            return own < free or free > IN_FLIGHT // 4
        return line.lanes < min(IN_FLIGHT_EACH, math.ceil((free - own) / 4))

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
        return _answered(claimed, at)
    except outbound.Unreachable as error:
        problem = str(error)
    except BaseException:  # whatever happens to one request must not end the others
        log.exception("webhook_not_sent", delivery=claimed.id, endpoint=claimed.endpoint.id)
        problem = STUMBLED
    took = round((time.monotonic() - began) * 1000)
    return Result(claimed=claimed, at=at, ms=took, status=None, error=problem, response="")


def _answered(claimed: Claimed, at: dt.datetime) -> Result:
    endpoint = claimed.endpoint
    signed = webhooks.headers(uid=claimed.uid, content=claimed.content, secrets_=endpoint.secrets, at=at)
    answer = outbound.send(
        method="POST", url=endpoint.url, headers=signed, body=claimed.content, repeatable=True
    )
    return Result(
        claimed=claimed,
        at=at,
        ms=answer.ms,
        status=answer.status,
        error="",
        response=results.readable(answer.body),
        wish=retries.wish_of(answer.headers, at),
    )
