"""A receiver on this machine, which this installation allows."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from regulars import outbound
from tests.outbox.receiver import Receiver


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings: Settings) -> None:
    settings.REGULARS_WEBHOOK_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """It thanks for everything, unless told otherwise."""
    with Receiver() as made:
        yield made
    outbound.hang_up()
