"""The audit log of the back office."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django_scopes import ScopedManager

from regulars.tenants.models import Business, Staff, User


class Record(models.Model):
    """Something done in the back office. Only added to; `before` and `after` hold what differs."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(db_default=Now())
    # Who: the name and the role are as they were then, whatever became of the person.
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # Their place on the team, which stays when the account goes; none of operators.
    staff = models.ForeignKey(
        Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    # Empty when the name was forgotten.
    actor = models.CharField(max_length=254)
    role = models.CharField(max_length=10)
    # An operator of the installation was signed in as the business.
    by_operator = models.BooleanField(default=False)
    address = models.CharField(max_length=45, blank=True)
    # What: such as "member.edit", and to which thing.
    action = models.CharField(max_length=60)
    kind = models.CharField(max_length=40, blank=True)
    object_id = models.BigIntegerField(null=True, blank=True)
    label = models.CharField(max_length=200, blank=True)
    # The member whose personal data may stand here; what does is blanked when they are erased.
    member_id = models.BigIntegerField(null=True, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=300, blank=True)

    objects: ClassVar[models.Manager[Record]] = ScopedManager(business="business")

    class Meta:
        indexes = (
            # Newest first: of all, of a person, of a kind.
            models.Index(fields=("business", "at", "id"), name="audit_record_at"),
            models.Index(fields=("business", "staff", "at", "id"), name="audit_record_staff"),
            models.Index(fields=("business", "kind", "at", "id"), name="audit_record_kind"),
            models.Index(fields=("business", "kind", "object_id"), name="audit_record_object"),
            models.Index(
                fields=("member_id",), name="audit_record_member", condition=models.Q(member_id__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"
