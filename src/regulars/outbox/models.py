"""The events table."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django_scopes import ScopedManager


class Event(models.Model):
    """Something that happened, told once and never changed. Its payload is frozen when it is written."""

    id = models.BigAutoField(primary_key=True)
    # No foreign-key check: every request of a business would lock its one row (docs/decisions/0002).
    business = models.ForeignKey(
        "tenants.Business", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    uid = models.CharField(max_length=40)
    type = models.CharField(max_length=60)
    member_id = models.BigIntegerField(null=True)
    payload = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager[Event]] = ScopedManager(business="business")

    class Meta:
        indexes = (models.Index(fields=("business", "id"), name="event_business_id"),)

    def __str__(self) -> str:
        return f"{self.type} {self.uid}"
