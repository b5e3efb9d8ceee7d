from django.db import migrations, models

# Of vouchers that were redeemed before: an amount took off itself, a percentage what it is of the sale that
# the till told at the last redemption. Never more than that sale.
_SALE = """(SELECT l.sale_value FROM vouchers_voucherlog l
            WHERE l.voucher_code_id = vouchers_vouchercode.id AND l.action = 'redeem' ORDER BY l.id DESC LIMIT 1)"""
_WORTH = f"""
UPDATE vouchers_vouchercode SET redeemed_value = CASE
    WHEN value_type = 1 THEN ROUND({_SALE} * CASE WHEN value > 100 THEN 100 ELSE value END / 100, 2)
    WHEN {_SALE} < value THEN {_SALE}
    ELSE value END
WHERE status = 'redeemed'"""


class Migration(migrations.Migration):
    dependencies = [
        ("vouchers", "0002_expiry"),
    ]

    operations = [
        migrations.AddField(
            model_name="vouchercode",
            name="redeemed_value",
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True),
        ),
        migrations.RunSQL(_WORTH, migrations.RunSQL.noop),
    ]
