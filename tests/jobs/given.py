"""Tasks for tests. A worker in another process finds them by their name."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Any

from django.utils import timezone
from django_tasks import task
from django_tasks.base import TaskContext

from regulars.jobs import progress
from regulars.jobs.outcomes import Again, GiveUp

seen: list[Any] = []
begun = threading.Event()
released = threading.Event()


@task()
def note(what: Any) -> Any:
    """Remember it, and give it back."""
    seen.append(what)
    return what


@task(takes_context=True)
def attempt(context: TaskContext, what: str) -> list[Any]:
    return [context.attempt, context.task_result.id, what]


@task()
def fail(message: str) -> None:
    raise OSError(message.replace("NUL", "\x00"))


@task()
def nap(number: int) -> int:
    """Work of a tenth of a second, to be killed at."""
    time.sleep(0.1)
    return number


@task()
def exit_here() -> None:
    raise SystemExit(3)


@task()
def give_up() -> None:
    raise GiveUp("there is no such shop")


@task()
def later(seconds: int) -> None:
    progress.report(done=1, total=3)
    raise Again(at=timezone.now() + dt.timedelta(seconds=seconds))


@task()
def unspeakable() -> object:
    return object()


@task()
def nul() -> str:
    return "a\x00b"


@task()
def count(number: int) -> int:
    for done in range(number + 1):
        progress.report(done=done, total=number, text="counting\x00" + "x" * 300)
    return number


@task()
def wait_until_released(*, heed: bool) -> str:
    """Work that takes its time, and stops when it is asked to if it heeds that."""
    seen.append("begun")
    progress.report(done=1, total=2, text="half way")
    begun.set()
    while not released.wait(0.01):
        if heed and progress.stopping():
            raise Again
    return "released"
