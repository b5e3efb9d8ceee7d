"""A merged record may be noted without a code, when an earlier note has it already."""

from __future__ import annotations

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    """Leaves empty codes out of what must be unique."""

    dependencies = (("members", "0006_merging"),)

    operations = (
        migrations.AlterField("mergedmember", "code", models.CharField(max_length=50, blank=True)),
        migrations.RemoveConstraint("mergedmember", "merged_member_code_unique"),
        migrations.AddConstraint(
            "mergedmember",
            models.UniqueConstraint(
                models.F("business"),
                django.db.models.functions.text.Upper("code"),
                name="merged_member_code_unique",
                condition=models.Q(("code", ""), _negated=True),
            ),
        ),
    )
