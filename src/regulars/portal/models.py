"""How members sign in, and what they were sent for it. Of secrets only hashes are kept."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django_scopes import ScopedManager

from regulars.members.models import Member
from regulars.tenants.models import Business


class Account(models.Model):
    """What a member needs to sign in at the micro-site. The password is hashed; empty for none."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, primary_key=True, related_name="+")
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    password = models.CharField(max_length=200, blank=True)
    first_login_at = models.DateTimeField(null=True, blank=True)
    last_login_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Account]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return f"account of member {self.member_id}"


class Session(models.Model):
    """A browser in which a member is signed in at the micro-site."""

    class How(models.TextChoices):
        """By what they signed in."""

        LINK = "link"
        PASSWORD = "password"  # noqa: S105 - the name of a way
        SSO = "sso"

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    how = models.CharField(max_length=10, choices=How.choices)
    # Such as "Firefox, Android", so that people know it again in the list.
    device = models.CharField(max_length=60, blank=True)
    # For those by SSO: the key or secret that signed, such as "secret:7"; they end with it.
    credential = models.CharField(max_length=30, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)

    objects: ClassVar[models.Manager[Session]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(how__in=("link", "password", "sso")), name="portal_session_how_known"
            ),
        )

    def __str__(self) -> str:
        return f"session of member {self.member_id}"


class OneTimeLink(models.Model):
    """A link sent to a member, which works once."""

    class Purpose(models.TextChoices):
        """What it does."""

        SIGN_IN = "sign_in"
        CONFIRM_EMAIL = "confirm_email"
        CHANGE_EMAIL = "change_email"
        OPEN_CARD = "open_card"

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=15, choices=Purpose.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    # To which address it went: it is void when the member's has changed since. Of CHANGE_EMAIL: the new one.
    address = models.CharField(max_length=254)
    # For OPEN_CARD: the code of the card that is confirmed by it.
    alias = models.CharField(max_length=32, blank=True)
    # For CHANGE_EMAIL: the number of the session that asked; it may have ended.
    session_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[OneTimeLink]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(purpose__in=("sign_in", "confirm_email", "change_email", "open_card")),
                name="one_time_link_purpose_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.purpose} of member {self.member_id}"


class SsoSecret(models.Model):
    """With which a shop's website signs its members in (`token2`) and shows their balance. Sealed."""

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    prefix = models.CharField(max_length=16)
    sealed = models.TextField()
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[SsoSecret]] = ScopedManager(business="business")

    def __str__(self) -> str:
        return f"{self.prefix}…"


class UsedToken(models.Model):
    """A sign-in token that works once, kept until it would have expired anyway."""

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    objects: ClassVar[models.Manager[UsedToken]] = ScopedManager(business="business")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("business", "digest"), name="used_token_once"),)

    def __str__(self) -> str:
        return self.digest
