"""The server, and the database, are killed under clients that write: nothing acknowledged is lost or doubled.

Short in ordinary runs; SOAK=1 in the environment makes it long.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest
from django.db import connection

from regulars import db
from tests.races.clients import Ask, Clients, nothing_lost_nothing_doubled, open_shop
from tests.races.cluster import Cluster
from tests.races.serving import Installation

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="only Linux says in /proc who started whom"
)

LONG = bool(os.environ.get("SOAK"))
CLIENTS = 32 if LONG else 16
SERVER_KILLS = 100 if LONG else 3
DATABASE_KILLS = 30 if LONG else 2
# Seconds. Machines are shared and noisy, so it may also be some times what an ordinary start took just now.
BACK_WITHIN = 5.0
DATABASE_BACK_WITHIN = 10.0
TIMES_A_START = 4
KINDS: tuple[Literal["all", "parent", "worker"], ...] = ("all", "parent", "worker")


def asking(url: str) -> Ask:
    """Questions to a database, behind the product's back."""

    def ask(question: str) -> list[tuple[Any, ...]]:
        if url.startswith("sqlite:///"):
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as link:
                return list(link.execute(question))
        with psycopg.connect(url) as link:
            return link.execute(question).fetchall()

    return ask


def test_the_server_is_killed_under_writing_clients(installation: Installation) -> None:
    api_key, cards, start = open_shop(installation, cards=24)
    clients = Clients(installation.port, api_key, cards, CLIENTS)
    limit = max(BACK_WITHIN, TIMES_A_START * start)
    with clients.working():
        clients.wait_for(200)
        for kind in islice(cycle(KINDS), SERVER_KILLS):
            installation.kill(kind)
            if kind != "worker":  # a worker is replaced by the server itself
                installation.start()
            # More than one of each client: so these are not answers that were on their way.
            assert clients.wait_for(CLIENTS + 1) < limit, kind
            clients.wait_for(100)
    assert clients.retries
    nothing_lost_nothing_doubled(clients, asking(installation.database_url), installation)
    report = installation.audit()
    assert report["checked"]["entry"] > 200


@pytest.mark.django_db
def test_a_commit_waits_for_the_disk() -> None:
    """No kill of a process shows it, but a power cut would."""
    if connection.vendor == "sqlite":
        assert db.run("PRAGMA synchronous") == [(2,)]  # FULL
        assert db.run("PRAGMA journal_mode") == [("wal",)]
        return
    # PostgreSQL waits unless somebody tells it not to, and we never do.
    asked = db.run("SELECT name, source FROM pg_settings WHERE name IN ('synchronous_commit', 'fsync')")
    assert len(asked) == 2
    assert not [name for name, source in asked if source in {"client", "session", "user", "database"}]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    yield made
    made.remove()


@pytest.mark.skipif(
    "config.getoption('--database') == 'sqlite'", reason="SQLite lives in the server's processes"
)
def test_postgresql_is_killed_under_writing_clients(cluster: Cluster, tmp_path: Path) -> None:
    with Installation(tmp_path, cluster.url("shop"), ("--workers", "2", "--threads", "4")) as installation:
        api_key, cards, start = open_shop(installation, cards=24)
        clients = Clients(installation.port, api_key, cards, CLIENTS)
        limit = max(DATABASE_BACK_WITHIN, TIMES_A_START * start)
        with clients.working():
            clients.wait_for(200)
            for number in range(DATABASE_KILLS):
                if number % 2:
                    cluster.kill_a_backend()  # from which it recovers by itself
                else:
                    cluster.kill()
                    cluster.start()
                assert clients.wait_for(CLIENTS + 1) < limit
                clients.wait_for(100)
        assert set(clients.retries) <= {"unavailable", "idempotency_still_running"}
        assert clients.retries["unavailable"]
        nothing_lost_nothing_doubled(clients, asking(installation.database_url), installation)
        installation.audit()
