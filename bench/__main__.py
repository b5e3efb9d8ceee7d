"""Measures, prints the ratios and writes them down; exit status 1 when one is below its floor."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bench import machine, measure, results
from bench.members import MOST_MEMBERS

RESULTS = Path(__file__).parent / "results.md"
FAILED = 2
STOPPED = 130  # as a shell reports Ctrl-C
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    """What to measure, from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=tuple(measure.COMPARISONS), help="one database instead of both")
    parser.add_argument(
        "--quick", action="store_true", help="10,000 members, two rounds of 2 s: does it work"
    )
    parser.add_argument(
        "--members", type=_number(1, MOST_MEMBERS), help="members with cards (default 100000)"
    )
    parser.add_argument("--seconds", type=_number(1, 3600), help="of each measurement (default 3)")
    parser.add_argument("--rounds", type=_number(1, 1000), help="of limit and product in turns (default 10)")
    parser.add_argument(
        "--results", type=Path, help="file to write (default bench/results.md; with --quick or --only: none)"
    )
    return parser.parse_args(arguments)


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"expected a number from {least} to {most}")
        return int(text)

    return read


def main(arguments: list[str]) -> int:
    """Run the benchmarks; exit status 0 when every ratio reaches its floor, 1 when one does not.

    2 when something failed, 130 when it was stopped.
    """
    chosen = read_arguments(arguments)
    size = measure.Size(
        member_count=chosen.members or (10_000 if chosen.quick else 100_000),
        rounds=chosen.rounds or (2 if chosen.quick else 10),
        seconds=chosen.seconds or (2 if chosen.quick else 3),
    )
    console = Console()
    load = os.getloadavg()[0]
    try:
        found = _measure(console, size, [chosen.only] if chosen.only else list(measure.COMPARISONS))
    except KeyboardInterrupt:
        console.print("Stopped; servers and temporary files are gone.")
        return STOPPED
    except RuntimeError as error:
        console.print(f"Failed: {error}", *getattr(error, "__notes__", ()), markup=False, highlight=False)
        return FAILED
    for result in found:
        console.print(results.headline(result), highlight=False, soft_wrap=True)
    target = chosen.results or (None if chosen.quick or chosen.only else RESULTS)
    if target is not None:
        page = results.render(
            found, machine=machine.describe(load=load), today=dt.datetime.now(dt.UTC).date()
        )
        target.write_text(page, encoding="utf-8")
        console.print(f"Written to {target}", highlight=False, soft_wrap=True)
    return 0 if all(result.passed for result in found) else 1


def _measure(console: Console, size: measure.Size, names: list[str]) -> list[results.Result]:
    columns = (
        TextColumn("{task.fields[name]}"),
        BarColumn(),
        TextColumn("{task.fields[step]}"),
        TimeElapsedColumn(),
    )
    found = []
    # Drawn seldom: the display shall not compete with what is measured.
    with Progress(*columns, console=console, refresh_per_second=1) as progress:
        tasks = [
            progress.add_task(name, name=name, step="waiting", total=size.steps, start=False)
            for name in names
        ]
        for name, task in zip(names, tasks, strict=True):
            progress.start_task(task)

            def say(step: str, name: str = name, task: TaskID = task) -> None:
                progress.update(task, advance=1, step=step)
                if not console.is_terminal:
                    console.print(f"{name}: {step}", highlight=False)

            found.append(measure.COMPARISONS[name](size, say))
            progress.update(task, completed=size.steps, step="done")
            progress.stop_task(task)
    return found


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for ending in _ENDINGS:
        signal.signal(ending, signal.SIG_IGN)  # a second Ctrl-C must not stop the tidying
    raise KeyboardInterrupt


if __name__ == "__main__":
    for each in _ENDINGS:
        signal.signal(each, _interrupt)
    sys.exit(main(sys.argv[1:]))
