from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _nothing_seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Registers of their own for every test: neither the product's loops nor its schedule."""
    from regulars.jobs import loops, schedule  # noqa: PLC0415 - not before the environment is there
    from tests.jobs import given  # noqa: PLC0415

    monkeypatch.setattr(loops, "_registry", {})
    monkeypatch.setattr(schedule, "_registry", {})
    given.seen.clear()
    given.begun.clear()
    given.released.clear()
    yield
    given.released.set()
