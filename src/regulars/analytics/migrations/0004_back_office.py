import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0003_stamps_erased"),
        ("tenants", "0005_back_office"),
    ]

    operations = [
        migrations.AddField(
            model_name="daytotal",
            name="points_expired",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="erased",
            name="amount",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="erased",
            name="points_expired",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="erased",
            name="sales",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="erased",
            name="vouchers_issued",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="erased",
            name="vouchers_redeemed",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="erased",
            name="vouchers_value",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="total",
            name="points_expired",
            field=models.BigIntegerField(default=0),
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("branch_key", models.BigIntegerField()),
                ("staff_key", models.BigIntegerField()),
                ("sales", models.BigIntegerField()),
                ("amount", models.BigIntegerField()),
                ("vouchers_issued", models.BigIntegerField()),
                ("vouchers_redeemed", models.BigIntegerField()),
                ("vouchers_value", models.BigIntegerField()),
                ("erased", models.BooleanField()),
                (
                    "business",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.business",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Erasing",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "business",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.business",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Cohort",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("joined", models.DateField()),
                ("month", models.DateField()),
                ("members", models.BigIntegerField(default=0)),
                (
                    "business",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.business",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("business", "joined", "month"), name="cohort_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="HourTotal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("branch_key", models.BigIntegerField()),
                ("day", models.DateField()),
                ("hour", models.PositiveSmallIntegerField()),
                ("visits", models.BigIntegerField(default=0)),
                ("came_back", models.BigIntegerField(default=0)),
                (
                    "business",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.business",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("business", "day", "branch_key", "hour"), name="hour_total_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MemberMonth",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("member_id", models.BigIntegerField()),
                ("month", models.DateField()),
                ("visits", models.BigIntegerField(default=0)),
                (
                    "business",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.business",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("member_id", "month"), name="member_month_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="PointsDue",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("expires_on", models.DateField()),
                ("points", models.BigIntegerField(default=0)),
                (
                    "business",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.business",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("business", "expires_on"), name="points_due_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffTotal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("branch_key", models.BigIntegerField()),
                ("staff_key", models.BigIntegerField()),
                ("day", models.DateField()),
                ("stamps", models.BigIntegerField(db_default=0, default=0)),
                ("visits", models.BigIntegerField(db_default=0, default=0)),
                ("rewards_redeemed", models.BigIntegerField(db_default=0, default=0)),
                ("points_earned", models.BigIntegerField(db_default=0, default=0)),
                ("sales", models.BigIntegerField(db_default=0, default=0)),
                ("amount", models.BigIntegerField(db_default=0, default=0)),
                ("vouchers_issued", models.BigIntegerField(db_default=0, default=0)),
                ("vouchers_redeemed", models.BigIntegerField(db_default=0, default=0)),
                ("vouchers_value", models.BigIntegerField(db_default=0, default=0)),
                (
                    "business",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.business",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("business", "day", "branch_key", "staff_key"), name="staff_total_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="VisitCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("visits", models.BigIntegerField()),
                ("members", models.BigIntegerField(default=0)),
                (
                    "business",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.business",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("business", "visits"), name="visit_count_unique")
                ],
            },
        ),
    ]
