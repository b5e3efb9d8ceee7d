"""Businesses and the people and keys that act for them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django_scopes import ScopedManager

from regulars.rules import stamps as stamp_rules
from regulars.tenants.plans import PLANS


class UserManager(BaseUserManager["User"]):
    """Creates people who sign in with their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        """A person without rights of their own; without a password they cannot sign in yet."""
        user = self.model(email=email.strip().lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """The person with this e-mail address, however it was capitalised."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in. What they may do comes from their Staff rows."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open the operator's admin.")
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"

    def __str__(self) -> str:
        return self.email


class Business(models.Model):
    """A tenant. Every other row of the product belongs to exactly one."""

    class RefundPolicy(models.TextChoices):
        """What happens to points when that which earned them is undone."""

        TO_ZERO = "to_zero", "Take back what is there"
        ALLOW_NEGATIVE = "allow_negative", "Take all of them back, also below zero"
        KEEP = "keep", "Let the member keep them"

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=60, unique=True)
    business_type = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=300, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=100, blank=True)
    pincode = models.CharField(max_length=20, blank=True)
    gstin = models.CharField(max_length=30, blank=True)
    country = models.CharField(max_length=2, default="US")
    timezone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(max_length=3, default="USD")
    plan = models.CharField(max_length=20, default="self_hosted")
    join_code = models.CharField(max_length=20, unique=True)
    # Months until points lapse; empty: never. A change touches only later earnings.
    points_expire_months = models.PositiveSmallIntegerField(null=True, blank=True)
    refund_policy = models.CharField(
        max_length=20, choices=RefundPolicy.choices, default=RefundPolicy.TO_ZERO.value
    )
    # The most points that one sale may earn; empty: no limit.
    points_per_sale_cap = models.PositiveIntegerField(null=True, blank=True)
    # What one point is worth in the business's currency, for vouchers that turn points into money.
    point_value = models.DecimalField(max_digits=12, decimal_places=4, default=Decimal("0.01"))
    # How it looks and answers in messages and on its pages: "#rrggbb"; an address, or empty for none.
    accent_color = models.CharField(max_length=7, default="#0f766e")
    reply_to = models.CharField(max_length=254, blank=True)
    # What its customers' pages speak when a customer has not chosen: one of `rules.languages.LANGUAGES`.
    language = models.CharField(max_length=5, default="en")
    # Whether the programme has points. Stamps are the programme's own matter (`Program.is_active`).
    points_active = models.BooleanField(default=False)
    # What the operator allows beyond or below the plan: by the plan's own field names (`plans.Plan`).
    plan_limits = models.JSONField(default=dict, blank=True)
    # Since when the operator keeps it closed: nobody signs in, no key works. Nothing of it is lost.
    suspended_at = models.DateTimeField(null=True, blank=True)
    # At which of the three first steps its owner is; 0 when they are done or were left out.
    setup_step = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "businesses"
        constraints = (
            models.CheckConstraint(condition=Q(plan__in=list(PLANS)), name="business_plan_known"),
            models.CheckConstraint(
                condition=Q(points_expire_months__isnull=True) | Q(points_expire_months__gte=1),
                name="business_points_expire_months",
            ),
            models.CheckConstraint(
                condition=Q(refund_policy__in=("to_zero", "allow_negative", "keep")),
                name="business_refund_policy_known",
            ),
            models.CheckConstraint(condition=Q(point_value__gt=0), name="business_point_value_positive"),
        )

    def __str__(self) -> str:
        return self.name


class Program(models.Model):
    """A business's stamp programme: how many stamps make which reward."""

    business = models.OneToOneField(Business, on_delete=models.CASCADE, related_name="program")
    program_name = models.CharField(max_length=200)
    stamps_required = models.PositiveSmallIntegerField(default=8)
    reward_description = models.CharField(max_length=300)
    terms_conditions = models.TextField(blank=True)
    birthday_bonus_stamps = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[models.Manager[Program]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(stamps_required__range=(stamp_rules.MIN_GOAL, stamp_rules.MAX_GOAL)),
                name="program_stamps_required",
            ),
            models.CheckConstraint(
                condition=Q(birthday_bonus_stamps__lte=stamp_rules.MAX_BIRTHDAY_BONUS),
                name="program_birthday_bonus",
            ),
        )

    def __str__(self) -> str:
        return self.program_name


class Microsite(models.Model):
    """What customers' pages say and ask beyond the programme. A business without a row has these defaults."""

    class Contact(models.TextChoices):
        """Which contact somebody gives who joins."""

        EITHER = "either"
        PHONE = "phone"
        EMAIL = "email"

    business = models.OneToOneField(Business, on_delete=models.CASCADE, related_name="microsite")
    about = models.TextField(blank=True)
    website = models.CharField(max_length=300, blank=True)
    privacy_url = models.CharField(max_length=300, blank=True)
    # What somebody who joins agrees to; empty: the product's own words.
    consent_text = models.TextField(blank=True)
    join_open = models.BooleanField(default=True)
    join_contact = models.CharField(max_length=10, choices=Contact.choices, default=Contact.EITHER.value)
    join_asks_birthday = models.BooleanField(default=True)
    # Offers by e-mail only after the address was confirmed by a link.
    double_opt_in = models.BooleanField(default=False)
    # Origins (https://shop.example) whose pages may show a member's balance in a frame.
    embed_origins = models.JSONField(default=list, blank=True)
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Microsite]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(join_contact__in=("either", "phone", "email")),
                name="microsite_join_contact_known",
            ),
        )

    def __str__(self) -> str:
        return f"microsite of business {self.business_id}"


class Logo(models.Model):
    """A business's logo as a PNG of at most 512 pixels a side. `digest` names it in its address."""

    business = models.OneToOneField(Business, on_delete=models.CASCADE, related_name="logo")
    digest = models.CharField(max_length=32, unique=True)
    png = models.BinaryField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Logo]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return f"logo of business {self.business_id}"


class Branch(models.Model):
    """A place where the business serves customers."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=300, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Branch]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint("business", Upper("code"), name="branch_code_unique"),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True) | Q(latitude__range=(-90, 90)), name="branch_latitude"
            ),
            models.CheckConstraint(
                condition=Q(longitude__isnull=True) | Q(longitude__range=(-180, 180)), name="branch_longitude"
            ),
        )

    def __str__(self) -> str:
        return self.name


class _PresentManager(models.Manager["Staff"]):
    """Finds those who work for a business now."""

    def get_queryset(self) -> models.QuerySet[Staff]:
        """The places that nobody has left."""
        return super().get_queryset().filter(left_at=None)


class Staff(models.Model):
    """A person's place in a business.

    A temporary password belongs here and not to the person's account: adding a known e-mail address must
    neither reveal nor take over the account behind it (docs/decisions/0004).

    The row stays when they leave, so that what they did keeps its name, and belongs to no account any more:
    `objects` finds who works here now, `history` everybody who ever did (docs/decisions/0030).
    """

    class Role(models.TextChoices):
        """What a member of staff may do."""

        OWNER = "owner"
        MANAGER = "manager"
        STAFF = "staff"

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    # None for those who left, whom only `history` finds: everybody else has one, and that is its type.
    user: models.ForeignKey[User, User] = models.ForeignKey(  # type: ignore[misc]
        User, null=True, on_delete=models.CASCADE, related_name="+"
    )
    code = models.CharField(max_length=50)
    # Empty when somebody left and their name was forgotten.
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.STAFF)
    is_active = models.BooleanField(default=True)
    # With which they sign in at a paired counter: hashed; empty for none. Wrong ones close it for a while.
    pin = models.CharField(max_length=200, blank=True)
    pin_failures = models.PositiveSmallIntegerField(default=0)
    pin_closed_until = models.DateTimeField(null=True, blank=True)
    temp_password = models.CharField(max_length=200, blank=True)
    temp_password_expires_at = models.DateTimeField(null=True, blank=True)
    disable_backoffice_access = models.BooleanField(default=False)
    # Empty: works at every branch.
    branch = models.ForeignKey(Branch, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    modified_at = models.DateTimeField(auto_now=True)
    # Since when they work here no more, and by which address they are known again if they come back.
    left_at = models.DateTimeField(null=True, blank=True)
    left_email = models.EmailField(blank=True)

    objects: ClassVar[models.Manager[Staff]] = ScopedManager(_PresentManager, business="business")
    history: ClassVar[models.Manager[Staff]] = ScopedManager(business="business")

    class Meta:
        verbose_name_plural = "staff"
        constraints = (
            models.UniqueConstraint(fields=("business", "user"), name="staff_user_unique"),
            # A code is free again when whoever had it leaves.
            models.UniqueConstraint(
                "business", Upper("code"), condition=Q(left_at__isnull=True), name="staff_code_unique"
            ),
            # Who left has nothing left to sign in with.
            models.CheckConstraint(
                condition=Q(left_at__isnull=True, user__isnull=False, left_email="")
                | Q(left_at__isnull=False, user__isnull=True, is_active=False, pin="", temp_password=""),
                name="staff_left_signs_in_nowhere",
            ),
            models.CheckConstraint(
                condition=Q(role__in=("owner", "manager", "staff")), name="staff_role_known"
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def must_change_password(self) -> bool:
        """True until the temporary password was replaced at first sign-in."""
        return bool(self.temp_password)


class ApiKey(models.Model):
    """A key to the API: only its beginning and its hash are kept."""

    class RpcFormat(models.TextChoices):
        """How the RPC dialect answers when the request does not say."""

        XML = "xml"
        XML_ROOTED = "xml_rooted"
        JSON = "json"

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    key_hash = models.CharField(max_length=64, unique=True)
    rpc_format = models.CharField(max_length=10, choices=RpcFormat.choices, default=RpcFormat.XML.value)
    # The key itself, sealed, only while its single sign-on is switched on (the RPC seed's formula needs it).
    sso_key_sealed = models.TextField(blank=True)
    # What it may be used for: names of `scopes.SCOPES`; empty for everything.
    scopes = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[ApiKey]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(rpc_format__in=("xml", "xml_rooted", "json")), name="api_key_rpc_format_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Counter(models.Model):
    """The last number given to a kind of record, for codes such as M000001; see `numbers` for busy kinds."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    last = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager[Counter]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("business", "kind"), name="counter_kind_unique"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.last}"


class IdempotencyRecord(models.Model):
    """What a write answered, kept so that its retry gets the same answer (docs: Retries)."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    objects: ClassVar[models.Manager[IdempotencyRecord]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("business", "key"), name="idempotency_key_unique"),)

    def __str__(self) -> str:
        return self.key
