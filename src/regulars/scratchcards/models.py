"""Campaigns of scratch cards, their prizes, and the cards."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django_scopes import ScopedManager

from regulars.members.models import Member
from regulars.tenants.models import Branch, Business, Staff


class ScratchCampaign(models.Model):  # type: ignore[django-manager-missing]
    """What a scratch card promises, and until when. `expires_at` is its last day, in the business's zone."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=500, blank=True)
    is_active = models.BooleanField(default=True)
    expires_at = models.DateField(null=True, blank=True)
    # How many cards there may be, and how many of them one member may get; empty: any number.
    max_cards = models.PositiveIntegerField(null=True, blank=True)
    max_per_member = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[ScratchCampaign]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(max_cards__isnull=True) | Q(max_cards__gte=1), name="scratch_campaign_max_cards"
            ),
            models.CheckConstraint(
                condition=Q(max_per_member__isnull=True) | Q(max_per_member__gte=1),
                name="scratch_campaign_max_per_member",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Prize(models.Model):
    """What a card may hold. `weight` against the sum of all weights is its chance.

    It counts the cards that hold it, all that there ever were, in steps of their lives: what is counted need
    not be looked up, however many there are. `erased_*` say how many of those are gone with their members, so
    that figures of the past do not change.
    """

    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    campaign = models.ForeignKey(ScratchCampaign, on_delete=models.CASCADE, related_name="prizes")
    position = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=200)
    weight = models.DecimalField(max_digits=12, decimal_places=4)
    is_winner = models.BooleanField(default=True)
    # How many cards may hold it; empty: any number.
    max_cards = models.PositiveIntegerField(null=True, blank=True)
    issued = models.PositiveIntegerField(default=0)
    revealed = models.PositiveIntegerField(default=0)
    redeemed = models.PositiveIntegerField(default=0)
    erased_issued = models.PositiveIntegerField(default=0)
    erased_revealed = models.PositiveIntegerField(default=0)
    erased_redeemed = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager[Prize]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(weight__gte=0), name="prize_weight"),
            models.CheckConstraint(
                condition=Q(max_cards__isnull=True) | Q(max_cards__gte=F("issued")), name="prize_max_cards"
            ),
            models.CheckConstraint(
                condition=Q(issued__gte=F("revealed"), revealed__gte=F("redeemed")), name="prize_counts"
            ),
        )

    def __str__(self) -> str:
        return self.label


class ScratchCard(models.Model):
    """One card. Its prize is drawn when it is issued and never again. `expires_at` is its last day."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    campaign = models.ForeignKey(
        ScratchCampaign, on_delete=models.PROTECT, related_name="cards", db_index=False
    )
    prize = models.ForeignKey(Prize, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    token = models.CharField(max_length=32, unique=True)
    expires_at = models.DateField(null=True, blank=True)
    issued_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    revealed_at = models.DateTimeField(null=True, blank=True)
    redeemed_at = models.DateTimeField(null=True, blank=True)
    redeemed_branch = models.ForeignKey(
        Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    redeemed_by = models.ForeignKey(
        Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    objects: ClassVar[models.Manager[ScratchCard]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(redeemed_at__isnull=True) | Q(revealed_at__isnull=False),
                name="scratch_card_revealed_before_redeemed",
            ),
        )
        indexes = (
            models.Index(fields=("campaign", "id"), name="scratch_card_campaign"),
            # What may be printed, and what was handed in.
            models.Index(
                fields=("campaign", "id"),
                name="scratch_card_bearer",
                condition=Q(member__isnull=True, revealed_at__isnull=True),
            ),
            models.Index(
                fields=("campaign", "id"),
                name="scratch_card_redeemed",
                condition=Q(redeemed_at__isnull=False),
            ),
            models.Index(
                fields=("redeemed_branch",),
                name="scratch_card_branch",
                condition=Q(redeemed_branch__isnull=False),
            ),
            models.Index(
                fields=("redeemed_by",), name="scratch_card_staff", condition=Q(redeemed_by__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return self.token


class ScratchBatch(models.Model):
    """Cards of a campaign for many members at once, which a job issues. A campaign has one at a time.

    `filters` are those of `members.filters` as they were at its beginning, `audience` is what people call
    whom they find. The job goes by id: `reached` is the last one that it has gone through.
    """

    class State(models.TextChoices):
        """How far it is."""

        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    campaign = models.ForeignKey(
        ScratchCampaign, on_delete=models.CASCADE, related_name="batches", db_index=False
    )
    audience = models.CharField(max_length=200)
    filters = models.JSONField(default=dict)
    expires_days = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING.value)
    # Why it ended early.
    reason = models.CharField(max_length=300, blank=True)
    total = models.PositiveIntegerField()
    issued = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    reached = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[ScratchBatch]] = ScopedManager(business="business")

    class Meta:
        verbose_name_plural = "scratch batches"
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=("running", "done", "stopped")), name="scratch_batch_state_known"
            ),
            models.UniqueConstraint(
                fields=("campaign",), name="scratch_batch_one_runs", condition=Q(state="running")
            ),
        )
        indexes = (models.Index(fields=("campaign", "id"), name="scratch_batch_campaign"),)

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.audience}"

    @property
    def done(self) -> int:
        """How many members it has gone through."""
        return self.issued + self.skipped
