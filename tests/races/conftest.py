"""Races want the machine for themselves: one crowd at a time, however many processes run the tests."""

import fcntl
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests import blank
from tests.races.serving import Installation

# They kill a few processes of their own and wait for others: no crowd.
FEW = {f"test_{name}.py" for name in ("campaigns", "daily_kills", "jobs", "kills", "sending")}


@pytest.fixture(autouse=True)
def _one_crowd_at_a_time(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.path.name in FEW:
        yield
        return
    # Each caller has a connection, and the server has room for one crowd.
    with (Path(os.environ["REGULARS_DATA_DIR"]) / "crowd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def installation(tmp_path: Path, database: str) -> Iterator[Installation]:
    """A server that is not started yet, on a database without rows of the session's kind."""
    if database == "sqlite":
        with Installation(tmp_path, f"sqlite:///{tmp_path / 'shop.sqlite3'}", ("--threads", "8")) as made:
            blank.copy_into(made.env)
            yield made
        return
    base, name = os.environ["REGULARS_DATABASE_URL"].rpartition("/")[0], f"races_{uuid.uuid4().hex}"
    with Installation(tmp_path, f"{base}/{name}", ("--workers", "3", "--threads", "4")) as made:
        blank.copy_into(made.env)
        yield made
    with psycopg.connect(f"{base}/postgres", autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
