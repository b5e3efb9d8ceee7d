"""Each test has fresh rate limits, a shop of Alice's in Bengaluru, and Charlie's as the stranger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from pytest_django import Settings
from pytest_django.plugin import DjangoDbBlocker

if TYPE_CHECKING:
    from tests.api.support import Clock, Rest
    from tests.factories import Shop

# Models are imported in the fixtures: this file is read before Django knows its settings.


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    from tests.api import support  # noqa: PLC0415

    settings.REGULARS_DATA_DIR = tmp_path
    settings.REGULARS_REDIS_URL = ""
    support.forget()
    yield
    support.forget()


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What fixtures of a module write after this stays for all its tests.

    Each test's own transaction is a savepoint within this one.
    """
    from django.db import transaction  # noqa: PLC0415

    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


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
def rest(shop: Shop) -> Rest:
    """Alice's till."""
    from tests.api.support import Rest  # noqa: PLC0415

    return Rest(shop)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The monotonic clock of rate limits and remembered keys, to be set by hand."""
    from regulars.tenants import identity, ratelimit  # noqa: PLC0415
    from tests.api.support import Clock  # noqa: PLC0415

    made = Clock()
    for module in (ratelimit, identity):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=made.monotonic))
    return made
