"""An installation of the version before, brought up to date with what lies in it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests import blank
from tests.cli.conftest import Regulars
from tests.cli.shape import filled, shape

ROOT = Path(__file__).parents[2]


def program(regulars: Regulars, name: str) -> str:
    """What a program of tests/cli/older says in this installation."""
    env = {**regulars.env, "DJANGO_SETTINGS_MODULE": "regulars.settings", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", f"tests.cli.older.{name}"],
        cwd=regulars.folder, env=env, check=True, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip


@pytest.fixture
def older(regulars: Regulars) -> Regulars:
    """An installation of the version before, with a shop."""
    regulars.data_dir.mkdir()
    if url := regulars.env.get("REGULARS_DATABASE_URL"):
        server, _, name = url.rpartition("/")
        with psycopg.connect(f"{server}/postgres", autocommit=True) as link:
            link.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    program(regulars, "make")
    return regulars


@pytest.fixture
def new(regulars: Regulars) -> Iterator[Regulars]:
    """An installation beside it that was made today."""
    env = {**regulars.env, "REGULARS_DATA_DIR": str(regulars.folder / "new")}
    server, _, name = env.get("REGULARS_DATABASE_URL", "").rpartition("/")
    if server:
        env["REGULARS_DATABASE_URL"] = f"{server}/{name}_new"
    blank.copy_into(env)
    yield Regulars(regulars.folder, env)
    if server:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as link:
            link.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(f"{name}_new")))


def test_a_database_of_the_version_before_is_as_good_as_new(older: Regulars, new: Regulars) -> None:
    migrated = older("migrate")
    assert migrated.returncode == 0, migrated.stderr
    # It went through each migration as Django has it, the new one in a hurry: 0031-new-databases.md.
    assert shape(older.env) == shape(new.env)
    audited = older("audit")
    assert audited.returncode == 0, audited
    told: dict[str, Any] = json.loads(program(older, "use"))
    assert told == {
        "reopened": 9,  # entries 7 and 8 were erased: their numbers are below what is rolled up
        "undone": 2,
        "member": 4,  # nobody becomes who was erased
        "rolled up": 4,
        "watermark": 12,
        "stamps": 7,
        "pending": 1,
        "erased": [2, 4],
        "differences": [],
    }


def test_a_new_database_has_no_row_but_what_django_keeps_there(new: Regulars) -> None:
    assert filled(new.env) == {"auth_permission", "django_content_type", "django_migrations"}


def test_going_back_leaves_entries_guarded(regulars: Regulars, tables: None) -> None:
    assert program(regulars, "back") == "1"
