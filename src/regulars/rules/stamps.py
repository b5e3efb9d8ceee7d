"""What a stamp card becomes when stamps are added, and when some are taken off it."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.rules.errors import NotEnoughStamps

# The REST dialect's bounds: stamps in one call, the programme's goal, the birthday bonus.
MIN_COUNT = 1
MAX_COUNT = 10
MIN_GOAL = 2
MAX_GOAL = 50
MAX_BIRTHDAY_BONUS = 10
# The most that can be taken at once: what is on a card is below the goal, or below a goal that it had.
MAX_TAKEN = MAX_GOAL - 1


@dataclass(frozen=True, slots=True)
class StampResult:
    """The card after the stamps: what lies on it, the rewards completed, the stamps these took."""

    stamps: int
    rewards_earned: int
    stamps_spent: int


def add_stamps(*, stamps: int, goal: int, count: int) -> StampResult:
    """Add `count` stamps to a card that holds `stamps`; each full `goal` becomes one reward.

    Nothing is lost and nothing made: `stamps + count == result.stamps + result.stamps_spent`. What goes
    beyond the goal carries over, so a card at 7 of 8 that gets 3 shows 2 and one reward; the REST dialect
    says "the card resets" and leaves the rest open, so this is our rule. A card that is already past the
    goal, because the goal was lowered, earns here, at its next stamp. `MAX_COUNT`, the most that one
    request may ask for, is checked where requests come in.

    Raises:
        ValueError: the goal lies outside `MIN_GOAL` to `MAX_GOAL`, the count below `MIN_COUNT`, or the card
            below zero: mistakes of the calling code, not of a person.
    """
    if not MIN_GOAL <= goal <= MAX_GOAL:
        raise ValueError(f"goal must be from {MIN_GOAL} to {MAX_GOAL}, not {goal}")
    if count < MIN_COUNT:
        raise ValueError(f"count must be at least {MIN_COUNT}, not {count}")
    if stamps < 0:
        raise ValueError(f"a card cannot hold {stamps} stamps")
    return complete(stamps=stamps + count, goal=goal)


def complete(*, stamps: int, goal: int) -> StampResult:
    """What a card with so many stamps becomes when each full `goal` on it is turned into a reward.

    Without new stamps that is done only where two cards became one.
    """
    rewards, left = divmod(stamps, goal)
    return StampResult(stamps=left, rewards_earned=rewards, stamps_spent=rewards * goal)


def take_stamps(*, stamps: int, count: int) -> int:
    """What is left on a card of `stamps` when `count` are taken off it.

    Only what lies on the card is taken. A reward that waits has been earned: it is never turned back into
    stamps for this; what completed it can be undone.

    Raises:
        NotEnoughStamps: there are fewer on the card.
        ValueError: the count is below `MIN_COUNT`, or the card below zero: mistakes of the calling code.
    """
    if count < MIN_COUNT:
        raise ValueError(f"count must be at least {MIN_COUNT}, not {count}")
    if stamps < 0:
        raise ValueError(f"a card cannot hold {stamps} stamps")
    if count > stamps:
        raise NotEnoughStamps(
            f"{count} stamps were to be taken, and {stamps} are on the card. A reward that waits is taken "
            "back by undoing what completed it.",
            fields={"count": f"were asked for: {count}, and {stamps} are available"},
            stamps=count,
            available=stamps,
        )
    return stamps - count
