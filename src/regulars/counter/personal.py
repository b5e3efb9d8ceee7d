"""What this room holds about a member: how it is given out, and how it is erased."""

from __future__ import annotations

from typing import Final

from regulars import db
from regulars.counter.models import Action, Scan
from regulars.members.personal_data import Part, named, without_keys

_OURS: Final = {
    "client_id": "the device's own name for it",
    "staff": "who of the team it was",
    "device": "which of our devices it was",
}

PARTS: Final = (
    Part(
        "counter_scans",
        "When you were at the counter.",
        Scan,
        "member_id",
        named("id", "occurred_at", "day", "earned", "recorded_at", branch="branch__name"),
        withheld=_OURS,
    ),
    Part(
        "counter_actions",
        "What was done for you at the counter, the reason that was given, and what was shown about it.",
        Action,
        "member_id",
        named(
            *("id", "kind", "occurred_at", "reason"),
            shown="said",
            undone_at="undone_at",
            recorded_at="recorded_at",
            scan_id="scan_id",
            branch="branch__name",
        ),
        shown={"shown": lambda row: without_keys(row["shown"])},
        withheld=_OURS
        | {
            "request_hash": "by which the same request is known again",
            "done": "which records came of it; they are in the other parts",
            "undone_by": "who of the team it was",
        },
    ),
)


def erase_member(*, business_id: int, member_id: int) -> None:
    """Delete what was done for a member. Within the caller's transaction."""
    for table in ("action", "scan"):
        db.run(
            f"DELETE FROM counter_{table} WHERE member_id = %s AND business_id = %s", (member_id, business_id)
        )
