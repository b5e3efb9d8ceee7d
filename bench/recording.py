"""The statements of one request, recorded while the product answers it twice on a real database.

Two requests that ask the same about two different members run the same statements. Where a parameter differs
between them, it comes from what was asked or from what an earlier statement returned, and that is found out
by looking for the pair of values. So what the limits execute cannot drift apart from what the product does.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from bench.statements import Ref, Statement

ASKED = "asked"
_VOLATILE = re.compile(
    r"\{|evt_"
)  # payloads and names of events: the same each time, as the rows that hold them


@dataclass(frozen=True, slots=True)
class Joined:
    """A text with a value inside it, such as "sale:" and a number."""

    before: str
    ref: Ref
    after: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of one value, such as the ids of a page that has one row."""

    ref: Ref


@dataclass(frozen=True, slots=True)
class Step(Statement):
    """A statement of a request. `rows` is how many it returned, and whether that is looked at later.

    Every column has a name of its own, which is not the database's where two were called the same: `renamed`.
    """

    rows: int = 0
    looked_at: bool = False
    renamed: bool = False


@dataclass(slots=True)
class Seen:
    """A statement as it was executed."""

    sql: str
    params: tuple[Any, ...] = ()
    columns: tuple[str, ...] = ()
    rows: list[tuple[Any, ...]] = field(default_factory=list)


class _Again:
    """A cursor whose rows were fetched once and can be fetched again."""

    def __init__(self, cursor: Any, rows: list[Any]) -> None:
        self._cursor = cursor
        self._rows = rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())

    def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[Any]:
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def fetchall(self) -> list[Any]:
        return self.fetchmany(len(self._rows))


def watch(act: Callable[[], None]) -> list[Seen]:
    """What `act` executes on the default database, with where its transactions begin and end."""
    from django.db import connections  # noqa: PLC0415 - needs Django's settings

    link = connections["default"]
    seen: list[Seen] = []

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001
        result = execute(sql, params, many, context)
        outer = context["cursor"]
        found = Seen(sql, tuple(params or ()))
        if outer.cursor.description:
            found.columns = tuple(column[0] for column in outer.cursor.description)
            found.rows = list(outer.cursor.fetchall())
            outer.cursor = _Again(outer.cursor, list(found.rows))
        seen.append(found)
        return result

    with _transactions(link, seen), link.execute_wrapper(wrapper):
        act()
    return seen


@contextmanager
def _transactions(link: Any, seen: list[Seen]) -> Iterator[None]:
    commit, set_autocommit = link.commit, link.set_autocommit

    def committing() -> None:
        seen.append(Seen("COMMIT"))
        commit()

    def setting(autocommit: bool, **more: Any) -> None:  # noqa: FBT001 - Django's own
        # On SQLite Django executes a BEGIN, which is seen like any statement.
        if not autocommit and link.vendor == "postgresql":
            seen.append(Seen("BEGIN"))
        set_autocommit(autocommit, **more)

    with patch.object(link, "commit", committing), patch.object(link, "set_autocommit", setting):
        yield


def explain(asked: Sequence[str], runs: Sequence[list[Seen]]) -> list[Step]:
    """The statements of two requests as one script, in which what differs says where it comes from.

    Raises:
        ValueError: the requests ran different statements, or a parameter comes from nowhere.
    """
    one, other = runs
    if [seen.sql for seen in one] != [seen.sql for seen in other]:
        raise ValueError("two requests of one kind ran different statements")
    known: dict[tuple[Any, Any], Ref] = {(asked[0], asked[1]): Ref(ASKED)}
    drafts: list[tuple[Seen, tuple[Any, ...]]] = []
    for number, (left, right) in enumerate(zip(one, other, strict=True)):
        params = tuple(_source(a, b, known, left.sql) for a, b in zip(left.params, right.params, strict=True))
        drafts.append((left, params))
        if len(left.rows) == len(right.rows) == 1:
            for column, a, b in zip(_names(left.columns), left.rows[0], right.rows[0], strict=True):
                if a != b and isinstance(a, int | str):
                    known.setdefault((a, b), Ref(f"s{number}_{column}"))
    used = {ref.name for _, params in drafts for value in params if (ref := _ref_of(value)) is not None}
    return [
        Step(
            sql=seen.sql,
            params=params,
            columns=_names(seen.columns),
            rows=len(seen.rows),
            looked_at=any(f"s{number}_{column}" in used for column in _names(seen.columns)),
            renamed=_names(seen.columns) != seen.columns,
        )
        for number, (seen, params) in enumerate(drafts)
    ]


def _names(columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        name if columns.count(name) == 1 else f"{name}_{place}" for place, name in enumerate(columns)
    )


def _ref_of(value: Any) -> Ref | None:
    return value if isinstance(value, Ref) else value.ref if isinstance(value, Joined | Listed) else None


def _source(a: Any, b: Any, known: dict[tuple[Any, Any], Ref], sql: str) -> Any:
    """Where a parameter comes from: a place, a text around one, or the value itself when it is always so."""
    if a == b or isinstance(a, dt.datetime | dt.date):
        return _plain(a)
    if isinstance(a, list) and len(a) == len(b) == 1:
        return Listed(_source(a[0], b[0], known, sql))
    if (a, b) in known:
        return known[a, b]
    if isinstance(a, str) and not _VOLATILE.match(a):
        if re.fullmatch(r"\d{4}-\d\d-\d\d[ T].*", a):  # a time as SQLite keeps it
            return a
        for (x, y), ref in sorted(known.items(), key=lambda item: -len(str(item[0][0]))):
            before, found, after = a.partition(str(x))
            if found and b == f"{before}{y}{after}":
                return Joined(before, ref, after)
    elif isinstance(a, str):
        return a
    raise ValueError(f"nobody knows where {a!r} and {b!r} come from in {sql}")


def _plain(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value
