from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

_now = django.db.models.functions.datetime.Now


def _business(**options: Any) -> Any:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.business", **options
    )


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0001_initial"),
        ("tenants", "0003_look"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="version",
            field=models.PositiveSmallIntegerField(db_default=1),
        ),
        # Nobody was told of what happened before, and nobody shall be surprised by it now.
        migrations.AddField(
            model_name="event",
            name="pending",
            field=models.BooleanField(db_default=False),
        ),
        migrations.AlterField(
            model_name="event",
            name="pending",
            field=models.BooleanField(db_default=True),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(condition=models.Q(("pending", True)), fields=["id"], name="event_pending"),
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.CharField(max_length=500)),
                ("description", models.CharField(blank=True, max_length=200)),
                ("event_types", models.JSONField(default=list)),
                ("secret", models.CharField(max_length=400)),
                ("previous_secret", models.CharField(blank=True, max_length=400)),
                ("previous_secret_until", models.DateTimeField(blank=True, null=True)),
                ("is_active", models.BooleanField(default=True)),
                ("disabled_at", models.DateTimeField(blank=True, null=True)),
                ("disabled_reason", models.CharField(blank=True, max_length=300)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("closed_until", models.DateTimeField(blank=True, null=True)),
                ("last_success_at", models.DateTimeField(blank=True, null=True)),
                ("last_failure_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(db_default=_now())),
                ("modified_at", models.DateTimeField(auto_now=True)),
                ("business", _business()),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("member_id", models.BigIntegerField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("delivered", "Delivered"), ("failed", "Failed")],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(db_default=_now())),
                ("lease", models.CharField(blank=True, max_length=100)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("last_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("last_status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=300)),
                ("delivered_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(db_default=_now())),
                ("business", _business(db_constraint=False, db_index=False)),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="outbox.webhookendpoint",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="outbox.event",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["endpoint", "next_at", "event"],
                        name="delivery_due",
                    ),
                    models.Index(
                        condition=models.Q(("member_id__isnull", False), ("status", "pending")),
                        fields=["endpoint", "member_id", "event"],
                        name="delivery_order",
                    ),
                    models.Index(fields=["endpoint", "-id"], name="delivery_log"),
                    models.Index(fields=["created_at"], name="delivery_created"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("endpoint", "event"), name="delivery_endpoint_event_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ("pending", "delivered", "failed"))),
                        name="delivery_status_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeliveryAttempt",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("duration_ms", models.PositiveIntegerField()),
                ("status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("response", models.CharField(blank=True, max_length=2000)),
                ("business", _business(db_constraint=False, db_index=False)),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="outbox.delivery"
                    ),
                ),
            ],
        ),
    ]
