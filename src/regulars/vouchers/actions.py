"""Writes about what may be issued: vouchers, and codes that are loaded for them beforehand.

Issuing is in `issuing.py`, redeeming in `redeeming.py`.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django_scopes import scope

from regulars.catalog import records
from regulars.catalog.models import Sku
from regulars.members.models import MemberGroup
from regulars.rules import occasions, values, vouchers
from regulars.rules.errors import Conflict, HasHistory, InvalidInput, NotFound
from regulars.rules.text import clean_text
from regulars.tenants.models import Branch
from regulars.tenants.queries import same_code
from regulars.vouchers.models import Precode, Voucher, VoucherCode

MAX_DAYS = 36_500
MAX_MONTHS = 1_200
_LONG_TEXT = 20_000


def _number(least: int, most: int = values.MAX_POINTS) -> records.Check:
    def check(name: str, value: Any) -> int | None:
        return None if value in (None, "") else values.whole_number(value, field=name, least=least, most=most)

    return check


def _event(name: str, value: str | None) -> str:
    return occasions.parse_voucher_event(clean_text(value or "", field=name, max_length=30))


def _value(name: str, value: Any) -> Any:
    return records.money(name, value) or 0


def _value_type(name: str, value: Any) -> int:
    return values.whole_number(0 if value in (None, "") else value, field=name, most=vouchers.POINTS)


def _check_definition(voucher: Voucher) -> None:
    """Refuse what contradicts itself or would never be issued."""
    values.check_days(voucher.date_from, voucher.date_to)
    voucher.value = vouchers.check_value(voucher.value, field="value", value_type=voucher.value_type)
    if voucher.points_earned_in_months is not None and voucher.trigger_on_total_points_earned is None:
        raise InvalidInput.at("points_earned_in_months", "needs trigger_on_total_points_earned")
    if voucher.auto_allocate_on_event == occasions.POINTS_REACH_REQUIRED and not voucher.points_required:
        raise InvalidInput.at(
            "points_required", "must be at least 1 when auto_allocate_on_event is points_reach_required"
        )
    if voucher.auto_allocate_on_event == occasions.POINTS_REACH_VALUE:
        event = "when auto_allocate_on_event is points_reach_value"
        if voucher.value_type == vouchers.PERCENT:
            raise InvalidInput.at("value_type", f"must not be 1 (percent) {event}")
        if not voucher.value:
            raise InvalidInput.at("value", f"must be more than 0 {event}")


_VOUCHERS = records.Records(
    model=Voucher,
    noun="voucher",
    rows=lambda: Voucher.objects.select_related("sku", "group", "branch"),
    checks={
        "name": records.line(200),
        "points_required": records.points,
        "trigger_on_total_points_earned": _number(1),
        "points_earned_in_months": _number(1, MAX_MONTHS),
        "voucher_details": records.text(_LONG_TEXT),
        "email_instructions": records.text(_LONG_TEXT),
        "available_for_self_selection": records.flag,
        "auto_allocate_on_event": _event,
        "limited_to_per_member": _number(1),
        "optional_email_template": records.text(200),
        "expires_after_days": _number(0, MAX_DAYS),
        "can_be_redeemed_for_points": records.points,
        "value": _value,
        "value_type": _value_type,
        "min_value": records.money,
        "sku_id": records.reference(Sku),
        "date_from": records.day,
        "date_to": records.day,
        "group_id": records.reference(MemberGroup),
        "branch_id": records.reference(Branch),
    },
    required=frozenset({"name"}),
    letter="V",
    counter="voucher",
    check=_check_definition,
)
_PRECODES = records.Records(
    model=Precode,
    noun="pre-loaded code",
    rows=lambda: Precode.objects.select_related("voucher"),
    checks={"voucher_id": records.reference(Voucher)},
    required=frozenset({"voucher_id"}),
)


def add_voucher(*, business_id: int, code: str = "", **values: Any) -> Voucher:
    """Add a voucher: `name` (required) and any other field of the model, references as `group_id`,
    `branch_id` and `sku_id`. An empty code is made: V000001.

    Raises:
        InvalidInput: a value is unusable or contradicts another one; the message names the field.
        NotFound: the business has no such group, branch or SKU.
        Conflict: the code is taken.
    """
    return _VOUCHERS.add(business_id=business_id, code=code, given=values)


def edit_voucher(*, business_id: int, pk: int, **changes: Any) -> Voucher:
    """Change a voucher; what is not named stays, what is empty is erased.

    Codes that are issued already keep their value and their last day.

    Raises:
        InvalidInput: a value is unusable or contradicts another one; the message names the field.
        NotFound: the business has no such voucher, group, branch or SKU.
        Conflict: the code is taken.
    """
    return _VOUCHERS.edit(business_id=business_id, pk=pk, changes=changes)


def delete_voucher(*, business_id: int, pk: int) -> None:
    """Delete a voucher that was never issued and has no pre-loaded codes.

    Raises:
        NotFound: the business has no such voucher.
        HasHistory: it was issued, or has pre-loaded codes.
    """
    _VOUCHERS.delete(business_id=business_id, pk=pk)


def add_precode(*, business_id: int, code: str = "", **values: Any) -> Precode:
    """Load a code for a voucher (`voucher_id`, required). It is issued before any random code.

    Raises:
        InvalidInput: the code or the voucher is missing.
        NotFound: the business has no such voucher.
        Conflict: the code is loaded already, or a voucher was issued with it.
    """
    code = clean_text(code, field="code", max_length=records.MAX_CODE, required=True)
    with transaction.atomic():
        with scope(business=business_id):
            if VoucherCode.objects.filter(same_code(code)).exists():
                raise Conflict(
                    f"A voucher was issued with the code {code}.",
                    fields={"code": "belongs to an issued voucher"},
                )
        return _PRECODES.add(business_id=business_id, code=code, given=values)


def edit_precode(*, business_id: int, pk: int, **changes: Any) -> Precode:
    """Load a code for another voucher instead (`voucher_id`).

    Raises:
        InvalidInput: the voucher is missing.
        NotFound: the business has no such pre-loaded code or voucher.
        Conflict: the code was issued already.
    """
    with transaction.atomic():
        precode = _locked_precode(business_id, pk)
        if (
            precode.used_at is not None
            and changes.get("voucher_id", precode.voucher_id) != precode.voucher_id
        ):
            raise Conflict(
                f"The code {precode.code} was issued already.",
                fields={"voucher_id": "cannot change any more"},
            )
        return _PRECODES.edit(business_id=business_id, pk=pk, changes=changes)


def delete_precode(*, business_id: int, pk: int) -> None:
    """Take back a pre-loaded code that was not issued yet.

    Raises:
        NotFound: the business has no such pre-loaded code.
        HasHistory: it was issued.
    """
    with transaction.atomic():
        precode = _locked_precode(business_id, pk)
        if precode.used_at is not None:
            raise HasHistory(f"The code {precode.code} was issued and cannot be deleted.")
        _PRECODES.delete(business_id=business_id, pk=pk)


def _locked_precode(business_id: int, pk: int) -> Precode:
    with scope(business=business_id):
        precode = Precode.objects.select_for_update().filter(pk=pk).first()
    if precode is None:
        raise NotFound(f"There is no pre-loaded code {pk}.", fields={"code": "is unknown"})
    return precode
