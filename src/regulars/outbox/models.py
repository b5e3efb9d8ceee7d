"""Events, the addresses that want to hear of them, and what was delivered there."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django_scopes import ScopedManager


class Event(models.Model):
    """Something that happened, told once. What it tells is frozen when it is written.

    `pending` says that it was not passed on yet to those who want to hear of it, inside and outside;
    `version` is that of its type's declaration.
    """

    id = models.BigAutoField(primary_key=True)
    # No foreign-key check: every request of a business would lock its one row (docs/decisions/0002).
    business = models.ForeignKey(
        "tenants.Business", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    uid = models.CharField(max_length=40)
    type = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField(db_default=1)
    member_id = models.BigIntegerField(null=True)
    payload = models.JSONField()
    pending = models.BooleanField(db_default=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager[Event]] = ScopedManager(business="business")

    class Meta:
        indexes = (
            models.Index(fields=("business", "id"), name="event_business_id"),
            models.Index(fields=("id",), name="event_pending", condition=Q(pending=True)),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.uid}"


class WebhookEndpoint(models.Model):
    """An address of a business that receives its events. Secrets are sealed (`regulars.seal`).

    `failures` counts attempts in a row that failed; while it is high, nothing is tried before `closed_until`.
    """

    business = models.ForeignKey("tenants.Business", on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=200, blank=True)
    # Names of event types, "stamp.*" for all of a kind, "*" for all.
    event_types = models.JSONField(default=list)
    secret = models.CharField(max_length=400)
    previous_secret = models.CharField(max_length=400, blank=True)
    previous_secret_until = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=300, blank=True)
    failures = models.PositiveIntegerField(default=0)
    closed_until = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[WebhookEndpoint]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return self.url


class Delivery(models.Model):
    """One event on its way to one endpoint. Of one member's events a later one waits for an earlier one."""

    class Status(models.TextChoices):
        """What has become of it."""

        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        "tenants.Business", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="+", db_index=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    member_id = models.BigIntegerField(null=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING.value)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now())
    lease = models.CharField(max_length=100, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager[Delivery]] = ScopedManager(business="business")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = (
            models.UniqueConstraint(fields=("endpoint", "event"), name="delivery_endpoint_event_unique"),
            models.CheckConstraint(
                condition=Q(status__in=("pending", "delivered", "failed")), name="delivery_status_known"
            ),
        )
        indexes = (
            models.Index(
                fields=("endpoint", "next_at", "event"), name="delivery_due", condition=Q(status="pending")
            ),
            models.Index(
                fields=("endpoint", "member_id", "event"),
                name="delivery_order",
                condition=Q(status="pending", member_id__isnull=False),
            ),
            models.Index(fields=("endpoint", "-id"), name="delivery_log"),
            models.Index(fields=("created_at",), name="delivery_created"),
        )

    def __str__(self) -> str:
        return f"{self.event_id} to {self.endpoint_id}: {self.status}"


class DeliveryAttempt(models.Model):
    """One request to an endpoint, and what came back."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        "tenants.Business", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    response = models.CharField(max_length=2000, blank=True)

    objects: ClassVar[models.Manager[DeliveryAttempt]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.status or self.error}"
