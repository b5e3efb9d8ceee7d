"""Messages that failed, came back or were left out are found among all that were sent."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds indexes."""

    dependencies = (("messages", "0002_languages"),)

    operations = (
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(
                    models.Q(("status", "sent"), _negated=True),
                    models.Q(("status", "queued"), _negated=True),
                    models.Q(("status", "sending"), _negated=True),
                ),
                fields=["business", "status", "id"],
                name="message_not_sent",
            ),
        ),
    )
