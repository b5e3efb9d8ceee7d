"""Jobs that wait, run or ended, and when the schedule is due next."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Job(models.Model):
    """One call of a task. A worker that runs it holds a lease, which it renews while it lives.

    The room lies below the businesses, so a job knows only the number of the one that it works for.
    """

    class Status(models.TextChoices):
        """What has become of it."""

        READY = "ready"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    uid = models.CharField(max_length=36, unique=True)
    task = models.CharField(max_length=200)
    queue = models.CharField(max_length=50, default="default")
    priority = models.SmallIntegerField(default=0)
    args = models.JSONField(default=list)
    kwargs = models.JSONField(default=dict)
    business_id = models.BigIntegerField(null=True, blank=True)
    # Of jobs with the same key only one waits or runs.
    key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 - empty must not be unique
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.READY.value)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    run_after = models.DateTimeField()
    lease = models.CharField(max_length=100, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    progress_done = models.BigIntegerField(null=True, blank=True)
    progress_total = models.BigIntegerField(null=True, blank=True)
    progress_text = models.CharField(max_length=200, blank=True)
    result = models.JSONField(null=True, blank=True)
    # Of the last failed attempt: the class of the exception, and what it said with its trace.
    error_class = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)
    worker_ids = models.JSONField(default=list)
    enqueued_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    last_attempted_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Job]] = models.Manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(status__in=("ready", "running", "succeeded", "failed")), name="job_status_known"
            ),
            models.UniqueConstraint(
                fields=("key",), name="job_key_unique", condition=Q(status__in=("ready", "running"))
            ),
        )
        indexes = (
            models.Index(
                fields=("-priority", "run_after", "id"), name="job_ready", condition=Q(status="ready")
            ),
            models.Index(fields=("leased_until",), name="job_leased", condition=Q(status="running")),
            models.Index(
                fields=("finished_at",), name="job_finished", condition=Q(status__in=("succeeded", "failed"))
            ),
            models.Index(
                fields=("business_id", "id"), name="job_business", condition=Q(business_id__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.task} {self.uid}"


class ScheduledRun(models.Model):
    """When something on the schedule is due next. Whoever moves `next_at` on does the work."""

    name = models.CharField(max_length=100, primary_key=True)
    next_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[ScheduledRun]] = models.Manager()

    def __str__(self) -> str:
        return self.name
