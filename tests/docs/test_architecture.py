"""The architecture page is about this code and not about an earlier one."""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.support import Rest
from tests.docs import pages
from tests.factories import make_shop

PAGE = pages.DOCS / "architecture.md"
PACKAGE = pages.ROOT / "src" / "regulars"


def table(title: str) -> list[dict[str, str]]:
    (only,) = pages.tables(pages.section(PAGE, title).text)
    return only


@pytest.mark.once
def test_the_layers_are_those_of_the_import_contract() -> None:
    contracts = tomllib.loads(pages.read(pages.ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one["type"] == "layers"]
    (drawing,) = [block for block in pages.blocks(PAGE) if block.language == "text"]
    assert drawing.text.splitlines() == [layer.replace("regulars.", "") for layer in layers]


@pytest.mark.once
def test_every_room_is_described() -> None:
    told = {name for row in table("Rooms") for name in pages.code(row["Room"])}
    (drawing,) = [block for block in pages.blocks(PAGE) if block.language == "text"]
    assert told == set(re.findall(r"\w+", drawing.text))
    assert all((PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file() for name in told)


@pytest.mark.once
def test_every_table_is_described() -> None:
    ours = [model for model in apps.get_models() if model.__module__.startswith("regulars.")]
    told = [name for row in table("Data model") for name in pages.code(row["Table"])]
    assert sorted(told) == sorted(model._meta.db_table for model in ours)
    shared = {"tenants_business", "tenants_user", "analytics_watermark", "jobs_job", "jobs_scheduledrun"}
    assert shared == {
        model._meta.db_table
        for model in ours
        if "business" not in {field.name for field in model._meta.fields}
    }


def number(where: str) -> float:
    module, _, name = where.partition(":")
    value: Any = getattr(settings if module == "regulars.settings" else importlib.import_module(module), name)
    return value.total_seconds() / 3600 if isinstance(value, dt.timedelta) else float(value)


@pytest.mark.once
@pytest.mark.parametrize("row", table("Numbers"), ids=lambda row: str(row["Where"]))
def test_the_numbers_are_those_of_the_code(row: dict[str, str]) -> None:
    (where,) = pages.code(row["Where"])
    assert float(row["Number"]) == number(where)


@pytest.mark.once
def test_the_files_that_are_named_exist() -> None:
    named = {one for one in pages.code(pages.prose(PAGE)) if re.fullmatch(r"[\w/]+\.py(:\w+)?", one)}
    assert len(named) > 5
    for one in named - {"models.py", "actions.py", "queries.py"}:
        path, _, function = one.partition(":")
        file: Path = PACKAGE / path
        defined = {
            node.name for node in ast.walk(ast.parse(pages.read(file))) if isinstance(node, ast.FunctionDef)
        }
        assert not function or function in defined, one


@pytest.mark.django_db(transaction=True)
def test_a_stamp_takes_as_many_statements_as_the_page_says(database: str) -> None:
    shop = make_shop()
    till, body = Rest(shop), {"qr_code": shop.enrol().qr_code}
    till.post("/api/stamps/add", body)  # finds the key, which is then remembered
    counts = []
    for headers in ({}, {"Idempotency-Key": "one"}, {"Idempotency-Key": "one"}):
        with CaptureQueriesContext(connection) as queries:
            assert till.post("/api/stamps/add", body, headers=headers).status_code == 200
        counts.append(str(len(queries)))
    column = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[database]
    assert counts == [row[column] for row in table("The way of one request")]


@pytest.mark.once
def test_every_decision_is_linked_by_its_title() -> None:
    told = re.findall(r"^- \[(.+)\]\((decisions/.+)\)$", pages.read(PAGE), re.MULTILINE)
    assert told == [
        (pages.read(path).partition("\n")[0].removeprefix("# "), f"decisions/{path.name}")
        for path in sorted((pages.DOCS / "decisions").glob("*.md"))
    ]
