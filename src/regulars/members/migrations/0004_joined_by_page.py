from django.db import migrations, models

# Until now only what somebody agreed to said where they had joined.
_BY_CONSENT = """
UPDATE members_member SET joined_by_page = TRUE
WHERE id IN (SELECT member_id FROM members_consent WHERE source = 'join')"""


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0003_customer_pages"),
    ]

    operations = [
        migrations.AddField(
            model_name="member",
            name="joined_by_page",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(_BY_CONSENT, migrations.RunSQL.noop),
    ]
