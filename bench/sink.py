"""A mail server that takes everything and counts it by recipient: `python -m bench.sink PORT`.

As lean as Python allows, because every processor second spent here is missing on the side that is measured.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_HELLO = b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 20000000\r\n"
_OK, _GO_AHEAD, _WHAT = b"250 OK\r\n", b"354 Go ahead\r\n", b"500 What?\r\n"
_ANSWERS = {b"EHLO": _HELLO, b"MAIL": _OK, b"RCPT": _OK, b"RSET": _OK, b"QUIT": b"221 Bye\r\n"}
_END = b"\r\n.\r\n"
_PATIENCE = 60.0  # seconds


@dataclass(slots=True)
class _Taken:
    by_address: Counter[bytes] = field(default_factory=Counter)
    last: bytes = b""


class _Mailbox(asyncio.Protocol):
    def __init__(self, taken: _Taken) -> None:
        self._taken = taken
        self._read = b""
        self._in_data = False
        self._to = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.write(b"220 sink.example\r\n")

    def data_received(self, data: bytes) -> None:
        self._read += data
        answers = []
        while True:
            # A message has headers, so its end is never its beginning.
            line, found, rest = self._read.partition(_END if self._in_data else b"\r\n")
            if not found:
                break
            self._read = rest
            answers.append(self._take(line) if self._in_data else self._answer(line))
        if answers:
            self._transport.write(b"".join(answers))

    def _take(self, message: bytes) -> bytes:
        self._in_data = False
        self._taken.last = message
        self._taken.by_address[self._to] += 1
        return _OK

    def _answer(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"RCPT":
            self._to = line[line.index(b"<") + 1 : line.index(b">")]
        elif verb == b"DATA":
            self._in_data = True
            return _GO_AHEAD
        elif verb == b"XALL":  # ours: who got how many, and begin again
            told = b"".join(b"%s %d\r\n" % item for item in self._taken.by_address.items())
            self._taken.by_address.clear()
            return told + b".\r\n"
        elif verb == b"XLAS":  # and the message that came last, as it came
            return self._taken.last + _END
        return _ANSWERS.get(verb, _WHAT)


async def _serve(port: int) -> None:
    taken = _Taken()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Mailbox(taken), "127.0.0.1", port)
    await server.serve_forever()


@dataclass(frozen=True, slots=True)
class Sink:
    """A running one."""

    port: int

    def taken(self) -> dict[str, int]:
        """How many messages each address got since this was asked last."""
        pairs = [line.decode().split() for line in self._ask(b"XALL")]
        return {address: int(number) for address, number in pairs}

    def last(self) -> bytes:
        """The message that came last."""
        lines = self._ask(b"XLAST")
        return b"".join(line[1:] if line.startswith(b"..") else line for line in lines)

    def _ask(self, question: bytes) -> list[bytes]:
        with (
            socket.create_connection(("127.0.0.1", self.port), _PATIENCE) as link,
            link.makefile("rwb") as lines,
        ):
            lines.readline()
            lines.write(question + b"\r\n")
            lines.flush()
            found = []
            while (line := lines.readline()) != b".\r\n":
                if not line:
                    raise RuntimeError("the mail server ended")
                found.append(line)
            return found


@contextmanager
def running() -> Iterator[Sink]:
    """A sink in a process of its own; stopped afterwards.

    Raises:
        RuntimeError: it ended, or does not answer in time.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.sink", str(port)], start_new_session=True)
    try:
        wait_for_port(process, port)
        yield Sink(port)
    finally:
        process.terminate()
        process.wait()


def wait_for_port(process: subprocess.Popen[bytes], port: int) -> None:
    """Return when somebody listens there.

    Raises:
        RuntimeError: the process ended, or nobody listens in time.
    """
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("the receiver does not answer")


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
