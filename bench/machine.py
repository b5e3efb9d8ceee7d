"""What the figures were measured on, without names and paths."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("django", "django-ninja", "granian", "psycopg")


def describe(*, load: float) -> list[str]:
    """Lines about the machine, the versions on it, and how busy it was before (`load`: the load average)."""
    cores = len(os.sched_getaffinity(0))
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return [
        f"{cores} cores of {_cpu_model()}, {_memory_gib():.0f} GiB memory, {platform.system()} {_kernel()}",
        f"Python {platform.python_version()}, {versions}, SQLite {sqlite3.sqlite_version}, PostgreSQL 18",
        f"load average in the minute before the run: {load:.1f}",
        f"one write of 8 KiB with fdatasync: {_sync_ms():.2f} ms (median)",
    ]


def _cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _kernel() -> str:
    return ".".join(platform.release().split(".")[:2])


def _sync_ms(times: int = 200) -> float:
    taken = []
    with tempfile.TemporaryFile(dir="/tmp") as file:  # where the databases of the run are
        for _ in range(times):
            started = time.perf_counter()
            os.pwrite(file.fileno(), b"x" * 8192, 0)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - started)
    return sorted(taken)[times // 2] * 1000
