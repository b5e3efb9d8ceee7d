"""Vouchers: the definition, an issue of it, and the codes that are redeemed one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django_scopes import ScopedManager

from regulars.catalog.models import Sku
from regulars.ledger.models import PointsAdjustment
from regulars.members.models import Member, MemberGroup
from regulars.tenants.models import Branch, Business, Staff


class Voucher(models.Model):
    """What may be issued, to whom, on which event, and what it is worth.

    `value_type`: 0 an amount of currency, 1 percent of a sale, 2 a number of points turned into currency.
    """

    class ValueType(models.IntegerChoices):
        """What `value` counts (RPC dialect)."""

        CURRENCY = 0
        PERCENT = 1
        POINTS = 2

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    points_required = models.PositiveIntegerField(default=0)
    trigger_on_total_points_earned = models.PositiveIntegerField(null=True, blank=True)
    points_earned_in_months = models.PositiveSmallIntegerField(null=True, blank=True)
    voucher_details = models.TextField(blank=True)
    email_instructions = models.TextField(blank=True)
    available_for_self_selection = models.BooleanField(default=False)
    # One of `rules.occasions.VOUCHER_EVENTS`, or empty.
    auto_allocate_on_event = models.CharField(max_length=30, blank=True)
    limited_to_per_member = models.PositiveIntegerField(null=True, blank=True)
    optional_email_template = models.CharField(max_length=200, blank=True)
    expires_after_days = models.PositiveIntegerField(null=True, blank=True)
    can_be_redeemed_for_points = models.PositiveIntegerField(default=0)
    value = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(0))
    value_type = models.PositiveSmallIntegerField(choices=ValueType.choices, default=ValueType.CURRENCY)
    min_value = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    sku = models.ForeignKey(Sku, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    date_from = models.DateField(null=True, blank=True)
    date_to = models.DateField(null=True, blank=True)
    group = models.ForeignKey(MemberGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Voucher]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint("business", Upper("code"), name="voucher_code_unique"),
            models.CheckConstraint(condition=Q(value__gte=0), name="voucher_value_not_negative"),
            models.CheckConstraint(condition=Q(value_type__in=(0, 1, 2)), name="voucher_value_type_known"),
        )
        indexes = (
            models.Index(
                fields=("business", "auto_allocate_on_event"),
                name="voucher_event",
                condition=~Q(auto_allocate_on_event=""),
            ),
            models.Index(
                fields=("business", "id"),
                name="voucher_threshold",
                condition=Q(auto_allocate_on_event__in=("points_reach_required", "points_reach_value"))
                | Q(trigger_on_total_points_earned__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.name


class VoucherIssue(models.Model):  # type: ignore[django-manager-missing]
    """Vouchers given together: `qty` codes of one voucher, to one member or to whoever bears them.

    The points that it took are in the ledger under the source "issue:<id>". `occasion` is set when it was
    issued by itself, and lets that happen once.
    """

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(max_length=50)
    qty = models.PositiveIntegerField()
    member = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    occurred_at = models.DateTimeField()
    points_used = models.BigIntegerField(default=0)
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(
        Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    force_value = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    occasion = models.CharField(max_length=80, null=True, blank=True)  # noqa: DJ001 - empty must not be unique
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[VoucherIssue]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint("business", Upper("code"), name="voucher_issue_code_unique"),
            models.UniqueConstraint(
                fields=("voucher", "member", "occasion"),
                name="voucher_issue_occasion_once",
                condition=Q(occasion__isnull=False),
            ),
            models.CheckConstraint(condition=Q(qty__gte=1), name="voucher_issue_qty"),
        )
        indexes = (
            models.Index(fields=("business", "id"), name="voucher_issue_business"),
            models.Index(fields=("voucher", "member", "id"), name="voucher_issue_member"),
            models.Index(fields=("staff",), name="voucher_issue_staff", condition=Q(staff__isnull=False)),
        )

    def __str__(self) -> str:
        return self.code


class VoucherCode(models.Model):  # type: ignore[django-manager-missing]
    """One voucher in somebody's hand. It is redeemed at most once at a time, by a conditional update.

    `value` and `value_type` were fixed when it was issued. `version` grows with every change of state.
    A reservation that has run out counts as active.
    """

    class Status(models.TextChoices):
        """What has become of it."""

        ACTIVE = "active"
        RESERVED = "reserved"
        REDEEMED = "redeemed"

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    issue = models.ForeignKey(VoucherIssue, on_delete=models.PROTECT, related_name="codes")
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="+", db_index=False)
    member = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=50)
    value = models.DecimalField(max_digits=14, decimal_places=2)
    value_type = models.PositiveSmallIntegerField(choices=Voucher.ValueType.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE.value)
    expires_on = models.DateField(null=True, blank=True)
    # When the event was written that tells of its end.
    expiry_told_at = models.DateTimeField(null=True, blank=True)
    reserved_until = models.DateTimeField(null=True, blank=True)
    reservation = models.CharField(max_length=40, blank=True)
    redeemed_at = models.DateTimeField(null=True, blank=True)
    redeemed_branch = models.ForeignKey(
        Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # What it took off the sale, as far as the till said so: a percentage of no known sale has none.
    redeemed_value = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    # The points that redeeming it credited.
    credit = models.ForeignKey(
        PointsAdjustment, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[VoucherCode]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint("business", Upper("code"), name="voucher_code_code_unique"),
            models.CheckConstraint(
                condition=Q(status__in=("active", "reserved", "redeemed")), name="voucher_code_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="redeemed", redeemed_at__isnull=False)
                | Q(~Q(status="redeemed"), redeemed_at__isnull=True),
                name="voucher_code_redeemed_at",
            ),
        )
        indexes = (
            models.Index(fields=("business", "id"), name="voucher_code_business"),
            models.Index(
                fields=("business", "reserved_until"),
                name="voucher_code_reserved",
                condition=Q(status="reserved"),
            ),
            models.Index(
                fields=("business", "expires_on", "id"),
                name="voucher_code_expiry",
                condition=Q(expires_on__isnull=False, expiry_told_at__isnull=True) & ~Q(status="redeemed"),
            ),
            models.Index(fields=("credit",), name="voucher_code_credit", condition=Q(credit__isnull=False)),
            models.Index(
                fields=("redeemed_branch",),
                name="voucher_code_branch",
                condition=Q(redeemed_branch__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.code


class Precode(models.Model):
    """A code loaded beforehand. The next unused one of a voucher, by id, is given before any random code."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(max_length=50)
    used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Precode]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint("business", Upper("code"), name="precode_code_unique"),)
        indexes = (
            models.Index(fields=("voucher", "id"), name="precode_unused", condition=Q(used_at__isnull=True)),
        )

    def __str__(self) -> str:
        return self.code


class VoucherLog(models.Model):
    """What happened to a voucher code, when, and by whom. Only added to."""

    class Action(models.TextChoices):
        """What was done."""

        ISSUE = "issue"
        RESERVE = "reserve"
        RELEASE = "release"
        REDEEM = "redeem"
        RESET = "reset"
        CHANGE = "change"

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    voucher_code = models.ForeignKey(VoucherCode, on_delete=models.CASCADE, related_name="log")
    action = models.CharField(max_length=10, choices=Action.choices)
    at = models.DateTimeField()
    branch = models.ForeignKey(
        Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    staff = models.ForeignKey(
        Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    sale_value = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    text = models.CharField(max_length=300, blank=True)

    objects: ClassVar[models.Manager[VoucherLog]] = ScopedManager(business="business")

    class Meta:
        indexes = (
            models.Index(fields=("branch",), name="voucher_log_branch", condition=Q(branch__isnull=False)),
            models.Index(fields=("staff",), name="voucher_log_staff", condition=Q(staff__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.voucher_code_id}"
