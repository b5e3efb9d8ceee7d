"""The two comparisons: limit and product in turns, then a look at what is in the database."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from bench import client, pgbench, servers, shop, sqlite_loop
from bench.child import call
from bench.results import Result, Round
from tests.postgres import Server

CLIENTS = 16
WARM_UP = 1  # second before each measurement
FIRST_WARM_UP = 4  # seconds on each side before the first round
# Two clients may meet on a card: the product then reads again, pgbench has given no stamp.
_MOST_MISSED = 0.005
_COUNT = "SELECT count(*) FROM ledger_entry"

Say = Callable[[str], None]
Count = Callable[[], int]
# Runs one side for a warm-up and a time, in seconds.
Limit = Callable[[int, int], "Limited"]


@dataclass(frozen=True, slots=True)
class Size:
    """How much to measure."""

    member_count: int
    rounds: int
    seconds: int

    @property
    def steps(self) -> int:
        """How many steps of progress a comparison reports."""
        return 4 + 2 * self.rounds


@dataclass(frozen=True, slots=True)
class Limited:
    """What the limit did: all of it, and its speed in the measured time."""

    transactions: int
    per_second: float


@dataclass(frozen=True, slots=True)
class _Sides:
    """A comparison that is set up: the limit, and the product with its processes."""

    limit: Limit
    shop: shop.Shop
    serving: servers.Serving
    database_pid: int | None
    say: Say

    def product(self, warm_up: int, seconds: int) -> client.Figures:
        load = client.Load(self.serving.port, CLIENTS, warm_up, seconds)
        try:
            return call(client.add_stamps, self.shop, load)
        except client.LoadFailedError as error:
            log = self.serving.log.read_text(errors="replace")[-3000:]
            raise RuntimeError(f"{error}\n{log}") from None

    def database_cpu(self) -> float:
        return servers.cpu_seconds(self.database_pid) if self.database_pid else 0.0

    def measure(self, size: Size) -> tuple[list[Round], int, int]:
        """The rounds, the product's acknowledged requests, and the limit's transactions."""
        self.say("warm-up")
        limited = self.limit(0, FIRST_WARM_UP).transactions
        acknowledged = self.product(0, FIRST_WARM_UP).acknowledged
        rounds = []
        for number in range(1, size.rounds + 1):
            self.say(f"round {number}: limit")
            database = self.database_cpu()
            limit = self.limit(WARM_UP, size.seconds)
            limit_cpu = self.database_cpu() - database
            self.say(f"round {number}: product")
            database, server = self.database_cpu(), servers.cpu_seconds(self.serving.process.pid)
            product = self.product(WARM_UP, size.seconds)
            server_cpu = servers.cpu_seconds(self.serving.process.pid) - server
            database_cpu = self.database_cpu() - database
            limited += limit.transactions
            acknowledged += product.acknowledged
            rounds.append(
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
        return rounds, acknowledged, limited


def postgresql(size: Size, say: Say) -> Result:
    """`regulars serve` beside pgbench, each with a database of its own in one PostgreSQL server.

    Raises:
        RuntimeError: a side failed, or what is in the database is not what was acknowledged.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(_temporary_folder())
        say("starting PostgreSQL")
        server = stack.enter_context(servers.postgresql())
        _execute(server, "postgres", "CREATE DATABASE product")
        environment = _environment(folder, server.url("product"))
        say("loading members")
        bench_shop = call(shop.fill, environment, size.member_count)
        _execute(server, "postgres", "CREATE DATABASE bare TEMPLATE product", "CHECKPOINT")
        count, bare_count = (
            partial(_count_postgresql, server, "product"),
            partial(_count_postgresql, server, "bare"),
        )
        loaded = count()
        script = pgbench.write_script(
            call(shop.record, environment, "postgresql", bench_shop), member_count=size.member_count
        )
        (folder / "limit.sql").write_text(script.text)

        def limit(warm_up: int, seconds: int) -> Limited:
            runs = [
                pgbench.run(
                    servers.pgbench_program(),
                    pgbench.Target(server.folder / "socket", "bare", folder / "limit.sql", script.variables),
                    clients=CLIENTS,
                    seconds=time,
                )
                for time in (warm_up, seconds)
                if time
            ]
            return Limited(sum(run.transactions for run in runs), runs[-1].per_second)

        say("starting the server")
        serving = stack.enter_context(servers.regulars(environment, folder))
        sides = _Sides(limit, bench_shop, serving, server.process.pid, say)
        rounds, acknowledged, limited = sides.measure(size)
        say("audit")
        _check_count(count() - loaded, acknowledged)
        given = bare_count() - loaded
        if not limited * (1 - _MOST_MISSED) <= given <= limited:
            raise RuntimeError(f"pgbench ran {limited} transactions but gave {given} stamps")
        servers.audit(environment, folder)
        servers.audit(_environment(folder, server.url("bare")), folder)
    notes = _postgresql_notes(limited, missed=limited - given)
    return Result("postgresql", tuple(rounds), size.member_count, CLIENTS, acknowledged, notes)


def _postgresql_notes(limited: int, missed: int) -> tuple[str, ...]:
    options = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
    listed = ", ".join(f"{name} {servers.POSTGRESQL_OPTIONS[name]}" for name in options)
    return (
        (
            "Both sides use one PostgreSQL 18 over its unix socket, with a database each that began alike. "
            f"{listed}; no checkpoint during the rounds."
        ),
        (
            f"pgbench: `-M prepared -c {CLIENTS} -j {pgbench.THREADS}`, the product's own statements, "
            "a variable for each value. The card's state is read and the posting made from it; every "
            "eighth stamp of a card takes the branch that also writes a reward and a second event. "
            "Times, event ids and payloads are the same each time; NULL and the empty text are written "
            "into the statement."
        ),
        (
            f"pgbench ran {limited:,} transactions. {missed} of them met another one on the same card and "
            "gave no stamp; `regulars audit` agreed there too."
        ),
    )


def sqlite(size: Size, say: Say) -> Result:
    """`regulars serve` beside a bare loop, each with a database file of its own.

    Raises:
        RuntimeError: a side failed, or what is in the database is not what was acknowledged.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(_temporary_folder())
        product_file, bare_file = folder / "product.sqlite3", folder / "bare.sqlite3"
        environment = _environment(folder, f"sqlite:///{product_file}")
        say("loading members")
        bench_shop = call(shop.fill, environment, size.member_count)
        shutil.copyfile(product_file, bare_file)
        loaded = _count_sqlite(product_file)
        recorded = call(shop.record, environment, "sqlite", bench_shop)
        pragmas = call(shop.sqlite_pragmas, environment)

        def limit(warm_up: int, seconds: int) -> Limited:
            done = call(
                sqlite_loop.run,
                path=str(bare_file),
                pragmas=pragmas,
                recorded=recorded,
                member_count=size.member_count,
                warm_up=warm_up,
                seconds=seconds,
            )
            return Limited(done.transactions, done.per_second)

        say("starting the server")
        serving = stack.enter_context(servers.regulars(environment, folder))
        rounds, acknowledged, limited = _Sides(limit, bench_shop, serving, None, say).measure(size)
        say("audit")
        _check_count(_count_sqlite(product_file) - loaded, acknowledged)
        _check_count(_count_sqlite(bare_file) - loaded, limited)
        servers.audit(environment, folder)
        servers.audit(_environment(folder, f"sqlite:///{bare_file}"), folder)
    return Result("sqlite", tuple(rounds), size.member_count, CLIENTS, acknowledged, _SQLITE_NOTES)


_SQLITE_NOTES = (
    (
        "Each side has a file of its own, copied from one, and opens it as the product does: WAL, "
        "`synchronous=FULL`, foreign keys on."
    ),
    (
        "The bare loop executes the product's own statements in `BEGIN IMMEDIATE` and `COMMIT`, one thread, "
        "one connection. Every eighth stamp of a card also writes a reward and a second event. "
        "`regulars audit` agreed there too."
    ),
)

COMPARISONS: dict[str, Callable[[Size, Say], Result]] = {"postgresql": postgresql, "sqlite": sqlite}


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    # In /tmp like that of PostgreSQL, so that both are on the same kind of disk.
    with tempfile.TemporaryDirectory(prefix="regulars-bench-", dir="/tmp") as name:
        yield Path(name)


def _environment(folder: Path, database_url: str) -> dict[str, str]:
    return {
        "REGULARS_DATA_DIR": str(folder / "data"),
        "REGULARS_DATABASE_URL": database_url,
        "REGULARS_ALLOW_HTTP": "loopback",
        "REGULARS_EMAIL_URL": "dummymail://",
    }


def _execute(server: Server, database: str, *statements: str) -> None:
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _count_postgresql(server: Server, database: str) -> int:
    with psycopg.connect(server.url(database)) as connection:
        rows = connection.execute(_COUNT).fetchall()
    return int(rows[0][0])


def _count_sqlite(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(_COUNT).fetchone()[0])


def _check_count(written: int, acknowledged: int) -> None:
    if written != acknowledged:
        raise RuntimeError(f"{acknowledged} requests were acknowledged but {written} entries written")
