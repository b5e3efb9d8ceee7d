"""For code inside a job: say how far it is, ask whether it should stop.

Outside a job, in a test or a command, both do nothing. They know the job of the thread that runs it, so a
thread that a job starts must be told by it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

TEXT_LENGTH = 200


@dataclass(slots=True)
class Progress:
    """How far a job is: `done` of `total`, in whatever it counts, and what it is doing."""

    done: int | None = None
    total: int | None = None
    text: str = ""


@dataclass(slots=True)
class Run:
    """A job at work, as seen by the thread that runs it and by the one that renews its lease."""

    stop: Callable[[], bool]
    lost: bool = False  # somebody else has the job by now
    _now: Progress | None = None
    _changed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, progress: Progress) -> None:
        """Keep it until somebody writes it down."""
        with self._lock:
            self._now, self._changed = progress, True

    def untold(self) -> Progress | None:
        """What is to be written down, once; None when there is nothing new."""
        with self._lock:
            changed, self._changed = self._changed, False
            return self._now if changed else None

    def latest(self) -> Progress | None:
        """What was said last, for the end of the job; None when nothing ever was."""
        with self._lock:
            return self._now


_current: ContextVar[Run | None] = ContextVar("regulars_job", default=None)


@contextmanager
def inside(run: Run) -> Iterator[None]:
    """What is called within belongs to this job."""
    token = _current.set(run)
    try:
        yield
    finally:
        _current.reset(token)


def report(*, done: int | None = None, total: int | None = None, text: str = "") -> None:
    """Say how far the job is. As cheap as can be: it is written down twice a second, and at the end."""
    if (run := _current.get()) is not None:
        run.tell(Progress(done, total, text.replace("\x00", "")[:TEXT_LENGTH]))


def stopping() -> bool:
    """Whether the job should end soon: the worker was told to stop, or somebody else has taken the job.

    A job that is not finished then raises `Again`. One that goes on is cut off after half a minute.
    """
    run = _current.get()
    return run is not None and (run.lost or run.stop())
