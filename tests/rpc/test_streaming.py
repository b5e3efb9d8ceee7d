"""All members of a large business in one answer: every one of them once, in constant memory.

`SOAK=1` makes it larger.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.db import connection
from django_scopes import scope

from regulars.ledger.models import Card
from regulars.members.models import Member
from tests.factories import make_shop
from tests.rpc.till import Till

pytestmark = [pytest.mark.usefixtures("forgets_statistics"), pytest.mark.django_db]

LONG = bool(os.environ.get("SOAK"))
MEMBERS = 200_000 if LONG else 40_000
MOST_GROWTH = 20 * 1024 * 1024  # the answer is more than twice that, and the records many times


def fill(shop_id: int, template: Member, card: Card, number: int) -> None:
    """Copies of a member and their card, made by the database."""
    columns = {str(field.column) for field in Member._meta.fields} - {"id", "code"}
    listed = ", ".join(f'"{name}"' for name in sorted(columns))
    counted = (
        "SELECT generate_series AS n FROM generate_series(1, %s)"
        if connection.vendor == "postgresql"
        else "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %s) SELECT n FROM c"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO members_member (code, {listed}) SELECT 'X' || s.n, {listed} "
            f"FROM members_member, ({counted}) s WHERE id = %s",
            (number, template.pk),
        )
        held = {str(field.column) for field in Card._meta.fields} - {"member_id", "qr_code"}
        listed = ", ".join(f'c."{name}"' for name in sorted(held))
        into = ", ".join(f'"{name}"' for name in sorted(held))
        cursor.execute(
            f"INSERT INTO ledger_card (member_id, qr_code, {into}) SELECT m.id, 'q' || m.id, {listed} "
            "FROM members_member m, ledger_card c "
            "WHERE m.business_id = %s AND m.id <> %s AND c.member_id = %s",
            (shop_id, template.pk, card.pk),
        )
        cursor.execute("ANALYZE")  # as a database does by itself in time


def peak() -> int:
    """The most memory that this process has had since `forget_peak`, in bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024  # type: ignore[index]


def forget_peak() -> None:
    """Without this, a test before this one that took more would hide everything."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def test_all_members_come_in_constant_memory(tmp_path: Path) -> None:
    shop = make_shop()
    till = Till(shop)
    till.call("add_member", {"first_name": "Nora", "last_name": "Whitfield", "_metadata01": "x" * 200})
    till.call("get_members")
    with scope(business=shop.business):
        template = Member.objects.get()
        fill(shop.id, template, Card.objects.get(), MEMBERS - 1)
    forget_peak()
    before = peak()
    response = till.raw("get_members", options={"api_format": "xml"})
    received, file = 0, tmp_path / "members.xml"
    with file.open("wb") as kept:
        for piece in response:
            assert len(piece) <= 1024 * 1024
            received += kept.write(piece)
    grown = peak() - before
    assert received == int(response["Content-Length"]) > 2 * MOST_GROWTH
    assert grown < MOST_GROWTH
    codes = re.compile(rb"<code>([^<]+)</code>")
    seen: set[bytes] = set()
    with file.open("rb") as kept:
        assert b"<status>%d results found</status>" % MEMBERS in kept.read(200)
        for line in kept:
            seen.update(codes.findall(line))
    assert len(seen) == MEMBERS
