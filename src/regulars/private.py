"""Folders and files that only the owner of the process can read, whatever its umask (docs/settings.md)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Final

_FOLDER: Final = 0o700
_FILE: Final = 0o600


def folder(path: Path) -> Path:
    """A folder that only its owner can look into, made when absent with those above it."""
    for one in reversed((path, *path.parents)):
        if not one.is_dir():
            one.mkdir(mode=_FOLDER, exist_ok=True)  # another process may make it now
    return path


def open_file(path: Path, *, append: bool = False) -> IO[bytes]:
    """Open a file for writing that only its owner can read; what is in it goes unless `append`."""
    how = os.O_APPEND if append else os.O_TRUNC
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how, _FILE), "wb")
