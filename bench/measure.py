"""The comparisons: limit and product in turns, then a look at what is in the database."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from bench import campaigns, client, notes, pgbench, places, servers, shop, sqlite_loop, webhooks
from bench.child import call
from bench.results import Compared, Result, Round
from bench.size import FIRST_WARM_UP, WARM_UP, Say, Size
from bench.workloads import STAMPS, WORKLOADS, Workload
from tests.postgres import Server

CLIENTS = 16
# Two clients may meet on a card: the product then reads again, pgbench has done nothing.
_MOST_MISSED = 0.005
_RECORDING_MEMBERS = 50
_RECORDING_SUPPLY = 500

# Runs one side for a warm-up and a time, in seconds.
Limit = Callable[[int, int], "Limited"]
Compare = Callable[[Size, Say], Compared[Any]]


@dataclass(frozen=True, slots=True)
class Limited:
    """What the limit did: all of it, and its speed in the measured time."""

    transactions: int
    per_second: float


@dataclass(slots=True)
class _Sides:
    """A comparison that is set up: the limit, and the product with its processes."""

    workload: Workload
    limit: Limit
    shop: shop.Shop
    serving: servers.Serving
    database_pid: int | None
    say: Say
    acknowledged: int = 0
    limited: int = 0
    rounds: list[Round] = field(default_factory=list)

    def product(self, warm_up: int, seconds: int) -> client.Figures:
        load = client.Load(self.serving.port, CLIENTS, warm_up, seconds, self.acknowledged)
        try:
            figures = call(client.send, self.workload, self.shop, load)
        except client.LoadFailedError as error:
            log = self.serving.log.read_text(errors="replace")[-3000:]
            raise RuntimeError(f"{error}\n{log}") from None
        self.acknowledged += figures.acknowledged
        return figures

    def limit_once(self, warm_up: int, seconds: int) -> Limited:
        done = self.limit(warm_up, seconds)
        self.limited += done.transactions
        return done

    def database_cpu(self) -> float:
        return servers.cpu_seconds(self.database_pid) if self.database_pid else 0.0

    def measure(self, size: Size) -> None:
        """Warm both sides up, then measure them in turns."""
        self.say("warm-up")
        self.limit_once(0, FIRST_WARM_UP)
        self.product(0, FIRST_WARM_UP)
        for number in range(1, size.rounds + 1):
            self.say(f"round {number}: limit")
            database = self.database_cpu()
            limit = self.limit_once(WARM_UP, size.seconds)
            limit_cpu = self.database_cpu() - database
            self.say(f"round {number}: product")
            database, server = self.database_cpu(), servers.cpu_seconds(self.serving.process.pid)
            product = self.product(WARM_UP, size.seconds)
            server_cpu = servers.cpu_seconds(self.serving.process.pid) - server
            database_cpu = self.database_cpu() - database
            self.rounds.append(
                Round(
                    limit_per_second=limit.per_second,
                    product_per_second=product.per_second,
                    p50_ms=product.p50_ms,
                    p95_ms=product.p95_ms,
                    p99_ms=product.p99_ms,
                    server_cpu_us=server_cpu / product.acknowledged * 1e6,
                    database_cpu_us=database_cpu / product.acknowledged * 1e6,
                    limit_cpu_us=limit_cpu / limit.transactions * 1e6,
                    client_cpu=product.client_cpu,
                )
            )

    def result(self, name: str, size: Size, *more: str) -> Result:
        return Result(name, tuple(self.rounds), more, size.member_count, CLIENTS, self.acknowledged)


def postgresql(workload: Workload, size: Size, say: Say) -> Result:
    """`regulars serve` beside pgbench, each with a database of its own in one PostgreSQL server.

    Raises:
        RuntimeError: a side failed, or what is in the database is not what was acknowledged.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(places.temporary_folder())
        say("starting PostgreSQL")
        server = stack.enter_context(servers.postgresql())
        places.execute(server, "postgres", "CREATE DATABASE product", "CREATE DATABASE recording")
        environment = places.environment(folder, server.url("product"))
        say("loading members")
        bench_shop = call(shop.fill, environment, size.member_count, workload.name, size.supply)
        places.execute(server, "postgres", "CREATE DATABASE bare TEMPLATE product")
        counts = [partial(_count_postgresql, server, name, workload.count) for name in ("product", "bare")]
        loaded = counts[0]()
        say("recording statements")
        recording = places.environment(folder, server.url("recording"))
        script = _script(workload, recording, environment, bench_shop)
        (folder / "limit.sql").write_text(script.text)
        places.execute(server, "postgres", "CHECKPOINT")
        target = pgbench.Target(server.folder / "socket", "bare", folder / "limit.sql", script.variables)
        say("starting the server")
        serving = stack.enter_context(servers.regulars(environment, folder))
        limit = _Pgbench(target)
        sides = _Sides(workload, limit.run, bench_shop, serving, server.process.pid, say)
        sides.measure(size)
        say("audit")
        _check_count(counts[0]() - loaded, sides.acknowledged)
        given = counts[1]() - loaded
        if not sides.limited * (1 - _MOST_MISSED) <= given <= sides.limited:
            raise RuntimeError(f"pgbench ran {sides.limited} transactions but did {given} things")
        servers.audit(environment, folder)
        servers.audit(places.environment(folder, server.url("bare")), folder)
    more = notes.postgresql(workload, CLIENTS, sides.limited, missed=sides.limited - given)
    return sides.result(f"{workload.name}-postgresql", size, *more)


def _script(
    workload: Workload, recording: dict[str, str], environment: dict[str, str], loaded: shop.Shop
) -> pgbench.Script:
    if workload is STAMPS:
        recorded = call(shop.record, environment, "postgresql", loaded)
        return pgbench.write_script(recorded, member_count=loaded.member_count)
    return pgbench.write_steps(
        _steps(workload, recording, loaded),
        number=CLIENTS if workload.sequential else loaded.member_count,
        asked=workload.expression(loaded.member_count),
        sequential=workload.sequential,
    )


def _steps(workload: Workload, environment: dict[str, str], loaded: shop.Shop) -> Any:
    """The statements of a request. The business has the same id wherever it is alone in its database."""
    small = call(shop.fill, environment, _RECORDING_MEMBERS, workload.name, _RECORDING_SUPPLY)
    if small.business_id != loaded.business_id:
        raise RuntimeError("the recorded business is not like the measured one")
    return call(shop.record_steps, environment, workload, small)


@dataclass(slots=True)
class _Pgbench:
    """Runs of pgbench, of which each takes up numbers where the last one stopped."""

    target: pgbench.Target
    start: int = 0

    def run(self, warm_up: int, seconds: int) -> Limited:
        runs = []
        for time in (warm_up, seconds):
            if time:
                numbers = {"start": str(self.start), "turn": "-1"}
                done = pgbench.run(
                    servers.pgbench_program(), self.target, clients=CLIENTS, seconds=time, more=numbers
                )
                # A quick client may be ahead of the others.
                self.start += int(done.transactions * 1.5) + 1000
                runs.append(done)
        return Limited(sum(run.transactions for run in runs), runs[-1].per_second)


def sqlite(workload: Workload, size: Size, say: Say) -> Result:
    """`regulars serve` beside a bare loop, each with a database file of its own.

    Raises:
        RuntimeError: a side failed, or what is in the database is not what was acknowledged.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(places.temporary_folder())
        files = [folder / f"{name}.sqlite3" for name in ("product", "bare", "recording")]
        environment, bare, recording = (places.environment(folder, f"sqlite:///{file}") for file in files)
        say("loading members")
        bench_shop = call(shop.fill, environment, size.member_count, workload.name, size.supply)
        shutil.copyfile(files[0], files[1])
        loaded = _count_sqlite(files[0], workload.count)
        say("recording statements")
        more: dict[str, Any] = {"path": str(files[1]), "pragmas": call(shop.sqlite_pragmas, environment)}
        if workload is STAMPS:
            more |= {
                "recorded": call(shop.record, environment, "sqlite", bench_shop),
                "member_count": size.member_count,
            }
        else:
            steps = _steps(workload, recording, bench_shop)
            more |= {"steps": steps, "workload": workload, "shop": bench_shop}
        say("starting the server")
        serving = stack.enter_context(servers.regulars(environment, folder))

        def limit(warm_up: int, seconds: int) -> Limited:
            times: dict[str, Any] = {"warm_up": warm_up, "seconds": seconds}
            if workload is STAMPS:
                done = call(sqlite_loop.run, **more, **times)
            else:
                done = call(sqlite_loop.run_steps, **more, **times, first=sides.limited)
            return Limited(done.transactions, done.per_second)

        sides = _Sides(workload, limit, bench_shop, serving, None, say)
        sides.measure(size)
        say("audit")
        _check_count(_count_sqlite(files[0], workload.count) - loaded, sides.acknowledged)
        _check_count(_count_sqlite(files[1], workload.count) - loaded, sides.limited)
        servers.audit(environment, folder)
        servers.audit(bare, folder)
    return sides.result(f"{workload.name}-sqlite", size, *notes.sqlite(workload))


def reading(workload: Workload, size: Size, say: Say) -> Result:
    """`regulars serve` on PostgreSQL beside a bare Django view, with the same requests.

    Raises:
        RuntimeError: a side failed.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(places.temporary_folder())
        say("starting PostgreSQL")
        server = stack.enter_context(servers.postgresql())
        places.execute(server, "postgres", "CREATE DATABASE product")
        environment = places.environment(folder, server.url("product"))
        say("loading members")
        bench_shop = call(shop.fill, environment, size.member_count)
        say("starting the servers")
        bare = stack.enter_context(servers.bare(folder))
        serving = stack.enter_context(servers.regulars(environment, folder))

        def limit(warm_up: int, seconds: int) -> Limited:
            load = client.Load(bare.port, CLIENTS, warm_up, seconds)
            done = call(client.send, workload, bench_shop, load)
            return Limited(done.acknowledged, done.per_second)

        sides = _Sides(workload, limit, bench_shop, serving, server.process.pid, say)
        sides.measure(size)
        say("audit")
        servers.audit(environment, folder)
    return sides.result(f"{workload.name}-postgresql", size, *notes.reading())


_COMPARED = {"postgresql": postgresql, "sqlite": sqlite}
COMPARISONS: dict[str, Compare] = {
    f"{workload.name}-{database}": partial(_COMPARED[database] if workload.count else reading, workload)
    for workload in WORKLOADS.values()
    for database in workload.databases
}
for _database in ("postgresql", "sqlite"):
    COMPARISONS[f"webhooks-{_database}"] = partial(webhooks.compare, _database)
    COMPARISONS[f"campaigns-{_database}"] = partial(campaigns.compare, _database)


def _count_postgresql(server: Server, database: str, sql: str) -> int:
    with psycopg.connect(server.url(database)) as connection:
        rows = connection.execute(sql.encode()).fetchall()
    return int(rows[0][0])


def _count_sqlite(file: Path, sql: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(sql).fetchone()[0])


def _check_count(written: int, acknowledged: int) -> None:
    if written != acknowledged:
        raise RuntimeError(f"{acknowledged} requests were acknowledged but {written} things written")
