"""The data folder and the secrets kept in it. Only commands that write call this."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

SECRET_KEY_FILE = "secret_key"  # noqa: S105 - a file name
PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600


def prepare_data_dir(data_dir: Path) -> None:
    """Make the data folder, readable by its owner only. Raises OSError when that is not possible."""
    data_dir.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    # A folder that exists may still refuse new files, so try one.
    with tempfile.TemporaryFile(dir=data_dir):
        pass


def kept_secret_key(data_dir: Path) -> str | None:
    """The secret key in the data folder, or None when there is none yet."""
    try:
        return (data_dir / SECRET_KEY_FILE).read_text(encoding="ascii").strip() or None
    except (FileNotFoundError, NotADirectoryError):
        return None


def ensure_secret_key(data_dir: Path) -> str:
    """The secret key in the data folder, made when absent. Of several processes at once, all get the same."""
    prepare_data_dir(data_dir)
    if kept := kept_secret_key(data_dir):
        return kept
    write_private(data_dir / SECRET_KEY_FILE, f"{secrets.token_urlsafe(48)}\n", overwrite=False)
    kept = kept_secret_key(data_dir)
    if kept is None:
        raise OSError(f"{data_dir / SECRET_KEY_FILE} is empty; remove it")
    return kept


def write_private(path: Path, text: str, *, overwrite: bool = True) -> None:
    """Write a file that only its owner can read, whole or not at all.

    With ``overwrite=False`` a file that is there already stays, also when another process makes it now.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            Path(temporary).replace(path)
        else:
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)  # fails when the name is taken, unlike a rename
    finally:
        Path(temporary).unlink(missing_ok=True)
