"""The texts of automatic messages, every message to one person, and addresses that take none."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django_scopes import ScopedManager

from regulars.members.models import Member
from regulars.tenants.models import Business

# What became of messages that do not arrive, said so that SQLite knows it for what the index says.
NOT_SENT: Final = ~Q(status="sent") & ~Q(status="queued") & ~Q(status="sending")


class MessageText(models.Model):
    """What a business made of one kind of message: its own words, or none at all.

    `name` is empty for the words that are usually taken; others have a name, which a voucher may ask for.
    `language` is empty for words that hold for all who have none in their own. An empty subject, body or
    label of the button stands for the product's own.
    """

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=30)
    name = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=5, blank=True)
    enabled = models.BooleanField(default=True)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    button = models.CharField(max_length=60, blank=True)
    modified_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[MessageText]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "business", "kind", Upper("name"), "language", name="message_text_language_unique"
            ),
        )

    def __str__(self) -> str:
        return " ".join(part for part in (self.kind, self.name, self.language) if part)


class Message(models.Model):
    """One message to one person, by one channel. `key` names its reason, which counts once in a business.

    A message to a member has no address before a sender takes it: what counts is where the member is reached,
    and whether they want it, at the moment of sending. `context` holds what its text tells; `sealed` what
    nobody may read in the database, such as a temporary password.
    """

    class Status(models.TextChoices):
        """What has become of it. `sending` lasts while a sender holds the lease."""

        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        SKIPPED = "skipped"
        BOUNCED = "bounced"

    class Channel(models.TextChoices):
        """How it leaves the house."""

        EMAIL = "email"
        SMS = "sms"
        POST = "post"

    id = models.BigAutoField(primary_key=True)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    member = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=30)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL.value)
    # The room of campaigns lies above this one.
    campaign_id = models.BigIntegerField(null=True, blank=True)
    key = models.CharField(max_length=120)
    to = models.CharField(max_length=254, blank=True)
    context = models.JSONField(default=dict)
    sealed = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED.value)
    reason = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now())
    lease = models.CharField(max_length=100, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager[Message]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("business", "key"), name="message_key_unique"),
            models.CheckConstraint(
                condition=Q(status__in=("queued", "sending", "sent", "failed", "skipped", "bounced")),
                name="message_status_known",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=("email", "sms", "post")), name="message_channel_known"
            ),
        )
        indexes = (
            # What waits by itself, and what waits for its campaign's job.
            models.Index(
                fields=("next_at", "id"),
                name="message_due",
                condition=Q(status="queued", campaign_id__isnull=True),
            ),
            models.Index(
                fields=("campaign_id", "next_at", "id"),
                name="message_campaign_due",
                condition=Q(status="queued", campaign_id__isnull=False),
            ),
            models.Index(fields=("leased_until",), name="message_leased", condition=Q(status="sending")),
            models.Index(
                fields=("campaign_id",),
                name="message_unsubscribed",
                condition=Q(unsubscribed_at__isnull=False),
            ),
            models.Index(
                fields=("campaign_id", "id"), name="message_campaign", condition=Q(campaign_id__isnull=False)
            ),
            models.Index(fields=("business", "id"), name="message_log"),
            # Those that somebody looks for; they are few.
            models.Index(
                fields=("business", "status", "id"),
                name="message_not_sent",
                condition=NOT_SENT,
            ),
            models.Index(fields=("member", "id"), name="message_member"),
            models.Index(fields=("provider_id",), name="message_provider", condition=~Q(provider_id="")),
            models.Index(fields=("created_at",), name="message_created"),
        )

    def __str__(self) -> str:
        return self.key


class Suppression(models.Model):
    """An address that a business writes to no more: it does not exist, or its owner complained.

    `address` is in lower case. It ends when the member gets another address, or when somebody deletes it.
    """

    class Why(models.TextChoices):
        """What was reported."""

        BOUNCE = "bounce"
        COMPLAINT = "complaint"

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=10, choices=Message.Channel.choices)
    address = models.CharField(max_length=254)
    why = models.CharField(max_length=10, choices=Why.choices)
    detail = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager[Suppression]] = ScopedManager(business="business")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("business", "channel", "address"), name="suppression_address_unique"
            ),
        )

    def __str__(self) -> str:
        return f"{self.why}: {self.address}"
