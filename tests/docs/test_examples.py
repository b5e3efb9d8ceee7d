"""The pages' examples do what the pages say."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import examples, pages
from tests.docs.house import House, serving


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
