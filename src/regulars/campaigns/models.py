"""Campaigns. The messages that they become are in the room `messages`."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django_scopes import ScopedManager

from regulars.members.models import SavedSegment
from regulars.messages.models import Message
from regulars.tenants.models import Business


class Campaign(models.Model):
    """One message to all members of a segment. The counts are of those for whom it was queued when sent."""

    class Status(models.TextChoices):
        """How far it is."""

        DRAFT = "draft"
        SCHEDULED = "scheduled"
        SENDING = "sending"
        SENT = "sent"
        CANCELLED = "cancelled"

    class Segment(models.TextChoices):
        """Which members (REST seed)."""

        ALL = "all"
        ACTIVE_30D = "active_30d"
        NEAR_REWARD = "near_reward"
        INACTIVE_60D = "inactive_60d"
        # The saved one that `segment` names.
        SAVED = "saved"

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    subject = models.CharField(max_length=200, blank=True)
    message = models.TextField()
    segment_filter = models.CharField(max_length=20, choices=Segment.choices, default=Segment.ALL.value)
    # Empty beside "saved" when it was deleted: then the campaign goes to nobody until it gets another one.
    segment = models.ForeignKey(
        SavedSegment, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    channel = models.CharField(
        max_length=10, choices=Message.Channel.choices, default=Message.Channel.EMAIL.value
    )
    # Messages a minute, at most; empty: as the installation allows.
    rate_per_minute = models.PositiveIntegerField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT.value)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    total_recipients = models.PositiveIntegerField(default=0)
    sent_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)
    skipped_count = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Campaign]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(status__in=("draft", "scheduled", "sending", "sent", "cancelled")),
                name="campaign_status_known",
            ),
            models.CheckConstraint(
                condition=Q(segment_filter__in=("all", "active_30d", "near_reward", "inactive_60d", "saved")),
                name="campaign_segment_known",
            ),
            models.CheckConstraint(
                condition=Q(segment__isnull=True) | Q(segment_filter="saved"), name="campaign_segment_saved"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=("email", "sms", "post")), name="campaign_channel_known"
            ),
            models.CheckConstraint(
                condition=Q(rate_per_minute__isnull=True) | Q(rate_per_minute__gte=1),
                name="campaign_rate_positive",
            ),
            models.CheckConstraint(
                condition=~Q(status="scheduled") | Q(scheduled_at__isnull=False),
                name="campaign_scheduled_has_time",
            ),
        )
        indexes = (
            models.Index(
                fields=("scheduled_at",), name="campaign_scheduled", condition=Q(status="scheduled")
            ),
        )

    def __str__(self) -> str:
        return self.name
