"""The limit on SQLite: a bare loop of the recorded statements, one thread, one connection."""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from bench import members
from bench.recording import ASKED, Joined, Step
from bench.shop import Shop
from bench.statements import Recorded, Ref, Statement
from bench.workloads import Workload

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run measured. `transactions` also counts the warm-up."""

    transactions: int
    per_second: float


def _prepare(statement: Statement, name: str) -> Callable[[sqlite3.Connection, Values], None]:
    """A function that executes the statement with values that are known, and adds those that it returns."""
    sql = statement.sql.replace("%s", "?")
    fixed = [None if isinstance(value, Ref) else value for value in statement.params]
    open_places = [(at, value.name) for at, value in enumerate(statement.params) if isinstance(value, Ref)]
    names = [f"{name}.{column}" for column in statement.columns]

    def execute(connection: sqlite3.Connection, values: Values) -> None:
        params = fixed.copy()
        for at, source in open_places:
            params[at] = values[source]
        rows = connection.execute(sql, params).fetchall()
        if names:
            values.update(zip(names, rows[0], strict=True))

    return execute


def run(
    *, path: str, pragmas: str, recorded: Recorded, member_count: int, warm_up: float, seconds: float
) -> Figures:
    """Give stamps to random members of the database for some seconds, each in a transaction of its own."""
    read = _prepare(recorded.state, "state")
    plain, rewarded = (
        [_prepare(statement, str(number)) for number, statement in enumerate(posting)]
        for posting in (recorded.plain, recorded.rewarded)
    )
    clock = time.perf_counter
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(pragmas)
        done = measured = 0
        begin = clock() + warm_up
        end = begin + seconds
        while (now := clock()) < end:
            if now < begin:
                measured = done
            values: Values = {"qr_code": members.qr_code(int(random.random() * member_count) + 1).decode()}
            read(connection, values)
            full = values["state.stamps"] + 1 >= values["state.stamps_required"]
            connection.execute("BEGIN IMMEDIATE")
            for execute in rewarded if full else plain:
                execute(connection, values)
            connection.execute("COMMIT")
            done += 1
    return Figures(done, (done - measured) / seconds)


def run_steps(
    *,
    path: str,
    pragmas: str,
    steps: Sequence[Step],
    workload: Workload,
    shop: Shop,
    first: int,
    warm_up: float,
    seconds: float,
) -> Figures:
    """Execute the statements of one request over and over for some seconds."""
    prepared = [_prepare_step(step, number) for number, step in enumerate(steps)]
    clock = time.perf_counter
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(pragmas)
        done = measured = 0
        begin = clock() + warm_up
        end = begin + seconds
        while (now := clock()) < end:
            if now < begin:
                measured = done
            number = workload.number(first + done, shop.member_count)
            values: Values = {ASKED: workload.asked(shop, number)}
            for execute in prepared:
                execute(connection, values)
            done += 1
    return Figures(done, (done - measured) / seconds)


def _prepare_step(step: Step, number: int) -> Callable[[sqlite3.Connection, Values], None]:
    """A function that executes a step with values that are known, and adds those that are looked at later."""
    sql = step.sql.replace("%s", "?").replace("%%", "%")
    names = [f"s{number}_{column}" for column in step.columns] if step.looked_at else []
    fixed = [None if isinstance(value, Ref | Joined) else _adapt(value) for value in step.params]
    places = [(at, value) for at, value in enumerate(step.params) if isinstance(value, Ref | Joined)]

    def execute(connection: sqlite3.Connection, values: Values) -> None:
        params = fixed.copy()
        for at, value in places:
            if isinstance(value, Joined):
                params[at] = f"{value.before}{values[value.ref.name]}{value.after}"
            else:
                params[at] = values[value.name]
        rows = connection.execute(sql, params).fetchall()
        if len(rows) != step.rows:
            raise RuntimeError(f"{len(rows)} rows and not {step.rows}: {sql} {params}")
        if names:
            values.update(zip(names, rows[0], strict=True))

    return execute


def _adapt(value: Any) -> Any:
    """A value as Django gives it to SQLite."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ")
    return value.isoformat() if isinstance(value, dt.date) else value
