"""Cards to print, and those that were handed in, are found among all of a campaign."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds indexes."""

    dependencies = (("scratchcards", "0002_batches"),)

    operations = (
        migrations.AddIndex(
            model_name="scratchcard",
            index=models.Index(
                condition=models.Q(("member__isnull", True), ("revealed_at__isnull", True)),
                fields=["campaign", "id"],
                name="scratch_card_bearer",
            ),
        ),
        migrations.AddIndex(
            model_name="scratchcard",
            index=models.Index(
                condition=models.Q(("redeemed_at__isnull", False)),
                fields=["campaign", "id"],
                name="scratch_card_redeemed",
            ),
        ),
    )
