"""The gate: many requests may be on their way in, a few are worked on.

A client on a bad network may take minutes to send its body, or never finish. Were the body read by one of
the few threads that work, two such clients would stop a shop. So the server has many threads that wait for
bodies, which costs next to nothing, and lets a request pass here only when it is complete.

Each place inside has its own database connection, which goes from request to request and from thread to
thread: there are as many connections as places, not as many as threads.

A body that never comes in keeps its thread. So no address may have more than its share of them.
"""

import io
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from queue import SimpleQueue
from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpResponse

# What the product takes anywhere: a file of 2 MiB, and the rest of its form. Those behind the gate take less.
MOST_BYTES = (2 * 1024 + 64) * 1024
MOST_DRAINED = 16 * 1024 * 1024  # bytes
PIECE = 64 * 1024
MOST_UNFINISHED = 96  # bodies of one address that are on their way at once, of the server's 128 threads
_BUSY = {
    "error": {
        "code": "rate_limited",
        "message": "Too many requests from your address have begun and not come in. Finish them first.",
        "fields": {},
    }
}


class Gate:
    """A WSGI application that lets so many requests at once into another one.

    `prepare` is called first with what the server knows of a request: it puts the client's address there.
    """

    def __init__(
        self,
        application: WSGIApplication,
        places: int,
        prepare: Callable[[WSGIEnvironment], object] = lambda _: None,
    ) -> None:
        self._application = application
        self._prepare = prepare
        self._unfinished: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._free: SimpleQueue[BaseDatabaseWrapper | None] = SimpleQueue()
        for _ in range(places):
            self._free.put(None)  # its connection is made when it is first needed

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Take the body in, wait for a place, answer."""
        # Django looks a charset up as it comes and fails over one with a NUL, which `charset*=` can spell.
        environ["CONTENT_TYPE"] = (environ.get("CONTENT_TYPE") or "").replace("*", "_")
        self._prepare(environ)
        if length := _length(environ):
            with self._share_of(environ.get("REMOTE_ADDR", "")) as is_free:
                if not is_free:
                    return _busy(start_response)
                _take_body(environ, length)
        connection = self._free.get()
        if connection is None:
            connection = connections.create_connection(DEFAULT_DB_ALIAS)
            connection.inc_thread_sharing()  # one thread at a time, but not always the same
        connections[DEFAULT_DB_ALIAS] = connection
        try:
            response = self._application(environ, start_response)
            if not isinstance(response, HttpResponse):
                return response  # a file or another stream: the server reads it in its own time
            try:
                return [response.content]
            finally:
                response.close()
        finally:
            del connections[DEFAULT_DB_ALIAS]
            self._free.put(connection)

    @contextmanager
    def _share_of(self, address: str) -> Iterator[bool]:
        """Within it a body is on its way; whether the address may have one more."""
        with self._counting:
            self._unfinished[address] += 1
            is_free = self._unfinished[address] <= MOST_UNFINISHED
        try:
            yield is_free
        finally:
            with self._counting:
                self._unfinished[address] -= 1
                if not self._unfinished[address]:
                    del self._unfinished[address]


def _busy(start_response: StartResponse) -> Iterable[bytes]:
    status = HTTPStatus.TOO_MANY_REQUESTS
    body = json.dumps(_BUSY).encode()
    kind = ("Content-Type", "application/json")
    told = [kind, ("Content-Length", str(len(body))), ("Retry-After", "5"), ("Connection", "close")]
    start_response(f"{status.value} {status.phrase}", told)
    return [body]


def _length(environ: WSGIEnvironment) -> int:
    """How long the body is at most; 0 when there is none."""
    if stated := environ.get("CONTENT_LENGTH"):
        return int(stated) if stated.isdecimal() else 0
    # In chunks, or by HTTP/2, it comes without.
    if "HTTP_TRANSFER_ENCODING" in environ or environ.get("SERVER_PROTOCOL", "").startswith("HTTP/2"):
        return MOST_BYTES + 1
    return 0


def _take_body(environ: WSGIEnvironment, length: int) -> None:
    """Read the body before anybody works on the request.

    One that is larger than the product takes anywhere is read and thrown away, because a client that is still
    sending would not see why it is refused; its stated length tells those behind the gate. The length of one
    that comes without is added.
    """
    stated = environ.get("CONTENT_LENGTH") or ""
    source = environ["wsgi.input"]
    body = _read(source, length) if length <= MOST_BYTES or not stated else b""
    if length > MOST_BYTES:
        _drain(source, MOST_DRAINED)
    if not stated:
        environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"] = io.BytesIO(body)


def _read(source: InputStream, length: int) -> bytes:
    parts = []
    while length and (part := source.read(min(length, PIECE))):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _drain(source: InputStream, most: int) -> None:
    while most > 0 and (part := source.read(PIECE)):
        most -= len(part)
