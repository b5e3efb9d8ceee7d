"""Vouchers, issues and codes of the business, by the numbers in addresses."""

from __future__ import annotations

from regulars.rules.errors import NotFound
from regulars.vouchers.models import Voucher, VoucherCode, VoucherIssue


def voucher_of(pk: int) -> Voucher:
    """A voucher with what it refers to, or NotFound."""
    found = Voucher.objects.select_related("group", "branch", "sku").filter(pk=pk).first()
    if found is None:
        raise NotFound(f"There is no voucher {pk}.")
    return found


def issue_of(pk: int) -> VoucherIssue:
    """An issue with its voucher, member, branch and staff, or NotFound."""
    rows = VoucherIssue.objects.select_related("voucher", "member", "branch", "staff")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"There is no issued voucher {pk}.")
    return found


def code_of(pk: int) -> VoucherCode:
    """A code with its voucher, issue and member, or NotFound."""
    rows = VoucherCode.objects.select_related("voucher", "issue", "member", "redeemed_branch", "credit")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound(f"There is no voucher code {pk}.")
    return found
