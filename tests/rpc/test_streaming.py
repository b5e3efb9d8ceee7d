"""All members at once: 200,000 rows in one answer, and no more memory for it than for a few."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection

from tests.factories import Shop
from tests.rpc.support import Rpc, answered

pytestmark = pytest.mark.django_db

MANY = 200_000
# The house allows 50 MB for an answer of any length; the pages of rows and the garbage between them count.
MOST_KILOBYTES = 50 * 1024


def multiply(table: str, number: int, **changed: str) -> None:
    """Copy a table's only row so often; `changed` says in SQL what differs, where `n` counts from 1."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        columns = [column[0] for column in cursor.description or ()]
        values = ", ".join(changed.get(column, f"t.{column}") for column in columns)
        cursor.execute(
            "WITH RECURSIVE numbers (n) AS "
            f"(SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {number}) "
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} t, numbers"
        )


def peak_kilobytes() -> int:
    """The most memory that this process ever had since `forget_peak`."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


@pytest.mark.once  # what differs between the databases is the reading of a page, which has tests of its own
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured as Linux shows it")
def test_so_many_members_take_no_more_memory_than_a_few(shop: Shop, rpc: Rpc) -> None:
    card = shop.enrol("Zoë & Sons Brontë")
    multiply("members_member", MANY - 1, id=f"{card.member_id} + n", code="'X' || n")
    multiply(
        "ledger_card", MANY - 1, id=f"{card.pk} + n", member_id=f"{card.member_id} + n", qr_code="'q' || n"
    )
    answered(rpc.form(rpc.pairs("get_members", limit=1_000))).done.rows  # noqa: B018 - warms up
    forget_peak()
    before = peak_kilobytes()
    response = rpc.form(rpc.pairs("get_members", api_format="xml_rooted"))
    assert response.streaming
    length = rows = 0
    status, tail = b"", b""
    for piece in response.streaming_content:  # type: ignore[attr-defined]
        status = status or piece[:200]
        seam = tail[-20:] + piece
        rows += seam.count(b"</first_name>") - tail[-20:].count(b"</first_name>")
        length += len(piece)
        tail = piece
    assert peak_kilobytes() - before < MOST_KILOBYTES
    assert f"<status>{MANY} results found</status>".encode() in status
    assert rows == MANY
    assert length == int(response.headers["Content-Length"]) > MANY * 500
