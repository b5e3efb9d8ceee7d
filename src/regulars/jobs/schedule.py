"""What happens again and again: a task is enqueued for each occasion, once, by any number of workers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import structlog
from cronsim import CronSim
from django.db import transaction
from django.utils import timezone
from django_tasks.base import Task

from regulars.jobs import actions
from regulars.jobs.loops import Stop
from regulars.jobs.models import ScheduledRun

log = structlog.get_logger(__name__)

EVERY = 1.0  # seconds between looks


@dataclass(frozen=True, slots=True)
class Entry:
    """A task and when it is due: `every` so often, or at the times of a `cron` line in UTC."""

    name: str
    task: Task[..., Any]
    every: dt.timedelta | None
    cron: str | None

    def first(self, now: dt.datetime) -> dt.datetime:
        """When it is due in an installation that has never seen it."""
        return now if self.every else self.following(now, now)

    def following(self, due: dt.datetime, now: dt.datetime) -> dt.datetime:
        """The next occasion after now, for one that was due; those that were missed are left out."""
        if self.every:
            return due + self.every * (max(now - due, dt.timedelta()) // self.every + 1)
        found: dt.datetime = next(CronSim(self.cron or "", now.astimezone(dt.UTC)))
        return found


_registry: dict[str, Entry] = {}


def register(
    name: str, task: Task[..., Any], *, every: dt.timedelta | None = None, cron: str | None = None
) -> None:
    """Enter a task, once, when the application starts.

    It is enqueued without arguments `every` so often, at once in a new installation, or at the times of a
    `cron` line ("17 3 * * *") in UTC. What was missed while nothing ran is made up for once. While an earlier
    run of the same name waits or is at work, there is no second one.

    Raises:
        ValueError: neither or both are given.
        CronSimError: the line cannot be read.
    """
    if (every is None) == (cron is None):
        raise ValueError("give either every or cron")
    if cron is not None:
        CronSim(cron, dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    _registry[name] = Entry(name, task, every, cron)


def registered() -> list[Entry]:
    """All entries, in the order in which they were made."""
    return list(_registry.values())


def enqueue_due(*, now: dt.datetime | None = None) -> int:
    """Enqueue what is due; how many occasions that were. Only reads when there are none."""
    moment = now or timezone.now()
    stored = dict(ScheduledRun.objects.values_list("name", "next_at"))
    return sum(_look_at(entry, stored.get(entry.name), moment) for entry in registered())


def step(stop: Stop) -> bool:
    """One look, for the worker's loop."""
    enqueue_due()
    return False


def _look_at(entry: Entry, due: dt.datetime | None, now: dt.datetime) -> int:
    if due is None:
        due = entry.first(now)
        ScheduledRun.objects.bulk_create([ScheduledRun(name=entry.name, next_at=due)], ignore_conflicts=True)
    if due > now:
        # After the plan was changed to be more frequent, or the clock was set back.
        latest = entry.following(now, now)
        if due > latest:
            ScheduledRun.objects.filter(name=entry.name, next_at=due).update(next_at=latest)
        return 0
    with transaction.atomic():
        moved = ScheduledRun.objects.filter(name=entry.name, next_at=due).update(
            next_at=entry.following(due, now), last_at=now
        )
        if moved:
            actions.enqueue(entry.task, key=f"schedule:{entry.name}")
    return moved
