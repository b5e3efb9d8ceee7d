"""The demo shop as `regulars serve --demo` leaves it on its first start: made once in a session, then copied.

Loading it takes longer than any other test.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from tests.docs.house import serving

LAST_LINE = "global[api_method]"  # of what is shown
_SAID, _DATA = "said.json", "data"


def copy_into(folder: Path) -> None:
    """Make the data folder of an installation that was started once with the demo, and stopped."""
    shutil.copytree(_made() / _DATA, folder / _DATA)  # with its modes


def first_start() -> tuple[str, list[str]]:
    """The address at which the first start served, and what it said on standard output."""
    said: dict[str, Any] = json.loads((_made() / _SAID).read_text(encoding="utf-8"))
    return said["url"], said["output"]


def _made() -> Path:
    """The folder of the one that is copied; all processes of the session share it."""
    folder = Path(os.environ["REGULARS_DATA_DIR"]) / "demo"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / _SAID).exists():
            with serving(folder, "--demo") as house:
                house.wait_for(LAST_LINE)
            # A server that stops may leave SQLite's log of changes; whoever closes the database last folds it
            # back, so that whatever was written is in the one file that is copied.
            with contextlib.closing(sqlite3.connect(folder / _DATA / "regulars.sqlite3")) as last:
                last.execute("SELECT name FROM sqlite_master LIMIT 1").fetchall()
            assert not (folder / _DATA / "regulars.sqlite3-wal").exists()
            said = {"url": house.url, "output": house.output}
            (folder / _SAID).write_text(json.dumps(said), encoding="utf-8")
    return folder
