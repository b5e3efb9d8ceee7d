"""What the room does beside requests: messages that bring links, and forgetting by the schedule."""

from __future__ import annotations

import json

import structlog
from django_tasks import task

from regulars import seal
from regulars.jobs.models import Job
from regulars.portal import links, upkeep

log = structlog.get_logger(__name__)


@task()
def forget_old() -> dict[str, int]:
    """Delete what has come to its end; how much of each."""
    return upkeep.forget_old()
