"""The gate: many requests may be on their way in, a few are worked on.

A client on a bad network may take minutes to send its body, or never finish. Were the body read by one of
the few threads that work, two such clients would stop a shop. So the server has many threads that wait for
bodies, which costs next to nothing, and lets a request pass here only when it is complete.

Each place inside has its own database connection, which goes from request to request and from thread to
thread: there are as many connections as places, not as many as threads.
"""

import io
from collections.abc import Iterable
from queue import SimpleQueue
from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpResponse

MOST_DRAINED = 16 * 1024 * 1024  # bytes
PIECE = 64 * 1024


class Gate:
    """A WSGI application that lets so many requests at once into another one."""

    def __init__(self, application: WSGIApplication, places: int) -> None:
        self._application = application
        self._free: SimpleQueue[BaseDatabaseWrapper | None] = SimpleQueue()
        for _ in range(places):
            self._free.put(None)  # its connection is made when it is first needed

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Take the body in, wait for a place, answer."""
        # Django looks a charset up as it comes and fails over one with a NUL, which `charset*=` can spell.
        environ["CONTENT_TYPE"] = (environ.get("CONTENT_TYPE") or "").replace("*", "_")
        _take_body(environ)
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


def _take_body(environ: WSGIEnvironment) -> None:
    """Read the body before anybody works on the request.

    One that is larger than the product takes anywhere is read and thrown away, because a client that is still
    sending would not see why it is refused; its stated length tells those behind the gate. The length of one
    that comes without (in chunks, or by HTTP/2) is added.
    """
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    stated = environ.get("CONTENT_LENGTH") or ""
    if stated:
        length = int(stated) if stated.isdecimal() else 0
    elif "HTTP_TRANSFER_ENCODING" in environ or environ.get("SERVER_PROTOCOL", "").startswith("HTTP/2"):
        length = most + 1
    else:
        length = 0
    if not length:
        return
    source = environ["wsgi.input"]
    body = _read(source, length) if length <= most or not stated else b""
    if length > most:
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
