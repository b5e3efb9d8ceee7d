"""What every worker does all the time: rooms enter a step, and the worker keeps calling it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

Stop = Callable[[], bool]
Step = Callable[[Stop], bool]


@dataclass(frozen=True, slots=True)
class Loop:
    """A step and the pause between two of it, in seconds."""

    name: str
    step: Step
    every: float


_registry: dict[str, Loop] = {}
_listening: dict[str, set[threading.Event]] = {}
_lock = threading.Lock()


def register(name: str, step: Step, *, every: float) -> None:
    """Enter a loop, once, when the application starts.

    Every worker calls `step(stop)` in a thread and with a database connection of its own: again at once when
    it says that there is more to do, else after `every` seconds. Any number of workers may do so at the same
    time. A step that finds nothing to do only reads. `stop()` is true when the worker wants to end. A step
    that raises is logged and called again after a pause that grows up to a minute.
    """
    _registry[name] = Loop(name, step, every)


def registered() -> list[Loop]:
    """All loops, in the order in which they were entered."""
    return list(_registry.values())


def wake(name: str) -> None:
    """End the pause of a loop of this process, if it has one: there is something to do."""
    with _lock:
        for event in _listening.get(name, ()):
            event.set()


@contextmanager
def listening(name: str) -> Iterator[threading.Event]:
    """An event that `wake(name)` sets."""
    event = threading.Event()
    with _lock:
        _listening.setdefault(name, set()).add(event)
    try:
        yield event
    finally:
        with _lock:
            _listening[name].discard(event)
