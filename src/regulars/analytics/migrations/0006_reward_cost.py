import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0005_facets"),
        ("tenants", "0006_operator"),
    ]

    operations = [
        migrations.CreateModel(
            name="RewardCost",
            fields=[
                (
                    "business",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="tenants.business",
                    ),
                ),
                ("cost", models.DecimalField(decimal_places=2, max_digits=12)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cost__gte", 0)), name="reward_cost_not_negative"
                    )
                ],
            },
        ),
    ]
