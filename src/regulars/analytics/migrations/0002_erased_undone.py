from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="erased",
            name="stamps_undone",
            field=models.BigIntegerField(default=0),
        ),
    ]
