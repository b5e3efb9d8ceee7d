"""Webhook deliveries beside a bare httpx loop. `python -m bench.webhooks PORT` is their receiver.

Both post as many bodies to one receiver on this machine, with as many requests under way. The product passes
the events on, claims, signs and writes down every delivery; the loop only posts.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from bench import places, shop
from bench.child import call
from bench.results import Pass, Sent
from bench.sink import wait_for_port
from bench.size import Say, Size

UNDER_WAY = 8  # as many as the product allows itself towards one endpoint
_EMITTED_AT_ONCE = 200
_PAYLOAD = {"customer_id": 12, "stamps_added": 1, "current_stamps": 1, "goal": 8}
_HEADERS = {
    "content-type": "application/json",
    "webhook-id": "evt_019aa6d5a1b3f0c58e7d2b9a4c6180af",
    "webhook-timestamp": "1795262580",
    "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
}
_BODY = b"x" * 240  # about what the product sends


class _Thanks(asyncio.Protocol):
    """Answers every request with 200, as quickly as Python can."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.read = b""

    def data_received(self, data: bytes) -> None:
        self.read += data
        while (end := self.read.find(b"\r\n\r\n")) >= 0:
            head = self.read[:end].lower()
            stop = end + 4 + int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(self.read) < stop:
                return
            self.read = self.read[stop:]
            self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nthanks")  # type: ignore[attr-defined]


async def receive(port: int) -> None:
    """Take everything, for ever."""
    server = await asyncio.get_running_loop().create_server(_Thanks, "127.0.0.1", port)
    await server.serve_forever()


@contextmanager
def receiver() -> Iterator[str]:
    """A receiver in a process of its own; its address.

    Raises:
        RuntimeError: it ended, or does not answer in time.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.webhooks", str(port)], start_new_session=True)
    try:
        wait_for_port(process, port)
        yield f"http://127.0.0.1:{port}/hooks"
    finally:
        process.terminate()
        process.wait()


def bare(url: str, number: int) -> float:
    """Requests a second of the loop."""
    limits = httpx.Limits(max_connections=UNDER_WAY, max_keepalive_connections=UNDER_WAY)
    with httpx.Client(limits=limits, trust_env=False) as client, ThreadPoolExecutor(UNDER_WAY) as pool:

        def post(_: int) -> None:
            client.post(url, content=_BODY, headers=_HEADERS).raise_for_status()

        list(pool.map(post, range(UNDER_WAY)))
        began = time.perf_counter()
        list(pool.map(post, range(number)))
        return number / (time.perf_counter() - began)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the product did: deliveries a second, and its processor time for each."""

    per_second: float
    cpu_us: float


def product(url: str, environment: Mapping[str, str], number: int) -> Delivered:
    """Deliver so many events, from the events to the last result in the database.

    Raises:
        RuntimeError: a delivery did not succeed.
    """
    shop.start_django(environment)
    from django_scopes import scopes_disabled  # noqa: PLC0415 - models need Django

    from regulars.outbox import actions, deliver, emit, fanout  # noqa: PLC0415
    from regulars.outbox.models import Delivery  # noqa: PLC0415
    from regulars.tenants.actions import create_business  # noqa: PLC0415

    business = create_business(name=f"Bench {time.time_ns()}", owner_email="owner@bench.example").business
    endpoint, _ = actions.create_endpoint(business_id=business.pk, url=url)
    for count in (UNDER_WAY, number):
        for start in range(0, count, _EMITTED_AT_ONCE):
            members = range(start + 1, min(start + _EMITTED_AT_ONCE, count) + 1)
            events = [emit.NewEvent("stamp.added", member, _PAYLOAD) for member in members]
            emit.emit(business_id=business.pk, events=events)
        began, cpu = time.perf_counter(), time.process_time()
        fanout.pass_on_all()
        deliver.deliver_all()
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
    with scopes_disabled():
        done = Delivery.objects.filter(endpoint=endpoint, status=Delivery.Status.DELIVERED).count()
    if done != number + UNDER_WAY:
        raise RuntimeError(f"{done} deliveries succeeded of {number + UNDER_WAY}")
    return Delivered(number / took, cpu / number * 1e6)


def migrate(environment: Mapping[str, str]) -> None:
    """Make the tables."""
    shop.start_django(environment)
    from regulars.commands.database import apply_changes  # noqa: PLC0415 - reads the environment

    apply_changes()


def compare(database: str, size: Size, say: Say) -> Sent:
    """Deliver events to one endpoint, and post as many bodies to it by a loop, in turns.

    Raises:
        RuntimeError: a side failed.
    """
    rounds = []
    with (
        places.temporary_folder() as folder,
        places.database(database, folder) as address,
        receiver() as url,
    ):
        environment = places.environment(folder, address) | {"REGULARS_WEBHOOK_NETWORKS": "127.0.0.0/8"}
        say("making the tables")
        call(migrate, environment)
        for number in range(1, size.rounds + 1):
            say(f"round {number}: limit")
            limit = call(bare, url, size.webhooks)
            say(f"round {number}: product")
            done = call(product, url, environment, size.webhooks)
            rounds.append(Pass(limit, done.per_second, done.cpu_us))
    return Sent(f"webhooks-{database}", tuple(rounds), _notes(size.webhooks))


def _notes(number: int) -> tuple[str, ...]:
    return (
        (
            f"{number:,} deliveries a round to one endpoint, with {UNDER_WAY} requests under way: as many as "
            "the product allows itself towards one. Every delivery was written down as delivered."
        ),
        (
            f"The limit posts as many bodies of {len(_BODY)} bytes with an `httpx.Client` from {UNDER_WAY} "
            "threads. The product passes the events on, claims, signs, posts and writes down every attempt, "
            "all within its time."
        ),
        "Both post to one receiver in a process of its own, a lean one of asyncio.",
    )


if __name__ == "__main__":
    asyncio.run(receive(int(sys.argv[1])))
