"""All that a database has apart from what people put into it: its shape, for comparing two of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

Shape = dict[str, list[tuple[Any, ...]]]

# Everything has a name, columns a place, and each is told as the statement that would make it.
_POSTGRESQL = {
    "columns": "SELECT table_name, ordinal_position, column_name, udt_name, character_maximum_length, "
    "numeric_precision, numeric_scale, is_nullable, column_default, is_identity, identity_generation, "
    "collation_name FROM information_schema.columns WHERE table_schema = 'public'",
    "indexes": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace",
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "sequences": "SELECT sequencename, data_type::text, start_value, increment_by, cycle FROM pg_sequences",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
    "other types": "SELECT typname FROM pg_type "
    "WHERE typnamespace = 'public'::regnamespace AND typtype <> 'c' AND typelem = 0",
    "extensions": "SELECT extname FROM pg_extension",
}
_SQLITE = {
    "statements": "SELECT type, name, tbl_name, sql FROM sqlite_master",
    "statistics": "SELECT tbl, idx, stat FROM sqlite_stat1",
}
# What a new database begins with, in the words of both; ids are another installation's own business.
_ROWS = {
    "migrations": "SELECT app, name FROM django_migrations",
    "content types": "SELECT app_label, model FROM django_content_type",
    "permissions": "SELECT app_label, model, codename, p.name FROM auth_permission p "
    "JOIN django_content_type t ON t.id = p.content_type_id",
}


def shape(env: Mapping[str, str]) -> Shape:
    """What the database of an installation with this environment looks like."""
    if url := env.get("REGULARS_DATABASE_URL"):
        with psycopg.connect(url) as link:
            return {name: _sorted(link.execute(text)) for name, text in {**_POSTGRESQL, **_ROWS}.items()}
    with closing(sqlite3.connect(Path(env["REGULARS_DATA_DIR"]) / "regulars.sqlite3")) as file:
        return {name: _sorted(file.execute(text)) for name, text in {**_SQLITE, **_ROWS}.items()}


def filled(env: Mapping[str, str]) -> set[str]:
    """The tables that have rows."""
    if url := env.get("REGULARS_DATABASE_URL"):
        with psycopg.connect(url) as link:
            return _filled(link, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    with closing(sqlite3.connect(Path(env["REGULARS_DATA_DIR"]) / "regulars.sqlite3")) as file:
        return _filled(
            file, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )


def _filled(link: Any, tables: str) -> set[str]:
    names = [name for (name,) in link.execute(tables).fetchall()]
    return {name for name in names if link.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone()}


def _sorted(rows: Any) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in rows.fetchall()), key=repr)
