"""The load: clients on keep-alive connections, each sending its next request when the last was answered.

One thread and plain sockets, because every processor second spent here is missing on the server's side.
"""

from __future__ import annotations

import selectors
import socket
import time
from dataclasses import dataclass, field

from bench.shop import Shop
from bench.workloads import Workload

_ANSWER_WITHIN = 30.0  # seconds of silence after which the run fails
_HEAD_END = b"\r\n\r\n"


class LoadFailedError(Exception):
    """The server gave an answer that counts as a failure, or none."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much to send where. `first` is the number of the first request."""

    port: int
    clients: int
    warm_up: float  # seconds
    seconds: float  # that are measured after it
    first: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run measured. `acknowledged` also counts the warm-up and what was under way at the end."""

    acknowledged: int
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    client_cpu: float  # share of one processor


@dataclass(slots=True)
class _Client:
    socket: socket.socket
    sent_at: float = 0.0
    received: bytes = b""


@dataclass(slots=True)
class _Run:
    workload: Workload
    shop: Shop
    head: bytes
    tail: bytes
    turn: int
    clients: list[_Client] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    acknowledged: int = 0

    def send(self, client: _Client) -> None:
        number = self.workload.number(self.turn, self.shop.member_count)
        asked = self.workload.asked(self.shop, number).encode()
        self.turn += 1
        client.sent_at = time.perf_counter()
        client.socket.sendall(self.head + asked + self.tail)

    def receive(self, client: _Client) -> bool:
        """Whether this client's answer is complete now."""
        data = client.socket.recv(65536)
        if not data:
            raise LoadFailedError("the server closed a connection")
        client.received += data
        answer = read_response(client.received)
        if answer is None:
            return False
        status, body, size = answer
        if status != 200 or self.workload.answer not in body or size != len(client.received):
            raise LoadFailedError(f"answer {status}: {client.received[:500]!r}")
        client.received = b""
        self.acknowledged += 1
        return True


def read_response(data: bytes) -> tuple[int, bytes, int] | None:
    """Status, body and length of the HTTP response at the start of `data`; None while it is incomplete."""
    end = data.find(_HEAD_END)
    if end < 0:
        return None
    status = int(data[9:12])
    headers = data[:end].lower()
    body = end + len(_HEAD_END)
    at = headers.find(b"\r\ncontent-length:")
    if at >= 0:
        stop = body + int(headers[at + 17 :].split(b"\r\n", 1)[0])
        return (status, data[body:stop], stop) if len(data) >= stop else None
    if b"\r\ntransfer-encoding: chunked" not in headers:
        raise LoadFailedError(f"a response without a length: {data[:end]!r}")
    chunks: list[bytes] = []
    while True:
        line = data.find(b"\r\n", body)
        if line < 0:
            return None
        size = int(data[body:line].split(b";")[0], 16)
        stop = line + 2 + size + 2
        if len(data) < stop:
            return None
        if not size:
            return status, b"".join(chunks), stop
        chunks.append(data[line + 2 : stop - 2])
        body = stop


def send(workload: Workload, shop: Shop, load: Load) -> Figures:
    """Send requests for the time of the load.

    Raises:
        LoadFailedError: an answer is not a success, or does not come.
    """
    run = _Run(workload, shop, *workload.request(shop, load.port), load.first)
    with selectors.DefaultSelector() as selector:
        try:
            for _ in range(load.clients):
                client = _Client(socket.create_connection(("127.0.0.1", load.port), timeout=_ANSWER_WITHIN))
                client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                run.clients.append(client)
                selector.register(client.socket, selectors.EVENT_READ, client)
            _drive(run, selector, load.warm_up, [])
            cpu, started = time.process_time(), time.perf_counter()
            measured = _drive(run, selector, load.seconds, run.latencies)
            share = (time.process_time() - cpu) / (time.perf_counter() - started)
        finally:
            for one in run.clients:
                one.socket.close()
    times = sorted(run.latencies)
    p50, p95, p99 = (times[int(len(times) * part)] * 1000 for part in (0.50, 0.95, 0.99))
    return Figures(run.acknowledged, measured / load.seconds, p50, p95, p99, share)


def _drive(run: _Run, selector: selectors.BaseSelector, seconds: float, latencies: list[float]) -> int:
    """Send and receive for some seconds, then wait for what is under way; how many were answered in time."""
    clock = time.perf_counter
    for client in run.clients:
        run.send(client)
    stop = clock() + seconds
    under_way, in_time = len(run.clients), 0
    while under_way:
        ready = selector.select(_ANSWER_WITHIN)
        if not ready:
            raise LoadFailedError(f"no answer within {_ANSWER_WITHIN:.0f} seconds")
        for key, _ in ready:
            client = key.data
            if not run.receive(client):
                continue
            now = clock()
            latencies.append(now - client.sent_at)
            if now < stop:
                in_time += 1
                run.send(client)
            else:
                under_way -= 1
    return in_time
