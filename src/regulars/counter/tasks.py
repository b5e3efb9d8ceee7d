"""What the room does by the schedule."""

from __future__ import annotations

from django_tasks import task

from regulars.counter import upkeep

DAILY = "41 3 * * *"


@task()
def forget_ended() -> int:
    """Delete sessions and pairing codes that have ended; how many there were."""
    return upkeep.forget_ended()
