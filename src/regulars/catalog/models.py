"""SKUs and their categories: what sales name and promotions look for."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now, Upper
from django_scopes import ScopedManager

from regulars.tenants.models import Business


class SkuCategory(models.Model):
    """A named set of SKUs. `refers_to` is the business's own note of what it stands for."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    refers_to = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[SkuCategory]] = ScopedManager(business="business")

    class Meta:
        verbose_name_plural = "SKU categories"
        constraints = (models.UniqueConstraint("business", Upper("code"), name="sku_category_code_unique"),)

    def __str__(self) -> str:
        return self.name


class Sku(models.Model):
    """Something that is sold. An archived one stays for history and takes no new sales."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    barcode = models.CharField(max_length=100, blank=True)
    options = models.CharField(max_length=1000, blank=True)
    notes = models.CharField(max_length=1000, blank=True)
    category = models.ForeignKey(
        SkuCategory, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sales_price = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    purchase_price = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    archived = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Sku]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint("business", Upper("code"), name="sku_code_unique"),)

    def __str__(self) -> str:
        return self.name
