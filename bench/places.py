"""Where a run keeps its databases, and how the product is told about them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench import servers
from tests.postgres import Server


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone afterwards: in /tmp like that of PostgreSQL, so both are on one kind of disk."""
    with tempfile.TemporaryDirectory(prefix="regulars-bench-", dir="/tmp") as name:
        yield Path(name)


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty database of the kind "postgresql" or "sqlite"."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'product.sqlite3'}"
        return
    with servers.postgresql() as server:
        execute(server, "postgres", "CREATE DATABASE product")
        yield server.url("product")


def environment(folder: Path, database_url: str) -> dict[str, str]:
    """The settings of a Regulars that is measured: its defaults on this database, over plain HTTP."""
    return {
        "REGULARS_DATA_DIR": str(folder / "data"),
        "REGULARS_DATABASE_URL": database_url,
        "REGULARS_ALLOW_HTTP": "loopback",
        "REGULARS_EMAIL_URL": "dummymail://",
    }


def execute(server: Server, database: str, *statements: str) -> None:
    """Run statements, each in a transaction of its own."""
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
