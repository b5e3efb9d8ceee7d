"""How points are given may be unsaid. So far empty was both: never said, and none; where points are collected
and nobody said anything, the amount field is there from now on.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Empty becomes unsaid."""

    dependencies = (("counter", "0001_initial"),)

    operations = (
        migrations.AlterField(
            model_name="countersettings",
            name="quickscan_function",
            field=models.CharField(blank=True, max_length=300, null=True),
        ),
        migrations.RunSQL(
            sql="UPDATE counter_countersettings SET quickscan_function = NULL WHERE quickscan_function = ''",
            reverse_sql="UPDATE counter_countersettings SET quickscan_function = '' "
            "WHERE quickscan_function IS NULL",
        ),
    )
