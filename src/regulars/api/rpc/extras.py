"""What the table of entities needs beside columns: computed fields, and actions fitted to its shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from regulars.api.rpc.method import Caller
from regulars.api.rpc.types import local
from regulars.ledger import actions as ledger
from regulars.members import actions as members
from regulars.members.models import Member
from regulars.sales.models import SalePromotion
from regulars.tenants import actions as tenants
from regulars.tenants import mail
from regulars.tenants.models import Branch, Staff
from regulars.tenants.queries import business_by_id
from regulars.vouchers.models import VoucherCode

Nested = list[list[tuple[str, Any]]]


def sale_promotions(caller: Caller, ids: Sequence[int], fields: Mapping[str, str]) -> dict[int, Nested]:
    """The promotions that each sale earned from."""
    found: dict[int, Nested] = defaultdict(list)
    rows = SalePromotion.objects.filter(sale_id__in=ids).order_by("pk")
    for sale, code, points in rows.values_list("sale_id", "code", "points"):
        found[sale].append([("code", code), ("points", points)])
    return {pk: found[pk] for pk in ids}


def voucher_codes(caller: Caller, ids: Sequence[int], fields: Mapping[str, str]) -> dict[int, Nested]:
    """The codes of each issue; with a filter `voucher_code`, that one alone (seed: get_vouchers_issued)."""
    found: dict[int, Nested] = defaultdict(list)
    rows = VoucherCode.objects.filter(issue_id__in=ids).order_by("pk")
    if wanted := fields.get("voucher_code", "").strip():
        rows = rows.filter(code__iexact=wanted)
    now = timezone.now()
    for row in rows:
        found[row.issue_id].append(describe_code(caller, row, now))
    return {pk: found[pk] for pk in ids}


def describe_code(caller: Caller, row: VoucherCode, now: Any) -> list[tuple[str, Any]]:
    """One voucher code as rows show it."""
    return [
        ("voucher_code", row.code),
        ("value", f"{row.value:.2f}"),
        ("value_type", row.value_type),
        ("status", code_status(caller, row, now)),
        ("expires_on", row.expires_on and row.expires_on.isoformat()),
        ("redeemed_at", row.redeemed_at and local(caller, row.redeemed_at)),
    ]


def code_status(caller: Caller, row: VoucherCode, now: Any) -> str:
    """Active, reserved, redeemed or expired: a reservation that has run out counts no more."""
    if row.status == VoucherCode.Status.REDEEMED:
        return "redeemed"
    if row.expires_on is not None and row.expires_on.isoformat() < local(caller, now)[:10]:
        return "expired"
    if row.status == VoucherCode.Status.RESERVED and row.reserved_until and row.reserved_until > now:
        return "reserved"
    return "active"


def add_member(*, business_id: int, **values: Any) -> Member:
    """Make a member with a card. Unlike over REST, neither cell nor e-mail is needed, or unique."""
    cell, birthday = values.pop("cell", ""), values.pop("date_of_birth", None)
    return ledger.enrol(
        business=business_by_id(business_id),
        phone=cell,
        birthday=birthday,
        contact_required=False,
        unique_contact=False,
        **values,
    ).member


def delete_member(*, business_id: int, pk: int) -> None:
    """Erase a member for good, as over REST."""
    members.delete_member(business_id=business_id, member_id=pk)


def add_branch(*, business_id: int, **values: Any) -> Branch:
    """Open a branch."""
    return tenants.create_branch(business=business_by_id(business_id), name_required=False, **values)


def edit_branch(*, business_id: int, pk: int, **changes: Any) -> Branch:
    """Change a branch."""
    return tenants.update_branch(business_id=business_id, branch_id=pk, **changes)


def delete_branch(*, business_id: int, pk: int) -> None:
    """Delete a branch at which nothing ever happened."""
    tenants.delete_branch(business_id=business_id, branch_id=pk)


def add_user(*, business_id: int, **values: Any) -> Staff:
    """Add somebody to the team, with a temporary password that is mailed to them."""
    with transaction.atomic():
        added = tenants.add_staff(business=business_by_id(business_id), **values)
        if added.temp_password is not None:
            mail.invite_on_commit(added.staff, added.temp_password)
    return added.staff


def edit_user(*, business_id: int, pk: int, **changes: Any) -> Staff:
    """Change somebody on the team."""
    return tenants.edit_staff(business_id=business_id, pk=pk, **changes)


def delete_user(*, business_id: int, pk: int) -> None:
    """Take somebody off the team."""
    tenants.remove_staff(business_id=business_id, staff_id=pk)
