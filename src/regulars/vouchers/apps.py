"""Django's registration of the room."""

from django.apps import AppConfig

# Each code of an issue is there, and the log tells of as many redemptions as there are.
_CODES = """
SELECT i.member_id, i.business_id, i.qty, COALESCE(c.number, 0) FROM vouchers_voucherissue i
LEFT JOIN (SELECT issue_id, COUNT(*) AS number FROM vouchers_vouchercode GROUP BY issue_id) c
    ON c.issue_id = i.id
WHERE i.qty <> COALESCE(c.number, 0)"""
_REDEEMED = """
SELECT c.member_id, c.business_id, c.redeemed, COALESCE(l.redeemed, 0)
FROM (SELECT id, member_id, business_id, CASE WHEN status = 'redeemed' THEN 1 ELSE 0 END AS redeemed
      FROM vouchers_vouchercode) c
LEFT JOIN (SELECT voucher_code_id, SUM(CASE action WHEN 'redeem' THEN 1 ELSE -1 END) AS redeemed
           FROM vouchers_voucherlog WHERE action IN ('redeem', 'reset') GROUP BY voucher_code_id) l
    ON l.voucher_code_id = c.id
WHERE c.redeemed <> COALESCE(l.redeemed, 0)"""


class VouchersConfig(AppConfig):
    """The vouchers room."""

    name = "regulars.vouchers"
    label = "vouchers"

    def ready(self) -> None:
        """Enter this room wherever rooms are called: erasure, points just earned, the audit."""
        from regulars.ledger import audit, followups, merging  # noqa: PLC0415 - models load first
        from regulars.members import personal_data  # noqa: PLC0415 - models load first
        from regulars.vouchers import personal, thresholds  # noqa: PLC0415 - models load first

        # Its codes refer to adjustments, which the ledger erases.
        personal_data.register("vouchers", order=20, erase=personal.erase_member, parts=personal.PARTS)
        merging.register("vouchers", personal.move_member)
        followups.register("vouchers", earned=thresholds.earned)
        audit.register_documents("issue", table="vouchers_voucherissue", worth="-points_used")
        audit.register("codes of each issue", _CODES)
        audit.register("redemptions of each voucher code", _REDEEMED)
