"""The end of a message leaves at once, and the journal knows it just before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from regulars.messages.journal import Note, Step
from regulars.messages.smtp import _end

pytestmark = pytest.mark.once


class Socket:
    """Takes what it is told to take, and remembers what the journal said then."""

    def __init__(self, note: Note, take: Callable[[bytes], int]) -> None:
        self.note, self.take = note, take
        self.timeout: float | None = 20.0
        self.sent = b""
        self.seen: list[tuple[Step, float | None]] = []

    def gettimeout(self) -> float | None:
        return self.timeout

    def settimeout(self, seconds: float | None) -> None:
        self.timeout = seconds

    def send(self, data: bytes) -> int:
        self.seen.append((self.note.step, self.timeout))
        taken = self.take(data)
        self.sent += data[:taken]
        return taken

    def sendall(self, data: bytes) -> None:
        self.seen.append((self.note.step, self.timeout))
        self.sent += data


def full(_: bytes) -> int:
    raise BlockingIOError


@pytest.mark.parametrize(
    ("take", "seen"),
    [
        (len, [(Step.LEAVING, 0)]),
        (lambda _: 1, [(Step.LEAVING, 0), (Step.LEAVING, 20.0)]),
        (full, [(Step.LEAVING, 0), (Step.LEAVING, 20.0)]),
    ],
    ids=("at once", "in two pieces", "when there is room again"),
)
def test_the_end_is_sent_without_asking_first(
    take: Callable[[bytes], int], seen: list[tuple[Step, float]]
) -> None:
    note = Note(memoryview(bytearray(16)).cast("Q"), 1)
    socket = Socket(note, take)
    _end(socket, note)
    assert (socket.sent, socket.seen, socket.timeout) == (b".\r\n", seen, 20.0)
