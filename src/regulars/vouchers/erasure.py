"""Erasing what this room holds about a member."""

from __future__ import annotations

from django_scopes import scope

from regulars.vouchers.lookups import lock_cards
from regulars.vouchers.models import VoucherCode, VoucherIssue


def erase_member(*, business_id: int, member_id: int) -> None:
    """Delete a member's vouchers with their codes and what happened to them. In the caller's transaction.

    What is being issued or redeemed at this moment is waited for, so that nothing is left behind.
    """
    with scope(business=business_id):
        lock_cards(business_id, [member_id])
        codes = list(
            VoucherCode.objects.select_for_update()
            .filter(member_id=member_id)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        VoucherCode.objects.filter(pk__in=codes).delete()
        VoucherIssue.objects.filter(member_id=member_id).delete()
