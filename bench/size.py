"""How much is measured, and how a comparison says what it is doing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

WARM_UP = 1  # second before each measurement
FIRST_WARM_UP = 4  # seconds on each side before the first round
# What is used up must last: nothing that is measured reaches so many a second.
_SUPPLY_PER_SECOND = 10_000
_WEBHOOKS_PER_SECOND = 1_000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How much to measure."""

    member_count: int
    rounds: int
    seconds: int

    @property
    def steps(self) -> int:
        """How many steps of progress a comparison reports, at most."""
        return 5 + 2 * self.rounds

    @property
    def supply(self) -> int:
        """How much there must be of what requests use up."""
        return _SUPPLY_PER_SECOND * (FIRST_WARM_UP + self.rounds * (WARM_UP + self.seconds))

    @property
    def webhooks(self) -> int:
        """How many deliveries a round has: about as many as its seconds are enough for."""
        return _WEBHOOKS_PER_SECOND * self.seconds
