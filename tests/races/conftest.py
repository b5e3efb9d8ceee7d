"""Races want the machine for themselves: one crowd at a time, however many processes run the tests."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _one_crowd_at_a_time() -> Iterator[None]:
    # Each caller has a connection, and the server has room for one crowd.
    with (Path(os.environ["REGULARS_DATA_DIR"]) / "crowd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
