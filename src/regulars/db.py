"""Small helpers around Django's connection: hand-written statements, snapshots, locks."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import blake2b
from typing import Any, Final, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import DEFAULT_DB_ALIAS, IntegrityError, OperationalError, connection, connections, transaction

Row = tuple[Any, ...]
T = TypeVar("T")
# So often something is tried that others overtake.
_TIMES: Final = 3


def is_postgresql() -> bool:
    """Whether the default database is PostgreSQL (else it is SQLite)."""
    return connection.vendor == "postgresql"


def run(sql: str, params: Sequence[Any] = ()) -> list[Row]:
    """Execute one hand-written statement with `%s` placeholders and return its rows.

    It takes the shortest way to the driver: on PostgreSQL one cursor per connection, always prepared, with
    every whole number sent as bigint so that a statement has one plan whatever its values. When somebody
    counts or wraps queries, it takes Django's ordinary way so that it is counted too.
    """
    link: Any = connections[DEFAULT_DB_ALIAS]
    if link.queries_logged or link.execute_wrappers:
        with link.cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall()) if cursor.description else []
    link.ensure_connection()
    try:
        return _execute(link, sql, params)
    except OperationalError:
        # The database was restarted since this connection was last used. A read may simply be asked again;
        # of a write nobody knows whether it happened, so whoever sent it decides.
        if link.in_atomic_block or not sql.lstrip().startswith("SELECT") or link.is_usable():
            raise
        link.close()
        link.ensure_connection()
        return _execute(link, sql, params)


def _execute(link: Any, sql: str, params: Sequence[Any]) -> list[Row]:
    driver = link.connection
    with link.wrap_database_errors:
        if link.vendor == "postgresql":
            hot = getattr(driver, "regulars_cursor", None)
            if hot is None:
                hot = driver.regulars_cursor = _cursor(driver)
            hot.execute(sql, params, prepare=True)
            result: Any = hot.pgresult  # `description` would describe every column first
            return hot.fetchall() if result.nfields else []
        return list(driver.execute(_question_marks(sql), params).fetchall())


def _cursor(driver: Any) -> Any:
    import psycopg  # noqa: PLC0415 - SQLite installations do without its 10 MB
    from psycopg.rows import tuple_row  # noqa: PLC0415
    from psycopg.types.numeric import Int8Dumper  # noqa: PLC0415

    made = psycopg.Cursor(driver, row_factory=tuple_row)
    made.adapters.register_dumper(int, Int8Dumper)
    return made


@cache
def _question_marks(sql: str) -> str:
    return sql.replace("%s", "?")


def moment(value: dt.datetime) -> Any:
    """A point in time as a parameter of `run`: itself on PostgreSQL, Django's text form on SQLite."""
    if connection.vendor == "postgresql":
        return value
    return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ")


def calendar_day(value: dt.date | None) -> Any:
    """A date as a parameter of `run`."""
    if value is None or connection.vendor == "postgresql":
        return value
    return value.isoformat()


def any_of(column: str) -> str:
    """The condition that a column is one of the values of one parameter, made by `numbers` or `texts`."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s)"
    return f"{column} IN (SELECT value FROM json_each(%s))"


def numbers(values: Sequence[int]) -> Any:
    """Whole numbers as the one parameter that `any_of` looks at: the statement is the same for any number."""
    return list(values) if connection.vendor == "postgresql" else json.dumps(list(values))


def texts(values: Sequence[str]) -> Any:
    """Texts as the one parameter that `any_of` looks at."""
    return list(values) if connection.vendor == "postgresql" else json.dumps(list(values))


def next_id(table: str) -> int:
    """The next id of a table, for a row that is referred to before it is written. Within a transaction.

    No row that others would wait for is touched: on PostgreSQL it comes from the table's sequence, and on
    SQLite the write transaction keeps everybody else out.
    """
    if connection.vendor == "postgresql":
        return int(run("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", (table,))[0][0])
    rows = run("SELECT seq FROM sqlite_sequence WHERE name = %s", (table,))
    return int(rows[0][0]) + 1 if rows else 1


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads inside see the database as of one moment, and writers are not held up."""
    if connection.in_atomic_block:
        yield
        return
    if connection.vendor == "postgresql":
        with transaction.atomic():
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
        return
    sqlite: Any = connection
    sqlite.ensure_connection()  # which sets the mode
    usual = sqlite.transaction_mode
    sqlite.transaction_mode = "DEFERRED"
    try:
        with transaction.atomic():
            yield
    finally:
        sqlite.transaction_mode = usual


def lock_number(*parts: object) -> int:
    """A signed 64-bit number for PostgreSQL's advisory locks, equal for equal parts."""
    digest = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def serialise(*parts: object) -> None:
    """Wait until no other transaction holds a lock of the same name, and hold it until this one ends.

    SQLite has one writer at a time, which is lock enough.
    """
    if connection.vendor == "postgresql":
        run("SELECT pg_advisory_xact_lock(%s)", (lock_number(*parts),))


def try_serialise(*parts: object) -> bool:
    """Like `serialise`, but answers at once: False when another transaction holds the lock."""
    if connection.vendor == "postgresql":
        return bool(run("SELECT pg_try_advisory_xact_lock(%s)", (lock_number(*parts),))[0][0])
    return True


class StillLocked(Exception):  # noqa: N818 - an outcome, not an error
    """Another transaction held a lock for longer than there was patience."""


@contextmanager
def patience(milliseconds: int | None) -> Iterator[None]:
    """Within it no statement waits longer than this for a row that another transaction has locked.

    For whoever needs many locks and cannot take them in one order with all others: it gives way before the
    database sees a deadlock and makes somebody fail. Within a transaction, which is lost when StillLocked
    comes out of it. On SQLite, where nobody waits within a transaction, and for None, nothing happens.
    """
    if milliseconds is None or connection.vendor != "postgresql":
        yield
        return
    from psycopg.errors import LockNotAvailable  # noqa: PLC0415 - see above

    run(f"SET LOCAL lock_timeout = {int(milliseconds)}")
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise StillLocked from error
        raise
    run("SET LOCAL lock_timeout TO DEFAULT")


def is_overtaken(error: Exception) -> bool:
    """Whether something failed only because of what others did at the same moment; nothing of it was written.

    A row that it refers to was deleted meanwhile, or the database ended a deadlock. The same thing done
    again meets the state that the others left.
    """
    if isinstance(error, OperationalError) and connection.vendor == "postgresql":
        from psycopg.errors import DeadlockDetected, SerializationFailure  # noqa: PLC0415 - see above

        return isinstance(error.__cause__, DeadlockDetected | SerializationFailure)
    return isinstance(error, IntegrityError)


def unless_overtaken(do: Callable[[], T], *, vanishing: bool = False, times: int = _TIMES) -> T:
    """Do something that refers to rows of others, and again when it was overtaken (`is_overtaken`).

    So the answer is the one of a moment later: that something is not there, or does not fit any more. With
    `vanishing`, a row that was there at first and was not found when it was read once more counts, too.
    Outside every transaction: within one nothing is repeated. The last try raises whatever it raises.
    """
    for _try in range(times - 1):
        try:
            return do()
        except (IntegrityError, OperationalError, ObjectDoesNotExist) as error:
            moved = vanishing if isinstance(error, ObjectDoesNotExist) else is_overtaken(error)
            if not moved or connection.in_atomic_block:
                raise
    return do()


def to_date(value: Any) -> dt.date:
    """A date that `run` read: PostgreSQL gives dates, SQLite text."""
    day: dt.date = dt.date.fromisoformat(value) if isinstance(value, str) else value
    return day


def to_moment(value: Any) -> dt.datetime:
    """A point in time that `run` read, in UTC."""
    moment: dt.datetime = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
