"""What a sender has done since it last told the database, kept where `kill -9` cannot take it away.

Mail knows no transactions: between the moment when a server has taken a message and the moment when the
database says so, a process may die. Each sender therefore has a small memory-mapped file. What is stored
there is in the kernel's hands at once, with no call to it, and outlives the process, though not the machine:
the head says since which start of the machine it counts (docs/decisions/0014).

While its owner lives, it holds the kernel's lock on the file. Whoever gets that lock knows the owner dead.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import mmap
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from secrets import token_hex

from django.conf import settings

from regulars import private

PLACES = 256  # messages that one sender may have claimed at a time
_HEAD = struct.Struct("<8s36s20x")
_PLACE = struct.Struct("=QQ")  # number of the message, how far it is
_CELL = 8  # bytes of one number
_MAGIC = b"regulars"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Step(IntEnum):
    """How far a message is."""

    NOT_BEGUN = 0
    AT_WORK = 1  # being written or talked about with the server, which cannot have taken it yet
    LEAVING = 2  # the server was told that this is all: it may have taken it
    TAKEN = 3  # the server said so


@dataclass(frozen=True, slots=True)
class Remains:
    """What a dead sender left: how far each message was. `known` is False when nobody can tell."""

    known: bool
    steps: dict[int, Step]


class Note:
    """Where one message's step is stored: `cells[at] = step` is all that it takes."""

    __slots__ = ("at", "cells")

    def __init__(self, cells: memoryview, at: int) -> None:
        self.cells = cells
        self.at = at

    def __call__(self, step: Step) -> None:
        """Store how far the message is."""
        self.cells[self.at] = step

    @property
    def step(self) -> Step:
        """How far it is."""
        return Step(self.cells[self.at])


def boot_id() -> str:
    """Which start of this machine it is."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


def folder() -> Path:
    """Where the journals of this installation are."""
    return Path(settings.REGULARS_DATA_DIR) / "run" / "sending"


class Journal:
    """The journal of one sender, which is one thread. Close it when nothing claimed is left."""

    def __init__(self) -> None:
        private.folder(folder())
        self.name = token_hex(12)
        # Under another name until it is locked: a file that others find belongs to a living sender.
        begun = folder() / f".{self.name}"
        self._fd = os.open(begun, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        os.ftruncate(self._fd, _HEAD.size + PLACES * _PLACE.size)
        self._memory = mmap.mmap(self._fd, _HEAD.size + PLACES * _PLACE.size)
        _HEAD.pack_into(self._memory, 0, _MAGIC, boot_id().encode())
        self._cells = memoryview(self._memory).cast("Q")
        self._path = begun.rename(folder() / self.name)
        self._places: dict[int, int] = {}

    def claim(self, messages: Sequence[int]) -> None:
        """Make room for these messages, and forget all others."""
        if len(messages) > PLACES:
            raise ValueError(f"A journal has room for {PLACES} messages.")
        for place in range(max(len(self._places), len(messages))):
            _PLACE.pack_into(self._memory, _HEAD.size + place * _PLACE.size, 0, 0)
        self._places = {message: _HEAD.size + place * _PLACE.size for place, message in enumerate(messages)}
        for message, offset in self._places.items():
            _PLACE.pack_into(self._memory, offset, message, Step.NOT_BEGUN)

    def note(self, message: int) -> Note:
        """Where to store how far a message is."""
        return Note(self._cells, self._places[message] // _CELL + 1)

    def close(self) -> None:
        """Remove it. What it said must be in the database."""
        self._path.unlink(missing_ok=True)
        self.abandon()

    def abandon(self) -> None:
        """Leave it behind as the journal of a dead sender."""
        self._cells.release()
        self._memory.close()
        os.close(self._fd)


def read_remains(name: str) -> Remains | None:
    """What the owner of a journal left behind; None while it lives.

    Nothing is known when the journal is not here (another machine's, or lost) or is of another start of this
    machine, whose memory may have gone before it reached the disk.
    """
    try:
        fd = os.open(folder() / name, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, ValueError):
        return Remains(known=False, steps={})
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        content = os.pread(fd, _HEAD.size + PLACES * _PLACE.size, 0)
    finally:
        os.close(fd)
    if len(content) < _HEAD.size + PLACES * _PLACE.size:
        return Remains(known=False, steps={})
    magic, boot = _HEAD.unpack_from(content)
    if magic != _MAGIC or boot.rstrip(b"\0").decode("ascii", "replace") != boot_id():
        return Remains(known=False, steps={})
    found = _PLACE.iter_unpack(content[_HEAD.size :])
    return Remains(known=True, steps={message: Step(step) for message, step in found if message})


def changed_at(name: str) -> dt.datetime:
    """When the journal was made or last written to; now when it is not there any more."""
    try:
        return dt.datetime.fromtimestamp((folder() / name).stat().st_mtime, dt.UTC)
    except OSError:
        return dt.datetime.now(dt.UTC)


def forget(name: str) -> None:
    """Remove the journal of a dead sender, once what it says is in the database."""
    with contextlib.suppress(OSError, ValueError):
        (folder() / name).unlink()


def left_behind() -> list[str]:
    """Names of journals here whose owners are dead."""
    try:
        names = [path.name for path in folder().iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        return []
    return [name for name in names if read_remains(name) is not None]
