"""What may be stored about a business: each check returns the value fit to be stored, or refuses it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from regulars.rules import colours, geo
from regulars.rules import stamps as stamp_rules
from regulars.rules.errors import Gathered, InvalidInput
from regulars.rules.text import clean_line, clean_text
from regulars.tenants.currencies import CURRENCIES
from regulars.tenants.models import Business
from regulars.tenants.plans import PLANS

MAX_EXPIRE_MONTHS: Final = 1200
MAX_SALE_CAP: Final = 1_000_000_000
MAX_POINT_VALUE: Final = Decimal(100_000_000)
_LEAST_POINT_VALUE: Final = Decimal("0.0001")

# Text fields that may be changed, with the most characters that each may have.
BUSINESS_TEXTS = {
    "business_name": 200,
    "business_type": 100,
    "phone": 40,
    "address": 300,
    "city": 100,
    "state": 100,
    "pincode": 20,
    "gstin": 30,
}
PROGRAM_TEXTS = {"program_name": 200, "reward_description": 300, "terms_conditions": 20_000}
BRANCH_TEXTS = {"name": 200, "address": 300, "city": 100, "state": 100, "phone": 40}
_NEVER_EMPTY = {"business_name", "program_name", "reward_description", "name"}
_OF_SEVERAL_LINES = {"address", "reward_description", "terms_conditions"}


def check_email(value: str, *, field: str) -> str:
    """An e-mail address in lower case.

    Raises:
        InvalidInput: it is not one.
    """
    email = clean_text(value, field=field, max_length=254, required=True).lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput.at(field, f"is not an e-mail address: {email}") from error
    return email


def check_plan(value: str) -> str:
    """The name of a plan, or InvalidInput."""
    if value not in PLANS:
        raise InvalidInput.at("plan", f"must be one of {', '.join(PLANS)}, not {value!r}")
    return value


def check_country(value: str) -> str:
    """An ISO 3166 country code of two letters, or InvalidInput."""
    country = value.strip().upper()
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidInput.at("country", f"must be a country code of two letters such as IN, not {value!r}")
    return country


def check_timezone(value: str) -> str:
    """A name of the time zone database such as Asia/Kolkata, or InvalidInput."""
    if value not in _timezones():
        raise InvalidInput.at("timezone", f"must be a time zone such as Asia/Kolkata, not {value!r}")
    return ZoneInfo(value).key


@cache
def _timezones() -> set[str]:
    # Looking through the machine's files for them takes longer than making a business.
    return available_timezones()


def check_currency(value: str) -> str:
    """The code of a currency of ISO 4217, or InvalidInput."""
    currency = value.strip().upper()
    if currency not in CURRENCIES:
        raise InvalidInput.at(
            "currency", f"must be a currency's code of three letters (ISO 4217) such as INR, not {value!r}"
        )
    return currency


def check_expiry_months(value: int | None) -> int | None:
    """After how many months points expire, None for never, or InvalidInput."""
    return None if value is None else _check_range("points_expire_months", value, 1, MAX_EXPIRE_MONTHS)


def check_sale_cap(value: int | None) -> int | None:
    """The most points that one sale earns, None for no limit, or InvalidInput."""
    return None if value is None else _check_range("points_per_sale_cap", value, 1, MAX_SALE_CAP)


def check_refund_policy(value: str) -> str:
    """A refund policy, or InvalidInput."""
    if value not in Business.RefundPolicy.values:
        known = ", ".join(Business.RefundPolicy.values)
        raise InvalidInput.at("refund_policy", f"must be one of {known}, not {value!r}")
    return value


def check_point_value(value: Decimal) -> Decimal:
    """What one point is worth, in currency with at most four decimal places, or InvalidInput."""
    if not (value.is_finite() and 0 < value < MAX_POINT_VALUE):
        raise InvalidInput.at("point_value", f"must be more than 0 and less than {MAX_POINT_VALUE}")
    if value != value.quantize(_LEAST_POINT_VALUE):
        raise InvalidInput.at("point_value", "must have at most four decimal places")
    return value.quantize(_LEAST_POINT_VALUE)


def check_goal(value: int) -> int:
    """Stamps needed for a reward, 2 to 50 (REST seed), or InvalidInput."""
    return _check_range("stamps_required", value, stamp_rules.MIN_GOAL, stamp_rules.MAX_GOAL)


def check_birthday_bonus(value: int, *, least: int = 1) -> int:
    """Extra stamps on a birthday, 1 to 10 (REST seed), or InvalidInput."""
    return _check_range("birthday_bonus_stamps", value, least, stamp_rules.MAX_BIRTHDAY_BONUS)


def _check_range(field: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise InvalidInput.at(field, f"must be a whole number from {least} to {most}, not {value}")
    return value


def check_reply_to(value: str) -> str:
    """Where answers to a business's mail go: an e-mail address, empty for none, or InvalidInput."""
    value = clean_text(value, field="reply_to", max_length=254)
    return check_email(value, field="reply_to") if value else ""


def check_accent(value: str) -> str:
    """A colour written #rrggbb, or InvalidInput."""
    return colours.check_colour(value, field="accent_color")


def clean_texts(values: dict[str, Any], allowed: dict[str, int]) -> dict[str, str]:
    """Those of `values` that `allowed` names, with the most characters of each, cleaned; or InvalidInput."""
    cleaned, gathered = {}, Gathered()
    for field in (one for one in allowed if one in values):
        clean = clean_text if field in _OF_SEVERAL_LINES else clean_line
        with gathered:
            cleaned[field] = clean(
                values[field] or "", field=field, max_length=allowed[field], required=field in _NEVER_EMPTY
            )
    gathered.refuse()
    return cleaned


def clean_place(values: dict[str, Any]) -> dict[str, float | None]:
    """The coordinates among `values`, None where one is to be cleared; or InvalidInput."""
    checks = {"latitude": geo.check_latitude, "longitude": geo.check_longitude}
    cleaned: dict[str, float | None] = {}
    gathered = Gathered()
    for field, check in checks.items():
        if field in values:
            with gathered:
                cleaned[field] = None if values[field] is None else check(values[field], field=field)
    gathered.refuse()
    return cleaned


def clean_branch(values: dict[str, Any]) -> dict[str, Any]:
    """The texts and coordinates of a branch among `values`, cleaned; or InvalidInput of all that is wrong."""
    cleaned: dict[str, Any] = {}
    gathered = Gathered()
    with gathered:
        cleaned |= clean_texts(values, BRANCH_TEXTS)
    with gathered:
        cleaned |= clean_place(values)
    gathered.refuse()
    return cleaned


# What may be changed about points, and how each is checked.
POINTS: Final[dict[str, Callable[[Any], Any]]] = {
    "points_expire_months": check_expiry_months,
    "refund_policy": check_refund_policy,
    "points_per_sale_cap": check_sale_cap,
    "point_value": check_point_value,
    "currency": check_currency,
}

# How a business looks and answers in its messages and on its pages.
LOOK: Final[dict[str, Callable[[str], str]]] = {"accent_color": check_accent, "reply_to": check_reply_to}
