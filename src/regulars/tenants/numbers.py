"""Numbers for the codes of busy records: each business counts its own, and its tills do not queue for them.

A counter that everybody must move is a row at which all tills of a business wait for each other. Here there
are several, each with every so many-th number, and whoever needs a number takes the lowest that nobody holds
just now. While one comes after the other the numbers are 1, 2, 3; of those who come at once each gets one of
its own, and the ones that were passed over are given next. So are the numbers of whoever was refused.
"""

from __future__ import annotations

from typing import Final

from regulars import db
from regulars.rules import codes

# So many may draw a number for one kind of record of a business at the same moment.
COUNTERS: Final = 16

# In `last` stands the number that the counter gives next. SQLite has one writer anyway.
_DRAW: Final = f"""
UPDATE tenants_counter SET last = last + {COUNTERS} WHERE id = (
    SELECT id FROM tenants_counter WHERE business_id = %s AND kind IN ({", ".join(["%s"] * COUNTERS)})
    ORDER BY last LIMIT 1{{lock}}
) RETURNING last - {COUNTERS} AS number"""
_SQLITE_DRAW: Final = _DRAW.format(lock="")
# On PostgreSQL another statement may draw on its way, with `draw_params`; it finds nothing where `draw_code`
# has more to do.
DRAW: Final = _DRAW.format(lock=" FOR UPDATE SKIP LOCKED")
# The highest id of which a code was made, as codes were before there were counters.
_BEFORE: Final = "SELECT COALESCE(MAX(id), 0) FROM {table} WHERE business_id = %s AND code = %s || {digits}"
_PG_DIGITS: Final = "CASE WHEN id < 1000000 THEN lpad(id::text, 6, '0') ELSE id::text END"
_SQLITE_DIGITS: Final = "CASE WHEN id < 1000000 THEN substr('000000' || id, -6) ELSE CAST(id AS TEXT) END"
_ROWS: Final = ", ".join(["(%s, %s, %s)"] * COUNTERS)
_BEGIN: Final = f"INSERT INTO tenants_counter (business_id, kind, last) VALUES {_ROWS} ON CONFLICT DO NOTHING"


def draw_code(*, business_id: int, letter: str, table: str) -> str:
    """The next code of the business for one of the rows of `table`, such as T000001. Within a transaction.

    Somebody may have given it by hand: then the caller draws again. A business that has records from the time
    before it counted by itself goes on behind them. When more draw at once than there are counters, the
    number is an id of the table rather than a wait.
    """
    found = _drawn(business_id, letter)
    if found is None:
        _begin(business_id, letter, table)
        found = _drawn(business_id, letter)
    return codes.numbered_code(letter, db.next_id(table) if found is None else found)


def draw_params(business_id: int, letter: str) -> list[object]:
    """What `DRAW` asks for."""
    return [business_id, *_kinds(letter)]


def _drawn(business_id: int, letter: str) -> int | None:
    rows = db.run(DRAW if db.is_postgresql() else _SQLITE_DRAW, draw_params(business_id, letter))
    return int(rows[0][0]) if rows else None


def _begin(business_id: int, letter: str, table: str) -> None:
    """Make the counters where they are not there yet."""
    here = "SELECT 1 FROM tenants_counter WHERE business_id = %s AND kind = %s"
    if db.run(here, (business_id, _kinds(letter)[0])):
        return
    digits = _PG_DIGITS if db.is_postgresql() else _SQLITE_DIGITS
    found = db.run(_BEFORE.format(table=table, digits=digits), (business_id, letter))
    before = int(found[0][0])
    rows = ((business_id, name, before + place) for place, name in enumerate(_kinds(letter), start=1))
    db.run(_BEGIN, [value for row in rows for value in row])


def _kinds(letter: str) -> list[str]:
    return [f"{letter}/{place}" for place in range(COUNTERS)]
