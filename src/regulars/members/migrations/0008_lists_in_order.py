"""Members by name and by the day on which they joined, however many there are."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds indexes."""

    dependencies = (("members", "0007_codes_taken_over"),)

    operations = (
        migrations.AddIndex(
            model_name="member",
            index=models.Index(fields=["business", "name", "id"], name="member_named"),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(fields=["business", "joined_at", "id"], name="member_joined"),
        ),
    )
