"""Promotions: on sales, and on events in a member's life with the business."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django_scopes import ScopedManager

from regulars.catalog.models import Sku, SkuCategory
from regulars.members.models import MemberGroup
from regulars.tenants.models import Branch, Business


class Promotion(models.Model):
    """What a sale earns: `percent_of_spend` points per 100 of spend, and `fixed_points_value` on top.

    Empty conditions match every sale. Both dates are inclusive business days.
    """

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=200, blank=True)
    percent_of_spend = models.DecimalField(max_digits=12, decimal_places=4)
    fixed_points_value = models.PositiveIntegerField(default=0)
    group = models.ForeignKey(MemberGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    date_from = models.DateField(null=True, blank=True)
    date_to = models.DateField(null=True, blank=True)
    sku = models.ForeignKey(Sku, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey(
        SkuCategory, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Promotion]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint("business", Upper("code"), name="promotion_code_unique"),
            models.CheckConstraint(
                condition=Q(percent_of_spend__gte=0), name="promotion_percent_not_negative"
            ),
        )

    def __str__(self) -> str:
        return self.name or self.code


class EventPromotion(models.Model):
    """What an event gives ("non-transactional" in the RPC dialect): `points_to_award`, once per occasion."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=200, blank=True)
    points_to_award = models.PositiveIntegerField()
    group = models.ForeignKey(MemberGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    date_from = models.DateField(null=True, blank=True)
    date_to = models.DateField(null=True, blank=True)
    # One of `rules.occasions.PROMOTION_EVENTS`, or empty: given by nobody but the counter.
    auto_allocate_on_event = models.CharField(max_length=30, blank=True)
    quickscan_function = models.CharField(max_length=300, blank=True)
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[EventPromotion]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint("business", Upper("code"), name="event_promotion_code_unique"),
        )
        indexes = (
            models.Index(
                fields=("business", "auto_allocate_on_event"),
                name="event_promotion_event",
                condition=~Q(auto_allocate_on_event=""),
            ),
        )

    def __str__(self) -> str:
        return self.name or self.code


class DailyRun(models.Model):
    """Up to which business day the events of the calendar have been given in a business."""

    business = models.OneToOneField(Business, primary_key=True, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()

    objects: ClassVar[models.Manager[DailyRun]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return f"{self.business_id} up to {self.day}"
