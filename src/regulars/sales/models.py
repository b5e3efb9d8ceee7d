"""Sales as tills record them, and which promotions each of them earned from."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django_scopes import ScopedManager

from regulars.catalog.models import Sku
from regulars.members.models import Member
from regulars.promotions.models import Promotion
from regulars.tenants.models import Branch, Business, Staff


class Sale(models.Model):  # type: ignore[django-manager-missing]
    """A member's purchase, or a line of one ("transaction" in the RPC dialect). Negative values are refunds.

    `points` is what it is worth by the promotions. Its effect is in the ledger under the source "sale:<id>".
    """

    # What it earned from, loaded by the actions that return a sale. Not a column.
    sale_promotions: list[SalePromotion]

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    code = models.CharField(max_length=50)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    total_value = models.DecimalField(max_digits=14, decimal_places=2)
    occurred_at = models.DateTimeField()
    transaction_ref = models.CharField(max_length=100, blank=True)
    sku = models.ForeignKey(Sku, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    notes = models.CharField(max_length=1000, blank=True)
    qty = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    ex_tax_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    tax_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    tax_type = models.CharField(max_length=50, blank=True)
    grand_total = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    unit_price = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(
        Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    points = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager[Sale]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint("business", Upper("code"), name="sale_code_unique"),)
        indexes = (
            models.Index(fields=("business", "id"), name="sale_business"),
            models.Index(fields=("business", "occurred_at"), name="sale_occurred"),
            models.Index(fields=("staff",), name="sale_staff", condition=Q(staff__isnull=False)),
        )

    def __str__(self) -> str:
        return self.code


class SalePromotion(models.Model):
    """How many points a promotion gave a sale, before the cap. Its code outlives it."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    sale = models.ForeignKey(Sale, on_delete=models.CASCADE, related_name="promotions")
    promotion = models.ForeignKey(
        Promotion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    code = models.CharField(max_length=50)
    points = models.BigIntegerField()

    objects: ClassVar[models.Manager[SalePromotion]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return f"{self.code}: {self.points}"
