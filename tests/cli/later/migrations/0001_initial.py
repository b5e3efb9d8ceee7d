from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("tenants", "0001_initial")]
    operations = [
        migrations.CreateModel(name="Later", fields=[("id", models.BigAutoField(primary_key=True))]),
    ]
