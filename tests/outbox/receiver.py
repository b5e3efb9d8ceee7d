"""A web server that receives webhooks in a thread, answers as it is told, and checks every signature."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import orjson
from standardwebhooks import Webhook

PATIENCE = 30  # seconds; nothing here takes a tenth of it


@dataclass(frozen=True)
class Received:
    """A request: its headers in small letters, and its body."""

    path: str
    headers: dict[str, str]
    content: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.content)
        return found

    @property
    def uid(self) -> str:
        return self.headers["webhook-id"]

    def verify(self, secret: str) -> None:
        """Ask the reference library whether it is signed with this secret; raises when not."""
        Webhook(secret).verify(self.content, self.headers)


@dataclass(frozen=True)
class Reply:
    """What to answer, and after how long."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"thanks"
    drip: float = 0  # seconds between the bytes of the body
    hold: threading.Event | None = None  # answers when it is set


Answering = Callable[[Received], Reply]


def thanks(_: Received) -> Reply:
    return Reply()


class Receiver:
    """`answering` may be replaced at any time. `received` grows with every request, the oldest first."""

    def __init__(self, answering: Answering = thanks, tls: ssl.SSLContext | None = None) -> None:
        self.answering = answering
        self.received: list[Received] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def uids(self) -> list[str]:
        return [one.uid for one in self.received]

    def wait_for(self, number: int, seconds: float = PATIENCE) -> list[Received]:
        """The requests, when there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= number, seconds), len(self.received)
            return list(self.received)

    def take(self, one: Received) -> Reply:
        """Keep a request, and say how to answer it."""
        with self._changed:
            self.received.append(one)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            self._changed.notify_all()
        reply = self.answering(one)
        if reply.hold is not None:
            assert reply.hold.wait(PATIENCE)
        return reply

    def done(self) -> None:
        """A request was answered."""
        with self._changed:
            self.in_flight -= 1

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            content = self.rfile.read(length)
            if len(content) < length:
                return  # whoever sent it died at it
            reply = receiver.take(Received(self.path, headers, content))
            try:
                self._answer(reply)
            finally:
                receiver.done()

        def _answer(self, reply: Reply) -> None:
            with suppress(OSError):
                self.send_response(reply.status)
                for name, value in {"content-length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if not reply.drip:
                    self.wfile.write(reply.body)
                    return
                for byte in reply.body:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(reply.drip)

        def handle_one_request(self) -> None:
            with suppress(OSError):  # the other side may leave at any time
                super().handle_one_request()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
