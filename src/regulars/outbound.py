"""The one way to other people's servers over HTTP, for addresses that anybody may have typed in.

A business may enter any address for its webhooks. So that nobody reaches through this server what only this
server reaches, a name is resolved here, every address that it has is looked at, and the connection goes to
one that was looked at: a name that changes in between changes nothing. Redirects are never followed, proxies
of the environment not used, certificates always checked. Never call this inside a database transaction.
"""

from __future__ import annotations

import contextlib
import ipaddress
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import certifi
import httpcore
from django.conf import settings

from regulars.rules import addresses
from regulars.rules.addresses import Address, Network

TIMEOUT = 15.0  # seconds for all of it: finding the address, connecting, sending, reading
CONNECT_WITHIN = 5.0  # seconds for each address of a name
MAX_ANSWER = 64 * 1024  # bytes of an answer that are read
KEEP_IDLE = 20.0  # seconds that a connection waits for the next request

_READ_AT_ONCE = 16 * 1024


class Unreachable(Exception):  # noqa: N818 - an outcome, not an error
    """No whole answer came. The text says why, for people.

    `sent` is whether the request may have arrived all the same: False when no connection came about.
    """

    def __init__(self, reason: str, *, sent: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: header names in small letters, the body's first 64 KB, milliseconds that it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    ms: int


def send(
    *,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    timeout: float = TIMEOUT,
    guarded: bool = True,
    repeatable: bool = False,
) -> Response:
    """Send one request and read its answer, all within `timeout` seconds.

    `guarded` requests reach public addresses over HTTPS, and, over HTTP too, those in
    REGULARS_WEBHOOK_NETWORKS; others (to servers that the operator chose) reach everything. A `repeatable`
    request may use a connection that was left open, and is sent again when the server had just closed it.

    Raises:
        Unreachable: no whole answer came. An answer of any status is no reason for it.
    """
    began = time.monotonic()
    problem = addresses.url_problem(url)
    if problem:
        raise Unreachable(f"The address {problem}.")
    networks = tuple(settings.REGULARS_WEBHOOK_NETWORKS) if guarded else None
    call = _Call(began + timeout, plain=url.lower().startswith("http:"))
    sent = {"host": addresses.host_header(url), "content-length": str(len(body)), **headers}
    request = httpcore.Request(
        method,
        addresses.ascii_url(url),
        headers=[(name.encode(), value.encode()) for name, value in sent.items()],
        content=body,
    )
    for last in (False, True) if repeatable else (True,):
        _here.call = call
        try:
            return _exchange(_pool(networks, kept=repeatable), request, began)
        except _BROKEN as error:
            if last or not call.reused or call.answered:
                raise Unreachable(_why(error, timeout), sent=call.connected) from error
            call.reused = False  # the server had given the connection up: once more, on another one
        except (httpcore.TimeoutException, OSError, ValueError) as error:
            raise Unreachable(_why(error, timeout), sent=call.connected) from error
        finally:
            del _here.call
    raise AssertionError  # the last one returns or raises


_BROKEN = (httpcore.NetworkError, httpcore.ProtocolError)


@dataclass
class _Call:
    """The request of this thread: until when, and what became of it so far."""

    deadline: float
    plain: bool
    connected: bool = False
    reused: bool = True  # until it connects
    answered: bool = False
    received: bytearray = field(default_factory=bytearray)

    def left(self) -> float:
        """Seconds that are left, never quite none: a socket takes 0 for something else."""
        return max(self.deadline - time.monotonic(), 0.001)


_here = threading.local()


def _exchange(pool: httpcore.ConnectionPool, request: httpcore.Request, began: float) -> Response:
    answer = pool.handle_request(request)
    with contextlib.closing(answer):
        read = bytearray()
        for part in answer.iter_stream():
            read += part
            if len(read) >= MAX_ANSWER:
                break  # the rest is not waited for: leaving closes the connection
        found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        if not _ended_there(_here.call.received, answer.status, found):
            answer.extensions["network_stream"].close()
        took = round((time.monotonic() - began) * 1000)
        return Response(answer.status, found, bytes(read[:MAX_ANSWER]), took)


_WITHOUT_BODY = frozenset({204, 304})


def _ended_there(received: bytes | bytearray, status: int, headers: Mapping[str, str]) -> bool:
    """Whether nothing came after the answer. What did would be taken for the answer to the next request on
    the connection. In doubt it is no.
    """
    if "transfer-encoding" in headers:
        return received.endswith(b"\r\n0\r\n\r\n") and received.count(b"HTTP/1.") == 1
    length = "0" if status in _WITHOUT_BODY else headers.get("content-length", "")
    head = received.find(b"\r\n\r\n")
    return length.isdecimal() and head + len(b"\r\n\r\n") + int(length) == len(received)


_pools: dict[tuple[tuple[Network, ...] | None, bool], httpcore.ConnectionPool] = {}
_lock = threading.Lock()


def _pool(networks: tuple[Network, ...] | None, *, kept: bool) -> httpcore.ConnectionPool:
    with _lock:
        found = _pools.get((networks, kept))
        if found is None:
            # Whoever sends limits how much at once; a place where nobody answers must not use up a pool.
            found = _pools[networks, kept] = httpcore.ConnectionPool(
                ssl_context=_tls(),
                max_connections=None,
                max_keepalive_connections=64 if kept else 0,
                keepalive_expiry=KEEP_IDLE,
                network_backend=_Checked(networks),
            )
        return found


def hang_up() -> None:
    """Close the connections that wait for a next request."""
    with _lock:
        while _pools:
            _pools.popitem()[1].close()


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()  # the system's authorities, where it has any
    context.load_verify_locations(certifi.where())
    return context


class _Stream(httpcore.NetworkStream):
    """A connection on which every step ends with the request's time."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._closed = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _as_httpcore(httpcore.ReadTimeout, httpcore.ReadError):
            _in_time(self._sock)
            found = self._sock.recv(max_bytes)
        if found:
            _here.call.answered = True
            _here.call.received += found
        return found

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        _here.call.connected = True  # also when it was opened for an earlier request
        with _as_httpcore(httpcore.WriteTimeout, httpcore.WriteError):
            while buffer:
                _in_time(self._sock)
                buffer = buffer[self._sock.send(buffer) :]

    def close(self) -> None:
        self._closed = True
        self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            with _as_httpcore(httpcore.ConnectTimeout, httpcore.ConnectError):
                _in_time(self._sock)
                return _Stream(ssl_context.wrap_socket(self._sock, server_hostname=server_hostname))
        except BaseException:
            self.close()
            raise

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # an idle connection with something to read is of no more use
            if self._closed or (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
                return True
            waiting = select.poll()
            waiting.register(self._sock, select.POLLIN)
            return bool(waiting.poll(0))
        return None


def _in_time(sock: socket.socket) -> None:
    left = _here.call.deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    sock.settimeout(left)


@contextlib.contextmanager
def _as_httpcore(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise late from error
    except OSError as error:
        raise broken(error) from error


class _Checked(httpcore.NetworkBackend):
    """Connects to an address that was looked at. Without networks (None) everything is allowed."""

    def __init__(self, networks: tuple[Network, ...] | None) -> None:
        self._networks = networks

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        call = _here.call
        call.reused = False
        found = resolve(host, port, call.left())
        self._check(host, [address for address, _ in found], plain=call.plain)
        problem: Exception = TimeoutError()
        for _, (family, target) in found:
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(min(call.left(), CONNECT_WITHIN))
                sock.connect(target)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                problem = error
                sock.close()
            else:
                return _Stream(sock)
        if isinstance(problem, TimeoutError):
            raise httpcore.ConnectTimeout from problem
        raise httpcore.ConnectError(problem) from problem

    def _check(self, host: str, found: Sequence[Address], *, plain: bool) -> None:
        if self._networks is None:
            return
        for address in found:
            allowed = addresses.within(address, self._networks)
            if plain and not allowed:
                raise Unreachable(f"The address {host} must be called over https://.")
            if not allowed and not addresses.is_public(address):
                raise Unreachable(
                    f"The address {address} is not public, and this installation does not allow it."
                )


Place = tuple[Address, tuple[socket.AddressFamily, Any]]


def resolve(host: str, port: int, within: float) -> list[Place]:
    """All addresses of a host, and how to connect to each.

    Raises:
        Unreachable: it has none, or the name servers did not answer in `within` seconds.
    """
    with contextlib.suppress(ValueError):
        literal = ipaddress.ip_address(host)
        family = socket.AF_INET if literal.version == 4 else socket.AF_INET6  # noqa: PLR2004
        return [(literal, (family, (str(literal), port)))]
    found: list[Any] = []
    # The system's resolver takes no timeout: it is left behind when it does not answer.
    asking = threading.Thread(target=_ask, args=(host, port, found), daemon=True, name="resolve")
    asking.start()
    asking.join(within)
    if not found:
        raise Unreachable(f"The name servers did not find {host} in time.")
    if isinstance(found[0], Exception) or not found[0]:
        raise Unreachable(f"The name {host} was not found.")
    return [
        (ipaddress.ip_address(target[0]), (family, target))
        for family, _, _, _, target in found[0]
        if family in {socket.AF_INET, socket.AF_INET6}
    ]


def _ask(host: str, port: int, found: list[Any]) -> None:
    try:
        found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        found.append(error)


def _why(error: Exception, timeout: float) -> str:
    for kinds, text in _REASONS:
        if isinstance(error, kinds):
            return text.format(timeout=timeout)
    # The pool hides what an exception came from, but not what it was made of.
    cause = error.args[0] if error.args else error
    match cause:
        case ssl.SSLCertVerificationError():
            return f"The certificate is not good: {cause.verify_message}."
        case ssl.SSLError():
            return f"No encrypted connection came about: {cause.reason or 'the other side refused it'}."
        case ConnectionRefusedError():
            return "Nobody listens at this address."
        case OSError(strerror=str(text)):
            return f"The connection was lost: {text}."
    return "The connection was lost."


_REASONS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (httpcore.ConnectTimeout, "Nobody answered at this address."),
    ((httpcore.TimeoutException, TimeoutError), "There was no whole answer within {timeout:g} seconds."),
    (httpcore.RemoteProtocolError, "What came back was not an HTTP answer, or not all of it."),
    ((httpcore.LocalProtocolError, ValueError), "The request cannot be sent as it is."),
)
