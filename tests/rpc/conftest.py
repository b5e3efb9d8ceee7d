"""Each test has fresh rate limits, a shop of Alice's in Bengaluru, and Charlie's as the stranger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from pytest_django import Settings

if TYPE_CHECKING:
    from tests.api.support import Clock
    from tests.factories import Shop
    from tests.rpc.support import Rpc

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
def shop(db: None) -> Shop:
    """Alice's shop."""
    from tests.factories import make_shop  # noqa: PLC0415

    return make_shop()


@pytest.fixture
def stranger(db: None) -> Shop:
    """Charlie's shop."""
    from tests.factories import make_shop  # noqa: PLC0415

    return make_shop("Charlie's Tea House", owner_name="Charlie", timezone="Europe/Berlin", country="DE")


@pytest.fixture
def rpc(shop: Shop) -> Rpc:
    """Alice's till."""
    from tests.rpc.support import Rpc  # noqa: PLC0415

    return Rpc(shop.api_key)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The monotonic clock of rate limits and remembered keys, to be set by hand."""
    from regulars.tenants import identity, ratelimit  # noqa: PLC0415
    from tests.api.support import Clock  # noqa: PLC0415

    made = Clock()
    for module in (ratelimit, identity):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=made.monotonic))
    return made
