"""How code inside a job ends it in another way than by returning or by failing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any


class Again(Exception):  # noqa: N818 - an outcome, not an error
    """Not finished: the job goes back to the others and does not count as an attempt.

    It runs again at once, or not before `at`. What it has done must be in the database by then: it begins
    with the same arguments, or with `kwargs` instead of its named ones, which may say how far it came.
    """

    def __init__(
        self, *, at: dt.datetime | None = None, kwargs: Mapping[str, Any] | None = None, **_: Any
    ) -> None:
        super().__init__("again" if at is None else f"again at {at:%Y-%m-%d %H:%M:%S}")
        self.at = at
        self.kwargs = kwargs


class GiveUp(Exception):  # noqa: N818 - an outcome, not an error
    """Trying again would not help: the job has failed, for the reason given."""


class WorkerDied(Exception):  # noqa: N818 - an outcome, not an error
    """Never raised: what stands as the error of a job whose workers died at it too often."""
