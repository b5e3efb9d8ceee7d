"""What may be stored about a sale: each check returns the value fit to be stored, or refuses it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone

from regulars.rules import values
from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_text

_TEXTS = {"transaction_ref": 100, "notes": 1000, "tax_type": 50}
# Digits in all, and after the point. Everything but the value may be missing; refunds have a sign.
_AMOUNTS = {
    "total_value": (14, 2),
    "qty": (12, 3),
    "ex_tax_amount": (14, 2),
    "tax_amount": (14, 2),
    "grand_total": (14, 2),
    "unit_price": (14, 4),
}
_REFERENCES = ("member_id", "sku_id", "branch_id", "staff_id")


def _text(name: str, value: str | None) -> str:
    return clean_text(value or "", field=name, max_length=_TEXTS[name])


def _amount(name: str, value: Decimal | int | str | None) -> Decimal | None:
    if value is None or value == "":
        if name == "total_value":
            raise InvalidInput.at(name, "must not be empty")
        return None
    digits, places = _AMOUNTS[name]
    number, unit = Decimal(value), Decimal(1).scaleb(-places)
    most = Decimal(10) ** (digits - places) - unit
    if not number.is_finite() or not -most <= number <= most:
        raise InvalidInput.at(name, f"must be a number from {-most} to {most}")
    exact = number.quantize(unit)
    if exact != number:
        raise InvalidInput.at(name, f"must have at most {places} digits after the point")
    return exact or abs(exact)  # no zero below zero


def _reference(name: str, value: int | None) -> int | None:
    if name == "member_id" and not value:
        raise InvalidInput.at(name, "must not be empty")
    return value or None


def _moment(name: str, value: dt.datetime | None) -> dt.datetime:
    now = timezone.now()
    return now if value in (None, "") else values.moment(value, field=name, now=now)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(_AMOUNTS, _amount),
    **dict.fromkeys(_REFERENCES, _reference),
    "occurred_at": _moment,
}


def check_code(value: str | None, *, required: bool = False) -> str:
    """A sale's code, or InvalidInput."""
    return clean_text(value or "", field="code", max_length=50, required=required)


def check(given: Mapping[str, Any], *, new: bool = True) -> dict[str, Any]:
    """The fields of a sale that are given, by the names of their columns.

    Texts are cleaned, amounts exact. An empty time is now for a `new` sale and refused for another; any
    other field is erased by "" or None.

    Raises:
        InvalidInput: a value is unusable; the message names the field.
    """
    unknown = given.keys() - _CHECKS.keys()
    if unknown:
        raise InvalidInput.at(min(unknown), "is not a field of a sale")
    if not new and given.get("occurred_at", "given") in (None, ""):
        raise InvalidInput.at("occurred_at", "must not be empty")
    return {name: _CHECKS[name](name, value) for name, value in given.items()}
