"""Measures, prints the ratios and writes them down; exit status 1 when one is below its floor.

`python -m bench replay --data FILE` sends a file of real purchases instead, and checks what comes of them.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench import machine, measure, replay, results
from bench.members import MOST_MEMBERS
from bench.size import Say, Size

RESULTS = Path(__file__).parent / "results.md"
FAILED = 2
STOPPED = 130  # as a shell reports Ctrl-C
DATABASES = ("postgresql", "sqlite")
KINDS = dict.fromkeys(name.split("-")[0] for name in measure.COMPARISONS)
NO_DATA = "No file of purchases was given (--data), so none was replayed."
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Its name, how many steps it reports, and what it does.
Task = tuple[str, int, Callable[[Say], object]]


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    """What to measure, from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=("all", "replay"), default="all", help="everything, or the replay alone"
    )
    parser.add_argument(
        "--only",
        choices=(*DATABASES, *KINDS, *measure.COMPARISONS),
        help="one database, one kind of request or message, or one comparison",
    )
    parser.add_argument(
        "--quick", action="store_true", help="10,000 members, two rounds of 2 s: does it work"
    )
    parser.add_argument(
        "--members", type=_number(100, MOST_MEMBERS), help="members with cards (default 100000)"
    )
    parser.add_argument("--seconds", type=_number(1, 3600), help="of each measurement (default 3)")
    parser.add_argument("--rounds", type=_number(1, 1000), help="of limit and product in turns (default 10)")
    parser.add_argument(
        "--data",
        type=_purchases,
        help="file of purchases to replay: id, id in the sample, date (YYYYMMDD), items, dollars",
    )
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


def _purchases(name: str) -> list[replay.Purchase]:
    try:
        with Path(name).open(encoding="utf-8") as lines:
            found = replay.read_purchases(lines)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not found:
        raise argparse.ArgumentTypeError("there is no purchase in it")
    return found


def main(arguments: list[str]) -> int:
    """Run the benchmarks; exit status 0 when every ratio reaches its floor, 1 when one does not.

    2 when something failed, 130 when it was stopped.
    """
    chosen = read_arguments(arguments)
    console = Console()
    load = os.getloadavg()[0]
    try:
        done = run(console, tasks(chosen))
    except KeyboardInterrupt:
        console.print("Stopped; servers and temporary files are gone.")
        return STOPPED
    except RuntimeError as error:
        console.print(f"Failed: {error}", *getattr(error, "__notes__", ()), markup=False, highlight=False)
        return FAILED
    found = [one for one in done if isinstance(one, results.Compared)]
    replayed = [one for one in done if isinstance(one, replay.Replayed)]
    for headline in [*map(results.headline, found), *map(results.replay_headline, replayed)]:
        console.print(headline, highlight=False, soft_wrap=True)
    if chosen.data is None:
        console.print(NO_DATA)
    partly = chosen.quick or chosen.only or chosen.what == "replay"
    target = chosen.results or (None if partly else RESULTS)
    if target is not None:
        page = results.render(
            found, replayed, machine=machine.describe(load=load), today=dt.datetime.now(dt.UTC).date()
        )
        target.write_text(page, encoding="utf-8")
        console.print(f"Written to {target}", highlight=False, soft_wrap=True)
    return 0 if all(result.passed for result in found) else 1


def tasks(chosen: argparse.Namespace) -> list[Task]:
    """What is to be done, in its order."""
    size = Size(
        member_count=chosen.members or (10_000 if chosen.quick else 100_000),
        rounds=chosen.rounds or (2 if chosen.quick else 10),
        seconds=chosen.seconds or (2 if chosen.quick else 3),
    )
    wanted: list[Task] = []
    if chosen.what == "all":
        for name, compare in measure.COMPARISONS.items():
            if chosen.only in {None, name, *name.split("-")}:
                wanted.append((name, size.steps, _measuring(compare, size)))
    if chosen.data is not None and chosen.only in {None, *DATABASES}:
        for database in [chosen.only] if chosen.only else DATABASES:
            wanted.append((f"replay-{database}", 5, _replaying(database, chosen.data)))  # noqa: PERF401
    return wanted


def _measuring(compare: measure.Compare, size: Size) -> Callable[[Say], object]:
    return lambda say: compare(size, say)


def _replaying(database: str, purchases: Sequence[replay.Purchase]) -> Callable[[Say], object]:
    return lambda say: replay.replay(database, purchases, say)


def run(console: Console, wanted: Sequence[Task]) -> list[object]:
    """Do it all, one thing after the other, and show how far it is."""
    with _progress(console, wanted) as begin:
        return [action(begin(name)) for name, _, action in wanted]


@contextmanager
def _progress(console: Console, wanted: Sequence[Task]) -> Iterator[Callable[[str], Say]]:
    columns = (
        TextColumn("{task.fields[name]}"),
        BarColumn(),
        TextColumn("{task.fields[step]}"),
        TimeElapsedColumn(),
    )
    # Drawn seldom: the display shall not compete with what is measured.
    with Progress(*columns, console=console, refresh_per_second=1) as progress:
        rows = {
            name: progress.add_task(name, name=name, step="waiting", total=steps, start=False)
            for name, steps, _ in wanted
        }
        begun: list[str] = []

        def finish() -> None:
            for name in begun:
                progress.update(rows[name], completed=progress.tasks[rows[name]].total, step="done")
                progress.stop_task(rows[name])

        def begin(name: str) -> Say:
            finish()
            begun.append(name)
            progress.start_task(rows[name])

            def say(step: str) -> None:
                progress.update(rows[name], advance=1, step=step)
                if not console.is_terminal:
                    console.print(f"{name}: {step}", highlight=False)

            return say

        yield begin
        finish()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for ending in _ENDINGS:
        signal.signal(ending, signal.SIG_IGN)  # a second Ctrl-C must not stop the tidying
    raise KeyboardInterrupt


if __name__ == "__main__":
    for each in _ENDINGS:
        signal.signal(each, _interrupt)
    sys.exit(main(sys.argv[1:]))
