"""The newest codes of a business are read without the others."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds indexes."""

    dependencies = (("vouchers", "0003_figures"),)

    operations = (
        migrations.AddIndex(
            model_name="vouchercode",
            index=models.Index(fields=["business", "id"], name="voucher_code_business"),
        ),
    )
