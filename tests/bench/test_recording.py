"""What a request executes is recorded from the product, with where each value comes from."""

import datetime as dt
import re
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django_scopes import scopes_disabled

from bench import pgbench, recording, sqlite_loop
from bench.recording import Joined, Seen, Step
from bench.shop import Shop
from bench.statements import Ref
from bench.workloads import WORKLOADS
from regulars.members.models import MemberGroup
from regulars.sales.models import Sale
from tests.sales.till import make_till

once = pytest.mark.once
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def runs(
    *steps: tuple[str, tuple[object, object], tuple[str, ...], tuple[object, object]],
) -> list[list[Seen]]:
    """Two runs: statement, one parameter in each, columns, and one value returned in each."""
    return [
        [
            Seen(sql, (params[run],), columns, [(values[run],) * len(columns)] if columns else [])
            for sql, params, columns, values in steps
        ]
        for run in (0, 1)
    ]


NOTHING = (None, None)


@once
def test_values_come_from_what_was_asked_or_returned_before() -> None:
    steps = recording.explain(
        ["A1", "B2"],
        runs(
            ("SELECT id WHERE code = %s", ("A1", "B2"), ("id",), (17, 42)),
            ("UPDATE x WHERE id = %s", (17, 42), (), NOTHING),
            ("INSERT %s", ("sale:17", "sale:42"), (), NOTHING),
            ("INSERT %s", (5, 5), (), NOTHING),
            ("INSERT %s", ('{"id": 17}', '{"id": 42}'), (), NOTHING),
            ("INSERT %s", (NOW, NOW + dt.timedelta(1)), (), NOTHING),
            ("INSERT %s", (Decimal("1.50"), Decimal("1.50")), (), NOTHING),
        ),
    )
    assert [step.params for step in steps] == [
        (Ref("asked"),),
        (Ref("s0_id"),),
        (Joined("sale:", Ref("s0_id"), ""),),
        (5,),
        ('{"id": 17}',),
        (NOW,),
        ("1.50",),
    ]
    assert [step.looked_at for step in steps] == [True, *[False] * 6]


@once
def test_columns_of_one_name_are_told_apart() -> None:
    seen = [
        [Seen("SELECT a.id, b.id", (), ("id", "id"), [(1, 7)]), Seen("UPDATE %s", (7,))],
        [Seen("SELECT a.id, b.id", (), ("id", "id"), [(2, 9)]), Seen("UPDATE %s", (9,))],
    ]
    read, write = recording.explain(["A", "B"], seen)
    assert (read.columns, read.renamed, write.params) == (("id_0", "id_1"), True, (Ref("s0_id_1"),))
    script = pgbench.write_steps([read, write], number=5, asked=":number", sequential=False)
    assert "SELECT * FROM (SELECT a.id, b.id) AS found (id_0, id_1) \\gset s0_" in script.text
    assert "UPDATE :s0_id_1;" in script.text


@once
def test_a_value_from_nowhere_and_requests_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="nobody knows where 3 and 4 come from"):
        recording.explain(["A", "B"], runs(("SELECT %s", (3, 4), (), NOTHING)))
    with pytest.raises(ValueError, match="different statements"):
        recording.explain(["A", "B"], [[Seen("SELECT 1")], [Seen("SELECT 2")]])


@once
def test_a_write_that_meets_another_one_rolls_its_transaction_back() -> None:
    steps = [
        Step("BEGIN", (), ()),
        Step("INSERT INTO a VALUES (%s) RETURNING id", (1,), ("id",), rows=1, looked_at=True),
        Step("WITH c AS (UPDATE b) SELECT id FROM c WHERE id = %s", (Ref("s1_id"),), ("id",), rows=1),
        Step("COMMIT", (), ()),
        Step("SELECT %s WHERE x LIKE 'a%%'", (Joined("T", Ref("s1_id"), ""),), ("x",), rows=1),
    ]
    script = pgbench.write_steps(steps, number=16, asked="7 + :number", sequential=True)
    assert script.variables == {"c0": "1"}
    assert script.text.splitlines() == [
        "\\set turn :turn + 1",
        "\\set number :start + :client_id + 16 * :turn",
        "\\set asked 7 + :number",
        "BEGIN;",
        "\\set s1_id 0",
        "INSERT INTO a VALUES (:c0) RETURNING id \\aset s1_",
        "\\if :s1_id > 0",
        "\\set s2_id 0",
        "WITH c AS (UPDATE b) SELECT id FROM c WHERE id = :s1_id \\aset s2_",
        "\\if :s2_id > 0",
        "COMMIT;",
        "\\else",
        "ROLLBACK;",
        "\\endif",
        "\\else",
        "ROLLBACK;",
        "\\endif",
        "SELECT ('T' || :s1_id || '') WHERE x LIKE 'a%';",
    ]


@once
def test_the_loop_hands_values_on_and_stops_when_rows_are_missing(tmp_path: Path) -> None:
    file = tmp_path / "loop.sqlite3"
    with sqlite3.connect(file) as link:
        link.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, code TEXT, source TEXT)")
    link.close()
    insert = Step(
        "INSERT INTO a (code) VALUES (%s) RETURNING id", (Ref("asked"),), ("id",), 1, looked_at=True
    )
    update = Step(
        "UPDATE a SET source = %s WHERE id = %s", (Joined("a:", Ref("s0_id"), "!"), Ref("s0_id")), ()
    )
    given = {
        "path": str(file),
        "pragmas": "PRAGMA synchronous = OFF",
        "workload": WORKLOADS["vouchers"],
        "shop": Shop("key", 1, 1, 10),
        "first": 5,
        "warm_up": 0.0,
        "seconds": 0.2,
    }
    done = sqlite_loop.run_steps(steps=[insert, update], **given)  # type: ignore[arg-type]
    with sqlite3.connect(file) as link:
        rows = link.execute("SELECT id, code, source FROM a ORDER BY id").fetchall()
    link.close()
    assert len(rows) == done.transactions > 1
    assert rows[:2] == [(1, "20000000005", "a:1!"), (2, "20000000006", "a:2!")]
    missing = Step("SELECT id FROM a WHERE id = %s", (-1,), ("id",), 1)
    with pytest.raises(RuntimeError, match="0 rows and not 1"):
        sqlite_loop.run_steps(steps=[missing], **given)  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
def test_everything_that_a_sale_executes_is_seen() -> None:
    till = make_till()
    till.promotion()
    card = till.shop.enrol()
    sold: list[Sale] = []
    seen = recording.watch(lambda: sold.append(till.sell(card)))
    assert sold[0].points == 10
    verbs = [re.sub(r"[^A-Z].*", "", one.sql.strip(), flags=re.DOTALL) for one in seen]
    assert verbs[0] == "BEGIN"
    assert verbs[-1] == "COMMIT"
    assert verbs.count("BEGIN") == verbs.count("COMMIT") == 1
    assert len(verbs) > 6
    (read,) = [one for one in seen if "FROM promotions_promotion" in one.sql]
    assert [row[1] for row in read.rows] == ["P1"]


@pytest.mark.django_db(transaction=True)
def test_what_was_seen_can_be_fetched_again() -> None:
    till = make_till()
    with scopes_disabled():
        MemberGroup.objects.bulk_create(
            MemberGroup(business=till.shop.business, code=code, name=code) for code in "ABC"
        )
        found: list[str] = []
        seen = recording.watch(lambda: found.extend(MemberGroup.objects.values_list("code", flat=True)))
    assert sorted(found) == ["A", "B", "C"]
    assert len(seen[0].rows) == 3


@pytest.mark.django_db(transaction=True)
def test_watching_leaves_the_connection_as_it_was() -> None:
    commit = connection.commit
    recording.watch(lambda: None)
    assert connection.commit == commit
    assert connection.execute_wrappers == []
