"""What this room gives out about a member; `cards.erase_member` erases it."""

from __future__ import annotations

from typing import Final

from regulars.members.personal_data import Part, named
from regulars.scratchcards.models import ScratchCard

PARTS: Final = (
    Part(
        "scratch_cards",
        "Your scratch cards. What you have not scratched keeps its prize to itself here, too.",
        ScratchCard,
        "member_id",
        named(
            *("id", "issued_at", "expires_at", "opened_at", "revealed_at", "redeemed_at"),
            campaign="campaign__name",
            prize="prize__label",
            redeemed_branch="redeemed_branch__name",
        ),
        shown={"prize": lambda row: row["prize"] if row["revealed_at"] else "(covered)"},
        withheld={"token": "opens the card", "redeemed_by": "who of the team it was"},
    ),
)
