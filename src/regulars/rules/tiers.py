"""Which tier somebody is in: the highest one whose number they reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier is reached with `threshold` points or visits within `window_months`; None: ever.

    Whoever falls below one that `stays` keeps it.
    """

    id: int
    threshold: int
    window_months: int | None
    stays: bool


def reached(tiers: Iterable[Tier], figures: Mapping[int | None, int]) -> Tier | None:
    """The highest tier that is reached; of two as high the one made first. None when none is.

    `figures` says for each window how many points or visits somebody has within it.
    """
    fitting = [tier for tier in tiers if figures.get(tier.window_months, 0) >= tier.threshold]
    return max(fitting, key=lambda tier: (tier.threshold, -tier.id), default=None)


def place(now: Tier | None, tiers: Iterable[Tier], figures: Mapping[int | None, int]) -> Tier | None:
    """The tier in which somebody is from now on who is in `now`."""
    best = reached(tiers, figures)
    if now is not None and now.stays and (best is None or best.threshold < now.threshold):
        return now
    return best
