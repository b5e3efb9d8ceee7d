"""`regulars worker`: jobs, the schedule and all loops, in a process of its own."""

import signal
import threading
from typing import Annotated

import typer

from regulars.commands import database
from regulars.commands.console import say
from regulars.commands.setup import read_environment, start_django


def worker(
    *,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Jobs worked on at once.")] = 2,
    name: Annotated[str, typer.Option(help="How it is called in the log. [default: machine:process]")] = "",
) -> None:
    """Do what happens by itself, until stopped. `regulars serve` has one within; more may help it."""
    settings = read_environment()
    start_django(settings, writes=True)
    database.check(settings)
    from regulars.jobs.worker import Worker  # noqa: PLC0415 - models need Django

    stop = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, lambda *_: stop.set())
    made = Worker(threads=threads, name=name)
    say(f"Worker {made.name} is at work (stop with Ctrl-C)")
    made.run(stop)
