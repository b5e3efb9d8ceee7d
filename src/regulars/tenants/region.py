"""Where a business is: its country, its days and its money."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, Final
from zoneinfo import available_timezones

import phonenumbers

from regulars.rules.errors import InvalidInput, NotFound
from regulars.tenants import checks, identity
from regulars.tenants.currencies import CURRENCIES
from regulars.tenants.models import Business

_CHECKS: Final[dict[str, Callable[[str], str]]] = {
    "country": checks.check_country,
    "timezone": checks.check_timezone,
    "currency": checks.check_currency,
}
# Of the time zone database, those that are places, and the one that is none.
_ELSEWHERE: Final = ("Etc/", "SystemV/", "US/", "Mexico/", "Brazil/", "Chile/", "Canada/")


def update_region(*, business_id: int, **changes: Any) -> Business:
    """Change `country` (two letters), `timezone` or `currency` (three letters); what is not named stays.

    What a business has already is not looked at again: lists of countries and currencies change. They count
    from now on: a phone number, a day or an amount that was stored before stays as it is.

    Raises:
        InvalidInput: a value is unusable, or there is no such field; the message names it.
        NotFound: there is no such business.
    """
    unknown = changes.keys() - _CHECKS.keys()
    if unknown:
        raise InvalidInput.at(min(unknown), "is not a field of a business's region")
    rows = Business.objects.filter(pk=business_id)
    now = rows.values(*_CHECKS).first() or {}
    values = {
        name: _CHECKS[name](value or "") for name, value in changes.items() if value != now.get(name, "")
    }
    if values:
        rows.update(**values)
        identity.forget()
    business = rows.select_related("program").first()
    if business is None:
        raise NotFound(f"There is no business {business_id}.")
    return business


@cache
def countries() -> list[tuple[str, str]]:
    """Codes and English names of countries, by name."""
    # ISO 3166 as the time zone database has it.
    text = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    known = [(code, name) for code, name in rows if code in phonenumbers.SUPPORTED_REGIONS]
    return sorted(known, key=lambda row: row[1])


def currencies() -> list[tuple[str, str]]:
    """Codes of currencies with their English names, by code."""
    return [(code, f"{code} · {name}") for code, name in CURRENCIES.items()]


@cache
def timezones() -> list[str]:
    """Time zones by their names, as places: Europe/Lisbon."""
    places = {zone for zone in available_timezones() if "/" in zone and not zone.startswith(_ELSEWHERE)}
    return ["UTC", *sorted(places)]
