"""What this room gives out about a member; `post.erase_history` erases it."""

from __future__ import annotations

from typing import Final

from regulars.ledger.models import Card, Entry, Lot, LotUse, PointsAdjustment, Reward
from regulars.members.personal_data import Part, named

_STAFF: Final = {"staff": "who of the team it was"}

PARTS: Final = (
    Part(
        "card",
        "Your card: what is on it now, and all that ever was.",
        Card,
        "member_id",
        named(
            *("qr_code", "stamps", "total_stamps", "stamps_spent", "total_visits", "pending_rewards"),
            *("rewards_earned", "rewards_redeemed", "points", "points_earned", "points_spent"),
            *("points_expired", "last_visit_at"),
        ),
        withheld={"version": "how often the row changed"},
        one=True,
    ),
    Part(
        "history",
        "Each change of your card: stamps, rewards, points, and what was on it afterwards.",
        Entry,
        "card_id",
        named(
            *("id", "kind", "occurred_at", "day", "stamps", "stamps_spent", "rewards", "visits", "points"),
            *("stamps_after", "points_after", "shortfall", "text", "source", "occasion", "recorded_at"),
            undoes="reverses_id",
            branch="branch__name",
        ),
        withheld=_STAFF,
    ),
    Part(
        "rewards",
        "Rewards that you earned, and what became of them.",
        Reward,
        "card_id",
        named(
            "id",
            "text",
            earned_at="earned_entry__occurred_at",
            redeemed_at="redeemed_entry__occurred_at",
            undone_at="undone_entry__occurred_at",
        ),
    ),
    Part(
        "points_by_expiry",
        "Points that you earned together, how many of them are left, and their last day.",
        Lot,
        "card_id",
        named("id", "points", "remaining", "expires_on", earned_at="entry__occurred_at"),
    ),
    Part(
        "points_taken",
        "Points taken from which of those (below zero: given back), by which change of the card.",
        LotUse,
        "lot__card_id",
        named("points", at="entry__occurred_at", history_id="entry_id", points_by_expiry_id="lot_id"),
    ),
    Part(
        "points_adjustments",
        "Points that were given or taken for another reason than a purchase, with our notes.",
        PointsAdjustment,
        "card_id",
        named(
            *("id", "code", "points", "occurred_at", "origin"),
            notes="internal_notes",
            branch="branch__name",
            created_at="created_at",
            modified_at="modified_at",
        ),
        withheld=_STAFF,
    ),
)
