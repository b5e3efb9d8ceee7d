"""Devices at the counter, who works with them, and what they did."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django_scopes import ScopedManager

from regulars.members.models import Member
from regulars.tenants.models import Branch, Business, Staff


class CounterSettings(models.Model):
    """What the counter offers and allows. A business without a row has these defaults."""

    class CodeChangers(models.TextChoices):
        """Who may change the code of a member's card."""

        NOBODY = "nobody"
        OWNER = "owner"
        STAFF = "staff"

    business = models.OneToOneField(Business, on_delete=models.CASCADE, related_name="+")
    # The grammar of `rules.quickscan`; empty: stamps only; None: never said, so the usual of `settings`.
    quickscan_function = models.CharField(max_length=300, null=True, blank=True)  # noqa: DJ001
    # How often a member may be served on one day, and how many minutes must lie between. Empty: no limit.
    scans_per_day = models.PositiveSmallIntegerField(null=True, blank=True)
    minutes_between = models.PositiveSmallIntegerField(null=True, blank=True)
    # The most stamps in one go.
    stamps_at_once = models.PositiveSmallIntegerField(default=10)
    reasons = models.JSONField(default=list, blank=True)
    reason_required = models.BooleanField(default=False)
    code_changers = models.CharField(
        max_length=10, choices=CodeChangers.choices, default=CodeChangers.OWNER.value
    )
    chooses_vouchers = models.BooleanField(default=True)
    enrols = models.BooleanField(default=True)
    # For how long operators may undo what they did; the owner may for a day.
    undo_minutes = models.PositiveSmallIntegerField(default=15)
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[CounterSettings]] = ScopedManager(business="business")

    class Meta:
        verbose_name_plural = "counter settings"
        constraints = (
            models.CheckConstraint(
                condition=Q(code_changers__in=("nobody", "owner", "staff")),
                name="counter_code_changers_known",
            ),
            models.CheckConstraint(condition=Q(stamps_at_once__range=(1, 10)), name="counter_stamps_at_once"),
        )

    def __str__(self) -> str:
        return f"counter of business {self.business_id}"


class Pairing(models.Model):
    """A short code that makes one device a counter of the business, once and soon."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    code_hash = models.CharField(max_length=64, unique=True)
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    made_by = models.ForeignKey(Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Pairing]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return f"pairing {self.pk}"


class Device(models.Model):
    """A phone or tablet that is a counter. Its operators sign in with PINs."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    # Where it stands; empty: it says so by its position, or its operator chooses.
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    paired_by = models.ForeignKey(Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    paired_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Device]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return self.name


class OperatorSession(models.Model):
    """Somebody of the team at work: at a paired device by PIN, or by password on a device of their own."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+")
    device = models.ForeignKey(Device, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)

    objects: ClassVar[models.Manager[OperatorSession]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return f"session of staff {self.staff_id}"


class Scan(models.Model):
    """A member was at the counter. `client_id` is the device's own name for it, so that it counts once."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+", db_index=False)
    client_id = models.UUIDField()
    staff = models.ForeignKey(Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    device = models.ForeignKey(Device, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    occurred_at = models.DateTimeField()
    # The business's own calendar day of it.
    day = models.DateField()
    # Whether something was earned in it: only such scans count against the limits.
    earned = models.BooleanField(default=False)
    recorded_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager[Scan]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("business", "client_id"), name="scan_once"),)
        indexes = (models.Index(fields=("member", "day"), name="scan_member_day"),)

    def __str__(self) -> str:
        return str(self.client_id)


class Action(models.Model):
    """Something that an operator did for a member. `client_id` is the device's own name for it.

    `said` is what the operator was told, which a repeated request is told again; `done` names the records
    behind it, for undoing.
    """

    class Kind(models.TextChoices):
        """What was done."""

        STAMPS = "stamps"
        POINTS = "points"
        SALE = "sale"
        BUTTON = "button"
        REWARD = "reward"
        VOUCHER_ISSUE = "voucher_issue"
        VOUCHER_REDEEM = "voucher_redeem"
        SCRATCH_ISSUE = "scratch_issue"
        SCRATCH_REDEEM = "scratch_redeem"
        ENROL = "enrol"
        CARD_CODE = "card_code"

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    client_id = models.UUIDField()
    kind = models.CharField(max_length=15, choices=Kind.choices)
    member = models.ForeignKey(Member, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    scan = models.ForeignKey(Scan, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    staff = models.ForeignKey(Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    device = models.ForeignKey(Device, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    request_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=100, blank=True)
    said = models.JSONField(default=dict)
    done = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects: ClassVar[models.Manager[Action]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("business", "client_id"), name="counter_action_once"),
            models.CheckConstraint(
                condition=Q(
                    kind__in=(
                        "stamps",
                        "points",
                        "sale",
                        "button",
                        "reward",
                        "voucher_issue",
                        "voucher_redeem",
                        "scratch_issue",
                        "scratch_redeem",
                        "enrol",
                        "card_code",
                    )
                ),
                name="counter_action_kind_known",
            ),
        )
        indexes = (models.Index(fields=("business", "id"), name="counter_action_recent"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.client_id}"
