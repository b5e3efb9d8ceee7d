"""The product's own WSGI application, served to browsers out of this process, on the test's database."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

PATIENCE = 30.0  # seconds; nothing here takes a tenth of it


class Counted:
    """An application that knows how many requests it is answering."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._running = 0
        self._changed = threading.Condition()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        with self._changed:
            self._running += 1
        try:
            answer = self._application(environ, start)
        except BaseException:
            self._done()
            raise
        return self._sent(answer)

    def _sent(self, answer: Iterable[bytes]) -> Iterator[bytes]:
        try:
            yield from answer
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
            self._done()

    def _done(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def settle(self) -> None:
        """Wait until no request is being answered, so that nobody uses the database that is emptied next."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._running == 0, PATIENCE), "a request never ends"


class Handler(WSGIRequestHandler):
    """Without a line for each request."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the library
        """Say nothing."""


class Site:
    """A running server."""

    def __init__(self, port: int, application: Counted) -> None:
        # A name of this machine, so that the page may use camera and service workers over plain HTTP.
        self.host = f"localhost:{port}"
        self.url = f"http://{self.host}"
        self.settle = application.settle


@contextmanager
def serving() -> Iterator[Site]:
    """Serve until the block ends."""
    application = Counted(get_wsgi_application())
    with ThreadedWSGIServer(("127.0.0.1", 0), Handler) as server:
        server.set_app(application)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield Site(server.server_port, application)
        server.shutdown()
        thread.join()
