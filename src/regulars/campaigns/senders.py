"""Further connections for a large campaign: a mail server answers slowly, but answers several at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Final, Self

import structlog
from django.utils import timezone

from regulars.jobs.links import own_connection
from regulars.messages.sending import Batch, Sender

# Beside the one that the job itself has. Small mail hosts allow ten from one address.
MOST: Final = 3

log = structlog.get_logger(__name__)

# Sends some of what is due, with a sender of the thread's own, until told to stop.
SendSome = Callable[[Sender, Callable[[], bool]], Batch]


class Helpers:
    """Threads that send beside the job, each with a connection and a journal of its own.

    They end when nothing is due, and at the latest with the block.
    """

    def __init__(self, send_some: SendSome) -> None:
        self._send_some = send_some
        self._stopped = threading.Event()
        self._pool: ThreadPoolExecutor | None = None
        self._work: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        if error is None:
            self._raise_what_went_wrong()

    def call(self) -> None:
        """Let them help, as many as there are not yet."""
        self._raise_what_went_wrong()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(MOST, thread_name_prefix="campaign")
        self._work = [one for one in self._work if not one.done()]
        self._work += [self._pool.submit(self._help) for _ in range(MOST - len(self._work))]

    def at_work(self, seconds: float) -> bool:
        """Wait for them; whether there still is one at work after so long."""
        _, pending = wait(self._work, timeout=seconds, return_when=FIRST_EXCEPTION)
        self._raise_what_went_wrong()
        return bool(pending)

    def _help(self) -> None:
        with own_connection(), Sender() as sender:
            while not self._stopped.is_set():
                batch = self._send_some(sender, self._stopped.is_set)
                if batch.next_at is None or batch.next_at > timezone.now():
                    return

    def _raise_what_went_wrong(self) -> None:
        for one in self._work:
            if one.done() and (error := one.exception()) is not None:
                raise error
