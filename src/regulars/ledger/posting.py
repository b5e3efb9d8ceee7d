"""What is to be entered on a card: an entry to come, and what hangs on it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from regulars.ledger.models import Entry
from regulars.rules import points as point_rules


@dataclass(frozen=True, slots=True)
class Undoing:
    """What a posting takes back: an entry; with its stamps these rewards, or with its redemption the one that
    waits again. `last_visit_at` is what is left as the last visit when a visit is taken back.
    """

    entry_id: int
    rewards: tuple[int, ...] = ()
    reopened_reward_id: int | None = None
    last_visit_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """One entry to come. Signs as in `Entry`; new rewards carry `reward_text`.

    `takes` say what it takes from lots (+) or gives back to them (-). `source` names the document that it is
    posted for, such as "sale:7". `shortfall` is what should have been taken back and was not there, or (-)
    such a lack made good: over a document's entries the sum of points less shortfall is its worth.
    """

    kind: str
    occurred_at: dt.datetime
    stamps: int = 0
    stamps_spent: int = 0
    rewards: int = 0
    visits: int = 0
    points: int = 0
    text: str = ""
    reward_text: str = ""
    redeems_reward_id: int | None = None
    lot_remaining: int = 0
    lot_expires_on: dt.date | None = None
    takes: tuple[point_rules.Take, ...] = ()
    branch_id: int | None = None
    staff_id: int | None = None
    occasion: str | None = None
    source: str | None = None
    shortfall: int = 0
    undoes: Undoing | None = None

    @property
    def new_rewards(self) -> int:
        """How many rewards it makes: one that waits again is there already."""
        return 0 if self.kind == Entry.Kind.REWARD_UNDO else max(self.rewards, 0)

    @property
    def takes_visit(self) -> bool:
        """Whether a visit is taken back, so that another one may be the last."""
        return self.visits < 0

    @property
    def makes_lot(self) -> bool:
        """Whether it earns points: those given back go into lots that are there already."""
        return self.kind == Entry.Kind.POINTS_EARN and self.points > 0
