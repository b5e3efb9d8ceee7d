"""The database before anything else happens: is it there, is it ours, is it of this version."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from django.db import DatabaseError, connection, connections

from regulars import __version__
from regulars.commands.backup import back_up_sqlite
from regulars.commands.console import Stop, one_line, warn
from regulars.environment import Environment

if TYPE_CHECKING:
    from psycopg import Connection

MINIMUM_SQLITE = (3, 35)  # RETURNING
WAL_RESET_BUG = ((3, 7, 0), (3, 51, 2))  # first and last affected version
MIGRATION_LOCK = 7_205_759_403_792_794  # any number that nobody else uses
PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True)
class State:
    """What the database looks like to this version of the program."""

    empty: bool  # nothing of ours in it, or not there at all
    pending: int  # changes of this version that it does not have yet
    unknown: tuple[str, ...]  # changes that only a newer version knows


def make_or_check(settings: Environment, *, upgrade: bool) -> None:
    """Make the database when it is not there, so that a new installation just works.

    One of an older version is brought up to date with ``upgrade``, else refused; one of a newer version is
    always refused.
    """
    with _told():
        _create(settings)
        if _is_current(_inspect()):
            return
        with _one_at_a_time(settings):
            state = _inspect()  # again: another process may have been at it while we waited
            if _is_current(state):
                return
            if state.pending and not state.empty and not upgrade:
                raise Stop(_needs_migration(state))
            _migrate(settings, state)


def check(settings: Environment) -> None:
    """Refuse to work on a database that is not there or not of this version; change nothing."""
    with _told():
        state = State(empty=True, pending=0, unknown=()) if not _exists(settings) else _inspect()
        if state.empty:
            raise Stop("There is no database yet; `regulars serve` or `regulars createbusiness` makes it.")
        if not _is_current(state):
            raise Stop(_needs_migration(state))


def migrate(settings: Environment) -> int:
    """Make the database or bring it up to date; returns how many changes were applied."""
    with _told():
        _create(settings)
        with _one_at_a_time(settings):
            state = _inspect()
            if not _is_current(state):
                _migrate(settings, state)
            return state.pending


def warn_about_sqlite() -> None:
    """One line when the SQLite library has the bug that can damage a database with several connections."""
    first, last = WAL_RESET_BUG
    if first <= sqlite3.sqlite_version_info <= last:
        warn(
            f"SQLite {sqlite3.sqlite_version} has a rare bug that can damage a busy database "
            "(fixed in 3.51.3); keep backups, or use PostgreSQL."
        )


def lock_for_serving(settings: Environment) -> TextIO:
    """Hold the SQLite database for one server at a time; keep the returned object as long as it runs."""
    with _told():
        file = _lock_file(settings, "serving")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # of this process alone, not of those that it forks
    except (BlockingIOError, PermissionError):
        holder = file.read().strip()
        file.close()
        raise Stop(
            f"Another regulars server{f' (process {holder})' if holder else ''} already uses "
            f"{settings.database.name}; an SQLite database takes one."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn what a database may answer into one line; leave no connection behind."""
    try:
        yield
    except (DatabaseError, sqlite3.Error) as error:
        raise Stop(f"The database cannot be used: {one_line(error)}") from error
    except OSError as error:
        raise Stop(f"The database cannot be used: {error.strerror}: {error.filename}") from error
    finally:
        connections.close_all()


def _exists(settings: Environment) -> bool:
    if settings.database.engine == "sqlite":
        path = Path(settings.database.name)
        return path.exists() and path.stat().st_size > 0
    return not _postgresql_lacks_database(settings.database.name)


def _create(settings: Environment) -> None:
    if settings.database.engine == "sqlite":
        if sqlite3.sqlite_version_info < MINIMUM_SQLITE:
            raise Stop(f"Regulars needs SQLite 3.35 or newer; this Python has {sqlite3.sqlite_version}.")
        # Personal data: readable by its owner only. SQLite gives its side files the same mode.
        _open_private(Path(settings.database.name)).close()
        return
    name = settings.database.name
    if _postgresql_lacks_database(name):
        _create_postgresql_database(name)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_encoding")
        encoding = cursor.fetchone()[0]
    if encoding != "UTF8":
        raise Stop(f"The database {name} is encoded in {encoding}; Regulars needs UTF8.")


def _postgresql_lacks_database(name: str) -> bool:
    """Whether the server is there and the database is not. Raises when the server cannot be reached."""
    try:
        connection.ensure_connection()
    except DatabaseError as refused:
        try:
            with _maintenance_connection() as other:
                row = other.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        except DatabaseError:
            raise refused from None
        if row is not None:
            raise
        return True
    return False


def _create_postgresql_database(name: str) -> None:
    import psycopg  # noqa: PLC0415 - only loaded when PostgreSQL is used
    from psycopg import sql  # noqa: PLC0415

    statement = sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(sql.Identifier(name))
    with (
        _maintenance_connection() as other,
        # Another process that starts at the same moment may be quicker.
        contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation),
    ):
        other.execute(statement)


@contextlib.contextmanager
def _maintenance_connection() -> "Iterator[Connection[Any]]":
    import psycopg  # noqa: PLC0415 - only loaded when PostgreSQL is used

    parameters = connection.get_connection_params()
    wanted = {
        key: value
        for key, value in parameters.items()
        if key not in {"dbname", "cursor_factory", "context", "prepare_threshold"}
    }
    try:
        with psycopg.connect(dbname="postgres", autocommit=True, **wanted) as other:
            yield other
    except psycopg.Error as error:
        raise DatabaseError(one_line(error)) from error


def _inspect() -> State:
    # A server loads it in a process of its own, which ends.
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    loader = executor.loader
    known = set(loader.disk_migrations)
    known.update(old for migration in loader.disk_migrations.values() for old in migration.replaces)
    applied = set(loader.applied_migrations)
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    return State(
        empty=not applied,
        pending=len(plan),
        unknown=tuple(sorted(f"{app}.{name}" for app, name in applied - known)),
    )


def _is_current(state: State) -> bool:
    """Whether nothing is to be done. A newer version's database ends the command: it must stay as it is."""
    if state.unknown:
        raise Stop(
            f"The database was made by a newer version of Regulars than this one ({__version__}), which does "
            f"not know {state.unknown[-1]}; install the newer version or restore a backup."
        )
    return state.pending == 0


def _needs_migration(state: State) -> str:
    changes = "change" if state.pending == 1 else "changes"
    return (
        f"The database is of an older version ({state.pending} {changes} to apply); run `regulars migrate`."
    )


def _migrate(settings: Environment, state: State) -> None:
    if not state.empty and settings.database.engine == "sqlite":
        connections.close_all()
        copy = back_up_sqlite(
            Path(settings.database.name), settings.data_dir / "backups", label=f"before-{__version__}"
        )
        warn(f"The database is of an older version; it was copied to {copy} before the upgrade.")
    apply_changes()


def apply_changes() -> None:
    """Take the database through all migrations that it does not have yet, whatever is in it."""
    from django.core.management import call_command  # noqa: PLC0415 - as above
    from django.db.migrations.recorder import MigrationRecorder  # noqa: PLC0415 - as above

    from regulars.commands.rendering import changed_models_alone  # noqa: PLC0415 - as above

    if connection.vendor == "sqlite":
        from regulars.commands.sqlite_schema import SqliteSchemaEditor  # noqa: PLC0415 - as above

        connection.SchemaEditorClass = SqliteSchemaEditor
    is_new = not MigrationRecorder(connection).applied_migrations()
    with changed_models_alone() if is_new else contextlib.nullcontext():
        call_command("migrate", verbosity=0, interactive=False)


def _lock_file(settings: Environment, purpose: str) -> TextIO:
    return _open_private(Path(f"{settings.database.name}-{purpose}"))


def _open_private(path: Path) -> TextIO:
    """Open a file to read and write, made when absent, with its folder."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE), "r+")


@contextlib.contextmanager
def _one_at_a_time(settings: Environment) -> Iterator[None]:
    """Several processes that start together must not apply the same changes."""
    if settings.database.engine == "sqlite":
        with _lock_file(settings, "migrating") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
