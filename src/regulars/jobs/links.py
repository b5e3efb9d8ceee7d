"""Database connections of threads that work in the background."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

# Only the process that serves may fold SQLite's log of changes back into the database (docs/decisions/0008).
# A thread that looks at a few rows again and again needs little memory for pages.
_SQLITE = "PRAGMA wal_autocheckpoint=0;PRAGMA cache_size=-2048;"


@contextmanager
def own_connection() -> Iterator[None]:
    """Within it the calling thread has a database connection of its own, made for work in the background.

    It stays so however often the connection is lost and made anew. Closed at the end.
    """
    before = connections[DEFAULT_DB_ALIAS]
    link: Any = connections.create_connection(DEFAULT_DB_ALIAS)
    if link.vendor == "sqlite":
        options = link.settings_dict["OPTIONS"]
        options = {**options, "init_command": options.get("init_command", "") + _SQLITE}
        link.settings_dict = {**link.settings_dict, "OPTIONS": options}
    connections[DEFAULT_DB_ALIAS] = link
    try:
        yield
    finally:
        link.close()
        connections[DEFAULT_DB_ALIAS] = before
