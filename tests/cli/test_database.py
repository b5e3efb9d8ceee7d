"""The database before anything happens: made when absent, copied before an upgrade, refused when newer."""

import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from regulars import __version__
from regulars.commands.backup import back_up_sqlite
from regulars.commands.console import Stop
from tests.cli.conftest import Regulars

NEW = ("createbusiness", "Bean", "--owner-email", "a@bean.example")
LATER = "later"  # the app that only the upgraded installation has


@pytest.fixture
def shop(regulars: Regulars, tables: None) -> Regulars:
    """An installation with one business."""
    assert regulars(*NEW).returncode == 0
    return regulars


def backups(regulars: Regulars) -> list[Path]:
    return sorted((regulars.data_dir / "backups").glob("*"))


def test_reading_commands_make_no_database(regulars: Regulars) -> None:
    for command in ("audit", "rollup"):  # and the first one did not make it for the second
        line = regulars.refused(command, status=1)
        assert line == "There is no database yet; `regulars serve` or `regulars createbusiness` makes it."
    assert not regulars.data_dir.exists()


def test_migrate_makes_a_database_and_then_has_nothing_to_do(regulars: Regulars) -> None:
    first = regulars("migrate")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("Applied ")
    assert regulars("migrate").stdout == "The database is up to date.\n"
    assert backups(regulars) == []


def test_an_upgrade_is_made_where_it_was_asked_for_and_never_undone(shop: Regulars, database: str) -> None:
    upgraded = shop.upgraded()
    older = "The database is of an older version (1 change to apply); run `regulars migrate`."
    assert upgraded.refused("audit", status=1) == older
    assert upgraded.refused(*NEW, status=1) == older
    assert backups(shop) == []

    if database == "postgresql":
        assert upgraded.refused("serve", "--port", "0", status=1) == older
        assert upgraded("migrate").stdout == "Applied 1 changes.\n"
    else:
        with upgraded.serving() as server:
            assert server.url
        check_backup(shop)
    assert upgraded("audit").returncode == 0
    before = backups(shop)

    # The earlier version cannot know what the change means, and leaves it alone.
    for command in (["serve", "--port", "0"], ["migrate"], ["audit"]):
        line = shop.refused(*command, status=1)
        assert line.startswith("The database was made by a newer version of Regulars than this one")
        assert f"{LATER}.0001_initial" in line
    assert backups(shop) == before


def check_backup(shop: Regulars) -> None:
    """Whether the only backup is the database as it was."""
    (copy,) = backups(shop)
    assert f"-before-{__version__}" in copy.name
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    applied = "SELECT count(*) FROM django_migrations WHERE app = ?"
    for file, expected in ((copy, 0), (shop.data_dir / "regulars.sqlite3", 1)):
        opened = sqlite3.connect(file)
        assert opened.execute("SELECT count(*) FROM tenants_business").fetchone() == (1,)
        assert opened.execute(applied, [LATER]).fetchone() == (expected,)
        opened.close()


@pytest.mark.once
def test_a_file_that_is_no_database(regulars: Regulars, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but longer than its header would be " * 20)
    line = regulars.refused(*NEW, status=1, REGULARS_DATABASE_URL="sqlite:///notes.txt")
    assert line == "The database cannot be used: file is not a database"


@pytest.mark.once
def test_an_unreachable_postgresql_is_told_without_its_password(regulars: Regulars) -> None:
    url = "postgresql://ann:tell-nobody@127.0.0.1:1/shop"
    line = regulars.refused("serve", "--port", "0", status=1, REGULARS_DATABASE_URL=url)
    assert line.startswith("The database cannot be used: ")
    assert "127.0.0.1" in line
    assert "tell-nobody" not in line


def test_two_that_start_at_once_make_one_database(regulars: Regulars) -> None:
    running = [
        subprocess.Popen(
            [str(Path(sys.executable).parent / "regulars"), *NEW],
            cwd=regulars.folder,
            env=regulars.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    done = [(one.communicate(timeout=120), one.returncode) for one in running]
    assert [status for _, status in done] == [0, 0, 0], done
    assert sorted(json.loads(output)["slug"] for (output, _), _ in done) == ["bean", "bean-2", "bean-3"]


@pytest.mark.once
def test_a_backup_never_overwrites(tmp_path: Path) -> None:
    source = tmp_path / "shop.sqlite3"
    connection = sqlite3.connect(source)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (x)")
    connection.execute("INSERT INTO t VALUES (1)")
    connection.commit()  # still in the log beside the file, and still open
    copies = [back_up_sqlite(source, tmp_path / "backups", label="test") for _ in range(3)]
    connection.close()
    assert len(set(copies)) == 3
    for copy in copies:
        opened = sqlite3.connect(copy)
        assert opened.execute("SELECT x FROM t").fetchall() == [(1,)]
        opened.close()
    assert sorted((tmp_path / "backups").iterdir()) == sorted(copies)


@pytest.mark.once
def test_a_damaged_database_is_not_upgraded(tmp_path: Path) -> None:
    source = tmp_path / "shop.sqlite3"
    connection = sqlite3.connect(source)
    connection.execute("CREATE TABLE t (x)")
    connection.executemany("INSERT INTO t VALUES (?)", [("x" * 1000,)] * 200)
    connection.execute("CREATE INDEX i ON t (x)")
    connection.commit()
    connection.close()
    with source.open("r+b") as file:
        file.seek(4096 * 8)
        file.write(os.urandom(4096))
    with pytest.raises((Stop, sqlite3.DatabaseError)):
        back_up_sqlite(source, tmp_path / "backups", label="test")
    assert list((tmp_path / "backups").iterdir()) == []
