"""The pages' examples do what the pages say."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import examples, pages
from tests.docs.house import COMMAND, House, serving


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    with serving(tmp_path) as running:
        yield running


def test_a_reader_of_quick_start_and_rest_guide_gets_what_is_printed(house: House) -> None:
    quickstart, guide = (examples.of_page(pages.DOCS / name) for name in ("quickstart.md", "rest.md"))
    missing = examples.missing_programs([*quickstart, *guide])
    if missing and "CI" not in os.environ:
        pytest.skip(f"not installed: {missing}")
    assert not missing
    ran = examples.run(house, quickstart)
    ran += examples.run(house, guide, key=house.create_shop()["api_key"])
    assert len(ran) > 40
    wrong = [problem for problem in map(examples.problem, ran) if problem]
    assert not wrong, "\n".join(wrong)


@pytest.mark.once
def test_a_backup_that_is_made_as_the_page_says_restores(tmp_path: Path) -> None:
    make, restore = (one.block.text for one in examples.of_page(pages.DOCS / "self-hosting.md"))
    data = tmp_path / "data"

    def adapted(script: str) -> str:
        assert "/var/lib/regulars" in script
        return script.replace("/var/lib/regulars", str(data)).replace("/opt/regulars/.venv", sys.prefix)

    with serving(tmp_path) as house:
        house.create_shop()
        made = house.run("sh", "-ec", adapted(make))  # while it serves
        assert made.returncode == 0, made.stderr
        later = house.create_shop()
    restored = house.run("sh", "-ec", adapted(restore))
    assert restored.returncode == 0, restored.stderr
    assert (data / "regulars.sqlite3").stat().st_mode & 0o077 == 0
    audit = house.run(COMMAND, "audit")
    assert (audit.returncode, json.loads(audit.stdout)["ok"]) == (0, True)
    assert house.run(COMMAND, "apikey", "list", "harbour-coffee").returncode == 0
    assert (
        house.run(COMMAND, "apikey", "list", later["slug"]).returncode == 1
    )  # not there yet when it was made
