"""A copy of the SQLite database, taken while it may be in use."""

import contextlib
import os
import sqlite3
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from regulars.commands.console import Stop


def back_up_sqlite(source: Path, folder: Path, *, label: str) -> Path:
    """Copy the database into the folder by SQLite's online backup and check the copy.

    The name holds the time (UTC) and the label. An existing file is never overwritten. Raises Stop when the
    copy cannot be made or is damaged.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".copying-", dir=folder)  # readable by its owner only
    os.close(descriptor)
    temporary = Path(name)
    try:
        with (
            contextlib.closing(
                sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=20)
            ) as original,
            contextlib.closing(sqlite3.connect(temporary)) as copy,
        ):
            original.backup(copy)
            # One file that needs no others beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise Stop(f"The database is damaged ({found}); nothing was changed. Restore a backup.")
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        return _put(temporary, folder, f"{source.stem}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{label}")
    finally:
        temporary.unlink(missing_ok=True)


def _put(temporary: Path, folder: Path, stem: str) -> Path:
    number = 0
    while True:
        target = folder / (f"{stem}-{number}.sqlite3" if number else f"{stem}.sqlite3")
        try:
            os.link(temporary, target)  # fails when the name is taken, unlike a rename
        except FileExistsError:
            number += 1
        else:
            return target
