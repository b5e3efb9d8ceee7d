"""What this room holds about a member: how it is given out, and how it is erased."""

from __future__ import annotations

from typing import Final

from django_scopes import scope

from regulars import db
from regulars.members.personal_data import Part, named
from regulars.vouchers.lookups import lock_cards
from regulars.vouchers.models import VoucherCode, VoucherIssue, VoucherLog

_STAFF: Final = {"staff": "who of the team it was"}

PARTS: Final = (
    Part(
        "voucher_issues",
        "When you were given vouchers, how many at once, and the points that they took.",
        VoucherIssue,
        "member_id",
        named(
            *("code", "occurred_at", "qty", "points_used", "force_value", "occasion"),
            voucher="voucher__name",
            branch="branch__name",
            created_at="created_at",
            modified_at="modified_at",
        ),
        withheld=_STAFF,
    ),
    Part(
        "vouchers",
        "Each voucher of yours, and what became of it.",
        VoucherCode,
        "member_id",
        named(
            *("code", "value", "value_type", "status", "expires_on", "expiry_told_at", "reserved_until"),
            *("redeemed_at", "redeemed_value"),
            voucher="voucher__name",
            issue="issue__code",
            redeemed_branch="redeemed_branch__name",
            points_credited="credit__points",
            created_at="created_at",
            modified_at="modified_at",
        ),
        withheld={"reservation": "with it a till redeems what it holds", "version": "how often it changed"},
    ),
    Part(
        "voucher_history",
        "What happened to your vouchers, when and where, with what was said about it.",
        VoucherLog,
        "voucher_code__member_id",
        named(
            "at",
            "action",
            "sale_value",
            "text",
            voucher="voucher_code__code",
            branch="branch__name",
        ),
        withheld=_STAFF,
    ),
)


def erase_member(*, business_id: int, member_id: int) -> None:
    """Delete a member's vouchers with their codes and what happened to them. In the caller's transaction.

    What is being issued or redeemed at this moment is waited for, so that nothing is left behind.
    """
    with scope(business=business_id):
        lock_cards(business_id, [member_id])
        rows = VoucherCode.objects.select_for_update().filter(member_id=member_id).order_by("pk")
        codes = db.numbers(list(rows.values_list("pk", flat=True)))
    db.run(f"DELETE FROM vouchers_voucherlog WHERE {db.any_of('voucher_code_id')}", (codes,))
    db.run(f"DELETE FROM vouchers_vouchercode WHERE {db.any_of('id')}", (codes,))
    db.run(
        "DELETE FROM vouchers_voucherissue WHERE member_id = %s AND business_id = %s",
        (member_id, business_id),
    )


# Of what both were given for one occasion, one keeps its name, so that it is given no more.
_MOVE_ISSUES = """
UPDATE vouchers_voucherissue SET member_id = %s, occasion = CASE WHEN EXISTS (
    SELECT 1 FROM vouchers_voucherissue o WHERE o.voucher_id = vouchers_voucherissue.voucher_id
    AND o.member_id = %s AND o.occasion = vouchers_voucherissue.occasion
) THEN NULL ELSE occasion END WHERE member_id = %s AND business_id = %s"""


def move_member(*, business_id: int, member_id: int, into_id: int) -> None:
    """Let a member's vouchers be another one's, with their codes. Within the caller's transaction."""
    db.run(_MOVE_ISSUES, (into_id, into_id, member_id, business_id))
    db.run(
        "UPDATE vouchers_vouchercode SET member_id = %s WHERE member_id = %s AND business_id = %s",
        (into_id, member_id, business_id),
    )
