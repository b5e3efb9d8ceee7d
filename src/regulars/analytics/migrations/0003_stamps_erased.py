from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0002_erased_undone"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="erased",
            name="stamps_undone",
        ),
        migrations.AddField(
            model_name="daytotal",
            name="stamps_erased",
            field=models.BigIntegerField(default=0),
        ),
    ]
