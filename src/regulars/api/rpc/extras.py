"""What the table of entities needs beside columns: computed fields, and actions fitted to its shape."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from regulars import db
from regulars.api.rpc.lookups import like_pattern
from regulars.api.rpc.method import Caller
from regulars.api.rpc.types import Day, Moment, Number
from regulars.ledger import actions as ledger
from regulars.ledger.models import Card
from regulars.members import actions as members
from regulars.tenants import actions as tenants
from regulars.tenants import mail
from regulars.tenants.models import Branch, Staff
from regulars.tenants.queries import business_by_id
from regulars.vouchers.models import VoucherCode

Nested = list[list[tuple[str, Any]]]


def sale_promotions(caller: Caller, ids: Sequence[int], fields: Mapping[str, str]) -> dict[int, Nested]:
    """The promotions that each sale earned from."""
    found: dict[int, Nested] = {pk: [] for pk in ids}
    sql = (
        f"SELECT sale_id, code, points FROM sales_salepromotion WHERE {db.any_of('sale_id')} "
        "AND business_id = %s ORDER BY id"
    )
    for sale, code, points in db.run(sql, (db.numbers(ids), caller.business_id)):
        found[sale].append([("code", code), ("points", points)])
    return found


_CODES = """
SELECT c.issue_id, c.code, c.value, c.value_type, c.status, c.expires_on, c.reserved_until, c.redeemed_at
FROM vouchers_vouchercode c WHERE {of_issues} AND c.business_id = %s{one} ORDER BY c.id"""


def voucher_codes(caller: Caller, ids: Sequence[int], fields: Mapping[str, str]) -> dict[int, Nested]:
    """The codes of each issue; with a filter `voucher_code`, that one alone (seed: get_vouchers_issued)."""
    found: dict[int, Nested] = {pk: [] for pk in ids}
    params: list[Any] = [db.numbers(ids), caller.business_id]
    wanted = fields.get("voucher_code", "").strip()
    if wanted:
        params.append(like_pattern(wanted, "voucher_code"))
    one = " AND UPPER(c.code) LIKE UPPER(%s) ESCAPE '\\'" if wanted else ""
    sql = _CODES.format(of_issues=db.any_of("c.issue_id"), one=one)
    now = timezone.now()
    for issue, code, value, value_type, *state, redeemed_at in db.run(sql, params):
        found[issue].append(
            [
                ("voucher_code", code),
                ("value", _MONEY.show(caller, value)),
                ("value_type", value_type),
                ("status", code_status(caller, now, *state)),
                ("expires_on", _DAY.show(caller, state[1])),
                ("redeemed_at", _MOMENT.show(caller, redeemed_at)),
            ]
        )
    return found


_MONEY, _DAY, _MOMENT = Number(), Day(), Moment()


def code_status(caller: Caller, now: dt.datetime, status: str, expires_on: Any, reserved_until: Any) -> str:
    """Active, reserved, redeemed or expired: a reservation that has run out counts no more."""
    if status == VoucherCode.Status.REDEEMED:
        return "redeemed"
    held = reserved_until is not None and db.to_moment(reserved_until) > now
    if status == VoucherCode.Status.RESERVED and held:
        return "reserved"
    if expires_on is not None and db.to_date(expires_on) < now.astimezone(caller.zone).date():
        return "expired"
    return "active"


def add_member(*, business_id: int, **values: Any) -> Card:
    """Make a member with a card. Unlike over REST, neither cell nor e-mail is needed, or unique.

    The card's id is the member's.
    """
    cell, birthday = values.pop("cell", ""), values.pop("date_of_birth", None)
    return ledger.enrol(
        business=business_by_id(business_id),
        phone=cell,
        birthday=birthday,
        contact_required=False,
        unique_contact=False,
        **values,
    )


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
            mail.invite(added.staff, added.temp_password)
    return added.staff


def edit_user(*, business_id: int, pk: int, **changes: Any) -> Staff:
    """Change somebody on the team."""
    return tenants.edit_staff(business_id=business_id, pk=pk, **changes)


def delete_user(*, business_id: int, pk: int) -> None:
    """Take somebody off the team."""
    tenants.remove_staff(business_id=business_id, staff_id=pk)
