"""What this room gives out about a member; `rollup.erase_member` erases it."""

from __future__ import annotations

from typing import Final

from regulars.analytics.models import LastSeen, MemberMonth
from regulars.members.personal_data import Part, named

PARTS: Final = (
    Part(
        "last_visits",
        "For our figures: the last day on which you came to each branch (null: to any), and how often.",
        LastSeen,
        "member_id",
        named("day", "visits", branch_id="branch_key"),
        shown={"branch_id": lambda row: row["branch_id"] or None},
    ),
    Part(
        "visits_by_month",
        "For our figures: how often you came in each calendar month, by its first day.",
        MemberMonth,
        "member_id",
        named("month", "visits"),
    ),
)
