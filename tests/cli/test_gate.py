"""The gate: slow clients wait outside, a few requests are worked on, each place has one connection."""

import io
import select
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.db import connections
from django.http import FileResponse, HttpResponse, HttpResponseBase

from regulars.gate import MOST_BYTES as MOST
from regulars.gate import MOST_DRAINED, MOST_UNFINISHED, PIECE, Gate
from regulars.server import WAITING_THREADS
from regulars.tenants import logos
from tests.cli.conftest import Regulars


class Trickle(io.RawIOBase):
    """A body that comes in pieces, as from a network."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = list(parts)

    def read(self, size: int = -1) -> bytes:
        if not self._parts:
            return b""
        first = self._parts.pop(0)
        cut = len(first) if size < 0 else size
        if first[cut:]:
            self._parts.insert(0, first[cut:])
        return first[:cut]


def behind(source: io.RawIOBase, **environ: str) -> tuple[bytes, str | None]:
    """The body that the application behind a gate reads, and the length that it is told."""
    seen: list[tuple[bytes, str | None]] = []

    def application(given: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.append((given["wsgi.input"].read(), given.get("CONTENT_LENGTH")))
        return HttpResponse()

    list(Gate(application, 1)({"wsgi.input": source, **environ}, lambda *_: lambda _: None))
    return seen[0]


@pytest.mark.once
def test_a_body_is_complete_when_it_passes() -> None:
    assert behind(Trickle(b"ab", b"c", b"def"), CONTENT_LENGTH="6") == (b"abcdef", "6")
    assert behind(Trickle(b"ab", b"c"), CONTENT_LENGTH="6") == (b"abc", "6")  # the client went away
    assert behind(Trickle(b"abcdef"), CONTENT_LENGTH="4") == (b"abcd", "4")
    assert logos.MOST_BYTES + PIECE <= MOST  # a logo, and the rest of its form
    limit = Trickle(b"x" * MOST)
    assert behind(limit, CONTENT_LENGTH=str(MOST)) == (b"x" * MOST, str(MOST))


@pytest.mark.once
@pytest.mark.parametrize(
    "without_length", [{"HTTP_TRANSFER_ENCODING": "chunked"}, {"SERVER_PROTOCOL": "HTTP/2"}]
)
def test_a_body_without_a_length_gets_one(without_length: dict[str, str]) -> None:
    assert behind(Trickle(b"ab", b"c"), **without_length) == (b"abc", "3")
    assert behind(Trickle(), **without_length) == (b"", "0")
    huge = Trickle(b"x" * MOST, b"y" * MOST)
    body, length = behind(huge, **without_length)
    assert (len(body), length) == (MOST + 1, str(MOST + 1))  # more than anybody takes
    assert huge.read(1) == b""  # and read to its end


@pytest.mark.once
def test_a_body_that_is_too_large_is_thrown_away() -> None:
    huge = Trickle(b"x" * MOST, b"y" * MOST)
    assert behind(huge, CONTENT_LENGTH=str(2 * MOST)) == (b"", str(2 * MOST))
    assert huge.read(1) == b""
    endless = Trickle(b"x" * (MOST_DRAINED + 2 * PIECE))
    behind(endless, CONTENT_LENGTH=str(10**12))
    assert endless.read(1) == b"x"


@pytest.mark.once
def test_an_address_has_its_share_of_bodies_under_way_and_others_have_theirs() -> None:
    goes_on, under_way = threading.Event(), threading.Semaphore(0)
    said: list[str] = []

    class Stuck(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            under_way.release()
            goes_on.wait(30)
            return b""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return HttpResponse()

    def forwarded(environ: dict[str, Any]) -> None:
        environ["REMOTE_ADDR"] = environ.get("HTTP_X_FORWARDED_FOR", environ["REMOTE_ADDR"])

    def ask(source: io.RawIOBase, **environ: str) -> None:
        given = {"wsgi.input": source, "CONTENT_LENGTH": "5", "REMOTE_ADDR": "192.0.2.1", **environ}

        def start(status: str, *_: Any) -> Any:
            said.append(status)

        list(gate(given, start))

    gate = Gate(application, 1, prepare=forwarded)
    crowd = [threading.Thread(target=ask, args=(Stuck(),)) for _ in range(MOST_UNFINISHED)]
    for one in crowd:
        one.start()
    for _ in crowd:
        assert under_way.acquire(timeout=30)
    ask(Trickle(b"abcde"))
    assert said == ["429 Too Many Requests"]
    ask(Trickle(b"abcde"), HTTP_X_FORWARDED_FOR="192.0.2.2")
    assert said == ["429 Too Many Requests"]  # Django's answers do not begin here
    goes_on.set()
    for one in crowd:
        one.join(30)
    ask(Trickle(b"abcde"))
    assert said == ["429 Too Many Requests"]


@pytest.mark.once
def test_where_no_body_is_stated_none_is_read() -> None:
    for environ in ({}, {"CONTENT_LENGTH": ""}, {"CONTENT_LENGTH": "0"}, {"CONTENT_LENGTH": "-5"}):
        source = Trickle(b"ab")
        assert behind(source, **environ) == (b"ab", environ.get("CONTENT_LENGTH"))


@pytest.mark.once
def test_so_many_at_once_and_each_place_keeps_its_connection() -> None:
    inside = most = 0
    lock = threading.Lock()
    used: set[int] = set()

    def application(environ: dict[str, Any], start_response: Any) -> HttpResponse:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            used.add(id(connections["default"]))
        time.sleep(0.01)
        with lock:
            inside -= 1
        if environ["fails"]:
            raise RuntimeError("a fault")
        return HttpResponse(b"fine")

    gate = Gate(application, 3)
    answers: list[bytes] = []

    def call(number: int) -> None:
        try:
            answers.append(b"".join(gate({"fails": number % 3 == 0}, lambda *_: lambda _: None)))
        except RuntimeError:
            answers.append(b"fault")

    threads = [threading.Thread(target=call, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, len(used)) == (3, 3)
    assert sorted(answers) == [b"fault"] * 10 + [b"fine"] * 20


@pytest.mark.once
def test_answers_are_closed_and_streams_are_left_to_the_server() -> None:
    closed: list[str] = []

    class Plain(HttpResponse):
        def close(self) -> None:
            closed.append("plain")
            super().close()

    def answer(response: HttpResponseBase) -> Iterable[bytes]:
        return Gate(lambda *_: response, 1)({}, lambda *_: lambda _: None)

    assert answer(Plain(b"abc")) == [b"abc"]
    assert closed == ["plain"]
    stream = FileResponse(io.BytesIO(b"abc"))
    assert answer(stream) is stream
    assert not stream.closed
    stream.close()


@pytest.mark.usefixtures("tables")
def test_clients_that_never_finish_stop_nobody(regulars: Regulars, database: str) -> None:
    with regulars.serving("--workers", "1", "--no-worker") as running, ExitStack() as stack:
        port = int(running.url.rpartition(":")[2])
        head = "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
        slow = []
        for _ in range(WAITING_THREADS + 10):
            slow.append(stack.enter_context(socket.create_connection(("127.0.0.1", port))))
            slow[-1].sendall(head.encode())
        refused: list[socket.socket] = []
        deadline = time.monotonic() + 30
        while len(refused) < len(slow) - MOST_UNFINISHED:  # one address has its share, and no more
            assert time.monotonic() < deadline
            refused = select.select(slow, [], [], 0.1)[0]
        answer = refused[0].recv(10_000)
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert b"retry-after: 5" in answer.lower()
        for _ in range(5):
            assert httpx.get(f"{running.url}/healthz", timeout=10).status_code == 200
        if database == "postgresql":
            with psycopg.connect(regulars.env["REGULARS_DATABASE_URL"], autocommit=True) as link:
                count = link.execute(
                    "SELECT count(*) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                ).fetchone()
            assert count is not None
            assert 1 <= count[0] <= 2  # as many as places


@pytest.mark.once
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux shows its timers")
@pytest.mark.usefixtures("tables")
def test_silent_clients_are_asked_whether_they_are_there(regulars: Regulars) -> None:
    with regulars.serving() as running:
        port = int(running.url.rpartition(":")[2])
        time.sleep(0.5)
        with socket.create_connection(("127.0.0.1", port)):
            time.sleep(0.2)
            rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()]
            established = [row for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01"]
            assert established
            assert all(row[5].startswith("02:") for row in established)  # the keep-alive timer runs
