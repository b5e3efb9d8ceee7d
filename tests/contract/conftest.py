"""The contract is tested on Sunrise Cafe, a shop like the one of the documented samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_django import Settings

if TYPE_CHECKING:
    from tests.contract.sunrise import Sunrise

# Models are imported in the fixtures: this file is read before Django knows its settings.


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    from tests.api import support  # noqa: PLC0415

    settings.REGULARS_DATA_DIR = tmp_path
    settings.REGULARS_REDIS_URL = ""
    support.forget()
    yield
    support.forget()


@pytest.fixture
def sunrise(db: None) -> Sunrise:
    """The shop with its customers, branches and team."""
    from tests.contract.sunrise import make_sunrise  # noqa: PLC0415

    return make_sunrise()
