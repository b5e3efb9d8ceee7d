"""Migrations that databases have gone through are never edited: those databases would be another shape."""

import hashlib
from pathlib import Path

import pytest

from tests.tidy.source import PACKAGE, ROOT, name_of, tree

pytestmark = pytest.mark.once

KNOWN = Path(__file__).parent / "migrations.txt"  # as sha256sum writes it
HOW = (
    "Databases that went through a migration do not go through it again when it is edited: put back what a "
    "released one said, and add a new one. Of one that was never released write the sum anew, in "
    "tests/tidy: sha256sum ../../src/regulars/*/migrations/0*.py | sed 's#[.][.]/[.][.]/##' > migrations.txt"
)


def sums() -> dict[str, str]:
    """The sum of each migration."""
    files = [path for path in tree() if path.match("migrations/0*.py") and path.is_relative_to(PACKAGE)]
    return {name_of(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_no_migration_was_edited_or_removed() -> None:
    lines = KNOWN.read_text(encoding="utf-8").splitlines()
    known = {name: digest for digest, name in map(str.split, lines)}
    found = sums()
    different = sorted(name for name in known.keys() | found.keys() if known.get(name) != found.get(name))
    assert different == [], HOW


def test_migrations_are_found() -> None:
    assert "src/regulars/analytics/migrations/0001_initial.py" in sums()
    assert (ROOT / "src/regulars/ledger/migrations/0002_append_only.py").exists()
