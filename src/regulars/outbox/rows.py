"""Many rows as one parameter of a hand-written statement, which is then the same for any number of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from regulars import db


def table(columns: Mapping[str, str]) -> str:
    """What stands behind FROM: a table `v` of these columns, with their types, out of one parameter."""
    if db.is_postgresql():
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        return f"json_to_recordset(%s::json) AS v({typed})"
    read = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
    return f"(SELECT {read} FROM json_each(%s)) AS v"


def parameter(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows as that parameter. Points in time go through `db.moment` first."""
    return orjson.dumps(list(rows)).decode()
