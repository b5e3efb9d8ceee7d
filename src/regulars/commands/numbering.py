"""Ids that were given once are not given again, though SQLite makes a table anew to change it."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from django.db.backends.sqlite3.schema import DatabaseSchemaEditor
from django.db.backends.utils import CursorWrapper


class CountsOn(DatabaseSchemaEditor):
    """Changes tables as Django does, and lets each go on counting where it was.

    SQLite remembers the highest id that a table ever gave. A table that is made anew knows only those that
    are in it: the next row would get the id of one that was deleted, such as an erased member. And an entry
    below the watermark would never be rolled up (docs/decisions/0003). The memory is put back in the
    transaction of the migration itself, so that there is no moment without it.
    """

    def __enter__(self) -> Self:
        super().__enter__()
        with self.connection.cursor() as cursor:
            self._given = _given(cursor)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type is None:
            with self.connection.cursor() as cursor:
                self._count_on(cursor)
        super().__exit__(exc_type, exc_value, traceback)

    def _count_on(self, cursor: CursorWrapper) -> None:
        now = _given(cursor)
        for table, last in self._given.items():
            if table not in now:  # it is empty, or gone
                cursor.execute(
                    "INSERT INTO sqlite_sequence (name, seq) SELECT name, %s FROM sqlite_master "
                    "WHERE type = 'table' AND name = %s",
                    [last, table],
                )
            elif now[table] < last:
                cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [last, table])


def _given(cursor: CursorWrapper) -> dict[str, int]:
    """The highest id that each table ever gave."""
    cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")
    if cursor.fetchone() is None:  # a database without such a table yet
        return {}
    cursor.execute("SELECT name, seq FROM sqlite_sequence")
    return dict(cursor.fetchall())
