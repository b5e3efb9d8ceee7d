"""Which members a campaign may go to. Days are the business's own calendar days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from regulars.rules.errors import InvalidInput

ACTIVE_DAYS: Final = 30
INACTIVE_DAYS: Final = 60
NEAR_PERCENT: Final = 20


@dataclass(frozen=True, slots=True)
class Segment:
    """A set of members that a campaign names. `meaning` is for people."""

    name: str
    label: str
    meaning: str


SEGMENTS: Final[dict[str, Segment]] = {
    segment.name: segment
    for segment in (
        Segment("all", "Everybody", "All members"),
        Segment(
            "active_30d",
            "Active lately",
            f"Members with a stamp or a redeemed reward in the last {ACTIVE_DAYS} days, today included",
        ),
        Segment(
            "near_reward",
            "Close to a reward",
            f"Members whose card lacks at most {NEAR_PERCENT} % of the goal, and always those who lack one "
            "stamp",
        ),
        Segment(
            "inactive_60d",
            "Not seen for long",
            f"Members who joined more than {INACTIVE_DAYS} days ago and had neither a stamp nor a redeemed "
            f"reward in the last {INACTIVE_DAYS} days",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides about a member's segments; `last_active` is the day of the last stamp or redemption."""

    stamps: int
    joined_on: date
    last_active: date | None


def check_segment(name: str) -> str:
    """The name of a segment.

    Raises:
        InvalidInput: there is none of this name.
    """
    if name not in SEGMENTS:
        raise InvalidInput.at("segment_filter", f"must be one of {', '.join(SEGMENTS)}")
    return name


def stamps_near(goal: int) -> int:
    """From how many stamps on a card is close to its reward: 20 % of the goal may be missing, or one stamp.

    The share is rounded down. A card that is past a lowered goal is close, too: it earns at the next stamp.
    """
    return goal - max(1, goal * NEAR_PERCENT // 100)


def first_day(today: date, days: int) -> date:
    """The first of the last `days` days, of which today is one."""
    return today - timedelta(days=days - 1)


def joined_before(today: date) -> date:
    """Whoever joined before this day did so more than `INACTIVE_DAYS` days ago."""
    return today - timedelta(days=INACTIVE_DAYS)


def belongs(name: str, member: Standing, *, goal: int, today: date) -> bool:
    """Whether a member belongs to a segment.

    Raises:
        InvalidInput: there is no such segment.
    """
    seen = member.last_active
    match check_segment(name):
        case "active_30d":
            return seen is not None and seen >= first_day(today, ACTIVE_DAYS)
        case "near_reward":
            return member.stamps >= stamps_near(goal)
        case "inactive_60d":
            absent = seen is None or seen < first_day(today, INACTIVE_DAYS)
            return absent and member.joined_on < joined_before(today)
        case _:
            return True
