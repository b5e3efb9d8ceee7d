"""Webhook deliveries beside a bare httpx loop: `python -m bench.webhooks`.

Both post as many bodies to one receiver on this machine, with as many requests under way. The product passes
the events on, claims, signs and writes down every delivery; the loop only posts.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median

import httpx

from bench import places, servers
from bench.child import call

ROUNDS = 5
REQUESTS = 4000
UNDER_WAY = 8  # what the product allows itself towards one endpoint
FLOOR, DREAM = 0.50, 0.80
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
    """A receiver in a process of its own; its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.webhooks", "receive", str(port)])
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError("the receiver ended") from None
        yield f"http://127.0.0.1:{port}/hooks"
    finally:
        process.terminate()
        process.wait()


def bare(url: str) -> float:
    """Requests a second of the loop."""
    limits = httpx.Limits(max_connections=UNDER_WAY, max_keepalive_connections=UNDER_WAY)
    with httpx.Client(limits=limits, trust_env=False) as client, ThreadPoolExecutor(UNDER_WAY) as pool:

        def post(_: int) -> None:
            client.post(url, content=_BODY, headers=_HEADERS).raise_for_status()

        list(pool.map(post, range(UNDER_WAY)))
        began = time.perf_counter()
        list(pool.map(post, range(REQUESTS)))
        return REQUESTS / (time.perf_counter() - began)


def product(url: str, environment: dict[str, str]) -> float:
    """Deliveries a second, from the events to the last result in the database."""
    os.environ.update(environment, DJANGO_SETTINGS_MODULE="regulars.settings")
    from regulars.commands.setup import read_environment, start_django  # noqa: PLC0415

    settings = read_environment()
    start_django(settings, writes=True)
    from django_scopes import scopes_disabled  # noqa: PLC0415 - models need Django

    from regulars.commands import database  # noqa: PLC0415
    from regulars.outbox import actions, deliver, emit, fanout  # noqa: PLC0415
    from regulars.outbox.models import Delivery  # noqa: PLC0415
    from regulars.tenants.actions import create_business  # noqa: PLC0415

    database.make_or_check(settings, upgrade=False)
    business = create_business(name=f"Bench {time.time_ns()}", owner_email="owner@bench.example").business
    endpoint, _ = actions.create_endpoint(business_id=business.pk, url=url)
    for number in (UNDER_WAY, REQUESTS):
        for start in range(0, number, 200):
            events = [
                emit.NewEvent("stamp.added", member + 1, _PAYLOAD)
                for member in range(start, min(start + 200, number))
            ]
            emit.emit(business_id=business.pk, events=events)
        began = time.perf_counter()
        fanout.pass_on_all()
        deliver.deliver_all()
        took = time.perf_counter() - began
    with scopes_disabled():
        done = Delivery.objects.filter(endpoint=endpoint, status=Delivery.Status.DELIVERED).count()
    if done != REQUESTS + UNDER_WAY:
        raise RuntimeError(f"{done} deliveries succeeded of {REQUESTS + UNDER_WAY}")
    return REQUESTS / took


def main() -> int:
    """Measure on both databases; exit status 1 when a ratio is below its floor."""
    good = True
    for kind in ("postgresql", "sqlite"):
        with places.temporary_folder() as folder, places.database(kind, folder) as address, receiver() as url:
            environment = servers.clean(places.environment(folder, address))
            environment["REGULARS_WEBHOOK_NETWORKS"] = "127.0.0.0/8"
            rounds = [(call(bare, url), call(product, url, environment)) for _ in range(ROUNDS)]
        ratio = median(ours / limit for limit, ours in rounds)
        limit, ours = (median(side) for side in zip(*rounds, strict=True))
        good = good and ratio >= FLOOR
        print(
            f"webhooks-{kind}: {ours:,.0f}/s of {limit:,.0f}/s, ratio {ratio:.2f}; at least {FLOOR:.2f} "
            f"{'reached' if ratio >= FLOOR else 'NOT REACHED'}, dream {DREAM:.2f}"
        )
    return 0 if good else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["receive"]:
        asyncio.run(receive(int(sys.argv[2])))
    sys.exit(main())
