"""The request log."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from regulars.tenants.models import ApiKey, Business


class Call(models.Model):
    """One call of an API, as far as its developer needs it: what was asked and answered is not here.

    Rows come in batches and past the database's checks, so a business may be gone before they arrive.
    """

    class Dialect(models.TextChoices):
        """The API that was called."""

        REST = "rest", "REST"
        RPC = "rpc", "RPC"

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    key = models.ForeignKey(
        ApiKey, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    at = models.DateTimeField()
    dialect = models.CharField(max_length=4, choices=Dialect.choices)
    # "POST", and a path without its query, or the name of an RPC method.
    method = models.CharField(max_length=10)
    target = models.CharField(max_length=200)
    status = models.PositiveSmallIntegerField()
    # The error's code in its dialect; empty for a success.
    code = models.CharField(max_length=40, blank=True)
    milliseconds = models.PositiveIntegerField()
    address = models.CharField(max_length=45, blank=True)

    objects: ClassVar[models.Manager[Call]] = ScopedManager(business="business")

    class Meta:
        indexes = (models.Index(fields=("business", "at", "id"), name="requestlog_call_latest"),)

    def __str__(self) -> str:
        return f"{self.method} {self.target}: {self.status}"
