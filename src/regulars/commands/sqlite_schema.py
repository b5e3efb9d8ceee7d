"""What SQLite needs beside Django's migrations: ids that are not given again, triggers that stay, and a sense
of proportion.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from django.db.backends.sqlite3.schema import DatabaseSchemaEditor
from django.db.backends.utils import CursorWrapper
from django.db.models import Model

# Without statistics SQLite takes as many rows for as likely behind `business_id = ?` as behind `card_id = ?`,
# and may read all that a business ever had to find what one customer has. So it is told what to believe
# (https://sqlite.org/lang_analyze.html, "Fixed Results Of ANALYZE"): each table has as many ROWS as SQLite
# takes any to have; of those with rows of customers a business has OF_BUSINESS, and whatever else is in the
# index narrows that down to NARROWED.
# Whoever has to look at all that a business has should not read it by name, or by day, from all over the
# table: through an index that is not in the order of the ids it is said to be SCATTERED, and more.
ROWS, OF_BUSINESS, SCATTERED, NARROWED = 2**20, 10_000, 20_000, 10

_INDEXES = """
SELECT t.name, i.name, i."unique", (SELECT count(*) FROM pragma_index_info(i.name)),
    EXISTS (SELECT 1 FROM pragma_index_info(i.name) n WHERE n.seqno = 1 AND n.name = 'id')
FROM sqlite_master t JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c
WHERE t.type = 'table' AND NOT i.partial AND c.seqno = 0 AND c.name = 'business_id' AND (
    t.name = 'members_member'
    OR EXISTS (SELECT 1 FROM pragma_table_info(t.name) m WHERE m.name IN ('member_id', 'card_id')))"""


class SqliteSchemaEditor(DatabaseSchemaEditor):
    """Changes tables as Django does; what it adds is in the transaction of the migration itself.

    *Each table goes on counting where it was.* SQLite remembers the highest id that a table ever gave, but
    one that is made anew, to change it, knows only the ids that are in it: the next row would get that of one
    that was deleted, such as an erased member. And an entry below the watermark would never be rolled up
    (docs/decisions/0003).

    *Indexes that begin with the business are known to hold much of the same.* So the planner takes those of
    the card, the member or the code. Nobody has to run ANALYZE, and no plan changes from one day to the next.

    *Each table keeps its triggers.* They go with a table that is made anew, and nobody would notice: sales
    and vouchers would no longer be counted (docs/decisions/0025).
    """

    def _remake_table(self, model: type[Model], *args: Any, **kwargs: Any) -> None:
        table = model._meta.db_table  # noqa: SLF001 - Django's name for it
        with self.connection.cursor() as cursor:
            kept = _triggers(cursor, table)
            super()._remake_table(model, *args, **kwargs)  # type: ignore[misc]
            there = {name for name, _ in _triggers(cursor, table)}
        for name, statement in kept:
            if name not in there:
                self.execute(statement)

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
            for statement in self.deferred_sql:  # indexes, which the parent would make afterwards
                self.execute(statement)
            self.deferred_sql.clear()
            with self.connection.cursor() as cursor:
                self._count_on(cursor)
                _estimate(cursor)
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


def _triggers(cursor: CursorWrapper, table: str) -> list[tuple[str, str]]:
    """The triggers of a table, with the statements that made them."""
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
    return list(cursor.fetchall())


def _given(cursor: CursorWrapper) -> dict[str, int]:
    """The highest id that each table ever gave."""
    cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")
    if cursor.fetchone() is None:  # a database without such a table yet
        return {}
    cursor.execute("SELECT name, seq FROM sqlite_sequence")
    return dict(cursor.fetchall())


def _estimate(cursor: CursorWrapper) -> None:
    """Write what the planner is to believe, and let this connection read it."""
    cursor.execute("ANALYZE sqlite_master")  # makes the table of statistics
    cursor.execute("DELETE FROM sqlite_stat1")
    cursor.execute(
        "INSERT INTO sqlite_stat1 (tbl, stat) SELECT name, %s FROM sqlite_master "
        "WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'",
        [str(ROWS)],
    )
    cursor.execute(_INDEXES)
    for table, index, unique, columns, by_id in cursor.fetchall():
        rows = [ROWS, OF_BUSINESS if by_id else SCATTERED, *[NARROWED] * (columns - 1)]
        if unique:
            rows[-1] = 1
        text = " ".join([*map(str, rows), "noskipscan"])
        cursor.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (%s, %s, %s)", [table, index, text])
    cursor.execute("ANALYZE sqlite_master")
