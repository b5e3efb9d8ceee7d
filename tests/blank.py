"""A database with every table and no row of ours: made once in a session, copied by whoever needs one.

Making one takes seconds, and only some tests are about that.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

_COMMAND = Path(sys.executable).parent / "regulars"
_FILE = "regulars.sqlite3"  # where the product keeps it unless told otherwise
_NAME = "blank"


def copy_into(env: Mapping[str, str]) -> None:
    """Make the database of an installation with this environment."""
    made = _made()
    url = env.get("REGULARS_DATABASE_URL", "")
    if url.startswith("postgresql:"):
        server, _, name = url.rpartition("/")
        with psycopg.connect(f"{server}/postgres", autocommit=True) as link:
            link.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(_NAME))
            )
        return
    path = Path(url.removeprefix("sqlite:///") or Path(env["REGULARS_DATA_DIR"]) / _FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(made / _FILE, path)  # with its mode


def _made() -> Path:
    """The folder of the one that is copied; all processes of the session share it."""
    folder = Path(os.environ["REGULARS_DATA_DIR"]) / _NAME
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            _make(folder)
            (folder / "done").touch()
    return folder


def _make(folder: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("REGULARS_", "DJANGO_"))}
    env["REGULARS_DATA_DIR"] = str(folder)
    if session := os.environ.get("REGULARS_DATABASE_URL"):
        env["REGULARS_DATABASE_URL"] = f"{session.rpartition('/')[0]}/{_NAME}"
    subprocess.run([_COMMAND, "migrate"], env=env, cwd=folder, check=True, capture_output=True)
    # Whatever was written is in the one file that is copied.
    assert not (folder / f"{_FILE}-wal").exists()
