"""The small helpers around the connection."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from regulars import db


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_is_the_first_thing_that_a_connection_may_do() -> None:
    def first() -> int:
        assert connection.connection is None
        try:
            with db.snapshot():
                return int(db.run("SELECT 1")[0][0])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(first).result() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("some", [[], [2], [1, 3, 4_000_000_000_000]])
def test_one_of_many_numbers_is_found(some: list[int]) -> None:
    table = "(SELECT 1 AS n UNION SELECT 2 UNION SELECT 3 UNION SELECT 4000000000000) t"
    rows = db.run(f"SELECT n FROM {table} WHERE {db.any_of('t.n')} ORDER BY n", (db.numbers(some),))
    assert [row[0] for row in rows] == some
