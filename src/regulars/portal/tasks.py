"""What the room does by the schedule."""

from __future__ import annotations

from django_tasks import task

from regulars.portal import upkeep


@task()
def forget_old() -> dict[str, int]:
    """Delete what has come to its end; how much of each."""
    return upkeep.forget_old()
