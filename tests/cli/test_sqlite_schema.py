"""A table of SQLite that is made anew goes on counting where it was."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connections, models
from pytest_django import DjangoDbBlocker

from regulars.commands.sqlite_schema import SqliteSchemaEditor

pytestmark = pytest.mark.once

ALIAS = "numbering"
TABLE = "CREATE TABLE {} (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, text varchar NOT NULL)"
ANEW = (
    TABLE.format("new__member"),
    "INSERT INTO new__member SELECT * FROM member",
    "DROP TABLE member",
    "ALTER TABLE new__member RENAME TO member",
)


@pytest.fixture
def shop(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    rows = [f"INSERT INTO {name} (text) VALUES ('{n}')" for n in range(5) for name in ("member", "card")]
    connections.databases[ALIAS] = connections.databases["default"] | {"NAME": tmp_path / "shop.sqlite3"}
    link: Any = connections[ALIAS]
    with django_db_blocker.unblock():
        change(link, *map(TABLE.format, ("member", "card")))  # the first change finds no table at all
        change(link, *rows)
        yield link
        link.close()
    del connections[ALIAS], connections.databases[ALIAS]


def change(link: Any, *statements: str) -> None:
    """A migration that does this."""
    with SqliteSchemaEditor(link) as editor:
        for statement in statements:
            editor.execute(statement)


def given(link: Any) -> dict[str, int]:
    with link.cursor() as cursor:
        cursor.execute("SELECT name, seq FROM sqlite_sequence")
        return dict(cursor.fetchall())


@pytest.mark.parametrize("erased", ["id = 5", "id > 1", "id > 0", "id = 2"])
def test_the_number_of_an_erased_row_is_not_given_again(shop: Any, erased: str) -> None:
    change(shop, f"DELETE FROM member WHERE {erased}", *ANEW)
    assert given(shop) == {"member": 5, "card": 5}
    with shop.cursor() as cursor:
        cursor.execute("INSERT INTO member (text) VALUES ('new') RETURNING id")
        assert cursor.fetchone() == (6,)


def test_rows_that_a_change_writes_count(shop: Any) -> None:
    change(shop, *ANEW, "INSERT INTO member (text) VALUES ('6')")
    assert given(shop) == {"member": 6, "card": 5}


def test_a_table_that_goes_leaves_no_number(shop: Any) -> None:
    change(shop, "DROP TABLE card")
    assert given(shop) == {"member": 5}


def test_a_change_that_fails_leaves_all_as_it_was(shop: Any) -> None:
    with pytest.raises(IntegrityError):
        change(shop, "DELETE FROM member", *ANEW, "INSERT INTO member (text) VALUES (NULL)")
    assert given(shop) == {"member": 5, "card": 5}
    with shop.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM member")
        assert cursor.fetchone() == (5,)


class Member(models.Model):
    """The table of these tests, as Django sees it."""

    text = models.CharField(max_length=20)

    class Meta:
        app_label = "numbering"
        db_table = "member"
        managed = False

    def __str__(self) -> str:
        return self.text


def test_a_table_that_django_makes_anew_keeps_its_triggers(shop: Any) -> None:
    change(
        shop,
        "CREATE TRIGGER told AFTER INSERT ON member BEGIN INSERT INTO card (text) VALUES (NEW.text); END",
    )
    wider = models.CharField(max_length=20, default="x", db_default="x")
    wider.set_attributes_from_name("text")
    wider.model = Member
    with SqliteSchemaEditor(shop) as editor:
        editor.alter_field(Member, Member._meta.get_field("text"), wider)
    with shop.cursor() as cursor:
        cursor.execute("INSERT INTO member (text) VALUES ('new')")
        cursor.execute("SELECT count(*) FROM card WHERE text = 'new'")
        assert cursor.fetchone() == (1,)
