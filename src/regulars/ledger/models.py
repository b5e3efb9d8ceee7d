"""Card totals, the append-only entries that explain them, rewards, and lots of points."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django_scopes import ScopedManager

from regulars.members.models import Member
from regulars.tenants.models import Branch, Business, Staff


class Card(models.Model):
    """A member's one card: the totals of all their entries. Changed by `post.py` alone.

    `version` grows with every entry, so that a posting computed from an older state is refused
    (docs/decisions/0001).
    """

    member = models.OneToOneField(Member, primary_key=True, on_delete=models.PROTECT, related_name="card")
    business = models.ForeignKey(
        Business, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    qr_code = models.CharField(max_length=32, unique=True)
    stamps = models.PositiveIntegerField(default=0)
    total_stamps = models.BigIntegerField(default=0)
    stamps_spent = models.BigIntegerField(default=0)
    total_visits = models.BigIntegerField(default=0)
    pending_rewards = models.PositiveIntegerField(default=0)
    rewards_earned = models.BigIntegerField(default=0)
    rewards_redeemed = models.BigIntegerField(default=0)
    points = models.BigIntegerField(default=0)
    points_earned = models.BigIntegerField(default=0)
    points_spent = models.BigIntegerField(default=0)
    points_expired = models.BigIntegerField(default=0)
    last_visit_at = models.DateTimeField(null=True, blank=True)
    version = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager[Card]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(stamps=models.F("total_stamps") - models.F("stamps_spent")),
                name="card_stamps_add_up",
            ),
            models.CheckConstraint(
                condition=Q(pending_rewards=models.F("rewards_earned") - models.F("rewards_redeemed")),
                name="card_rewards_add_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    points=models.F("points_earned") - models.F("points_spent") - models.F("points_expired")
                ),
                name="card_points_add_up",
            ),
        )
        indexes = (
            models.Index(
                fields=("business", "-pending_rewards", "member"),
                name="card_pending",
                condition=Q(pending_rewards__gt=0),
            ),
        )

    def __str__(self) -> str:
        return self.qr_code


class Entry(models.Model):
    """One change of a card. Never edited; deleted only when a member is erased. It moves to another card,
    as it is, when its member turns out to be that card's and their records are merged.

    Signs: `stamps` given (+) or taken (-), `stamps_spent` turned into rewards, `rewards` earned (+) or
    redeemed (-), `points` earned (+) or spent and expired (-); an undo has the opposite ones. `day` is the
    business's own calendar day of `occurred_at`. `reverses` is the entry that an undo takes back: each once
    (docs/decisions/0015).
    """

    class Kind(models.TextChoices):
        """Why the card changed."""

        ENROL = "enrol"
        STAMP_ADD = "stamp_add"
        BIRTHDAY_BONUS = "birthday_bonus"
        REWARD_REDEEM = "reward_redeem"
        POINTS_EARN = "points_earn"
        POINTS_SPEND = "points_spend"
        POINTS_EXPIRE = "points_expire"
        # Earned points taken back, and spent points given back, because their reason was changed or undone.
        POINTS_REVERSE = "points_reverse"
        POINTS_RETURN = "points_return"
        # Stamps taken off the card by hand, for a reason (docs/decisions/0029).
        STAMP_TAKE = "stamp_take"
        # Stamps given or taken, or a redemption, undone because they were a mistake.
        STAMP_UNDO = "stamp_undo"
        REWARD_UNDO = "reward_undo"
        # What lay on another record of the same person came here, with its entries (docs/decisions/0022).
        MERGE = "merge"

    id = models.BigAutoField(primary_key=True)
    # The card's foreign key vouches for the business; checking it here too would make every stamp of a
    # business lock the same row. `regulars audit` compares the two.
    business = models.ForeignKey(
        Business, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey(
        Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    staff = models.ForeignKey(
        Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=20)
    stamps = models.IntegerField(default=0)
    stamps_spent = models.IntegerField(default=0)
    rewards = models.IntegerField(default=0)
    visits = models.SmallIntegerField(default=0)
    points = models.BigIntegerField(default=0)
    stamps_after = models.PositiveIntegerField()
    points_after = models.BigIntegerField()
    shortfall = models.BigIntegerField(default=0, db_default=0)
    text = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001 - empty is not indexed
    # Names an occasion that may happen once to a card, such as "birthday:2026".
    occasion = models.CharField(max_length=80, null=True, blank=True)  # noqa: DJ001 - empty must not be unique
    occurred_at = models.DateTimeField()
    day = models.DateField()
    recorded_at = models.DateTimeField(db_default=Now())
    reverses = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.RESTRICT, related_name="+", db_index=False
    )

    objects: ClassVar[models.Manager[Entry]] = ScopedManager(business="business")

    class Meta:
        verbose_name_plural = "entries"
        constraints = (
            models.UniqueConstraint(
                fields=("card", "occasion"), name="entry_occasion_once", condition=Q(occasion__isnull=False)
            ),
            models.UniqueConstraint(
                fields=("reverses",), name="entry_reversed_once", condition=Q(reverses__isnull=False)
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind__in=("stamp_undo", "reward_undo"), reverses__isnull=False)
                    | Q(~Q(kind__in=("stamp_undo", "reward_undo")), reverses__isnull=True)
                ),
                name="entry_undo_reverses",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=(
                        "enrol",
                        "stamp_add",
                        "birthday_bonus",
                        "reward_redeem",
                        "points_earn",
                        "points_spend",
                        "points_expire",
                        "points_reverse",
                        "points_return",
                        "stamp_undo",
                        "reward_undo",
                        "merge",
                        "stamp_take",
                    )
                ),
                name="entry_kind_known",
            ),
        )
        indexes = (
            models.Index(fields=("card", "id"), name="entry_card_id"),
            models.Index(fields=("business", "day", "id"), name="entry_business_day"),
            models.Index(fields=("branch", "id"), name="entry_branch", condition=Q(branch__isnull=False)),
            models.Index(fields=("staff", "id"), name="entry_staff", condition=Q(staff__isnull=False)),
            models.Index(fields=("business", "id"), name="entry_undos", condition=Q(reverses__isnull=False)),
            models.Index(fields=("card", "source"), name="entry_source", condition=Q(source__isnull=False)),
            models.Index(
                fields=("card", "day"),
                name="entry_points_earned",
                condition=Q(kind__in=("points_earn", "points_reverse")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Reward(models.Model):
    """A reward on a card, with the text under which it was earned.

    It waits until it is redeemed, or until an undo of stamps takes it back (`undone_entry`).
    """

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.CharField(max_length=300)
    earned_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    # An index of those that are redeemed, and of no others: SQLite, which counts nothing, would look for the
    # waiting ones of a card among all that wait.
    redeemed_entry = models.ForeignKey(
        Entry, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    undone_entry = models.ForeignKey(
        Entry, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    objects: ClassVar[models.Manager[Reward]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("redeemed_entry",),
                name="reward_redeemed_once",
                condition=Q(redeemed_entry__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(redeemed_entry__isnull=True) | Q(undone_entry__isnull=True),
                name="reward_gone_once",
            ),
        )
        indexes = (
            models.Index(fields=("card", "id"), name="reward_card_id"),
            models.Index(
                fields=("undone_entry",), name="reward_undone", condition=Q(undone_entry__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return self.text


class Lot(models.Model):
    """Points earned together, which expire together. `remaining` is what is left to spend."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="+", db_index=False)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    points = models.BigIntegerField()
    remaining = models.BigIntegerField()
    expires_on = models.DateField(null=True, blank=True)

    objects: ClassVar[models.Manager[Lot]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(remaining__gte=0, remaining__lte=models.F("points")), name="lot_remaining"
            ),
        )
        indexes = (
            models.Index(fields=("card", "id"), name="lot_card_open", condition=Q(remaining__gt=0)),
            models.Index(
                fields=("business", "expires_on"),
                name="lot_expiring",
                condition=Q(remaining__gt=0, expires_on__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.remaining} of {self.points}"


class LotUse(models.Model):
    """How many points an entry took from a lot (+) or gave back to it (-)."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    points = models.BigIntegerField()

    objects: ClassVar[models.Manager[LotUse]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(points=0), name="lot_use_not_zero"),)

    def __str__(self) -> str:
        return f"{self.points} of lot {self.lot_id}"


class PointsAdjustment(models.Model):
    """Points given (+) or taken (-) for a reason other than a sale or a voucher's price.

    Its effect is in the ledger under the source "adjustment:<id>". `origin` says who gave it: a person or a
    program ("manual"), a promotion on an event, or the redemption of a voucher.
    """

    class Origin(models.TextChoices):
        """What gave or took the points."""

        MANUAL = "manual"
        PROMOTION = "promotion"
        VOUCHER = "voucher"

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    code = models.CharField(max_length=50)
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="+")
    points = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    internal_notes = models.CharField(max_length=1000, blank=True)
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(
        Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.MANUAL.value)
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[PointsAdjustment]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint("business", Upper("code"), name="points_adjustment_code_unique"),
            models.CheckConstraint(
                condition=Q(origin__in=("manual", "promotion", "voucher")),
                name="points_adjustment_origin_known",
            ),
        )
        indexes = (
            models.Index(fields=("business", "id"), name="points_adjustment_business"),
            models.Index(fields=("staff",), name="points_adjustment_staff", condition=Q(staff__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.code}: {self.points}"
