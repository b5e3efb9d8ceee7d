from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="onetimelink",
            name="session_id",
            field=models.BigIntegerField(blank=True, null=True),
        ),
    ]
