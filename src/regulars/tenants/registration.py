"""Registering a business: somebody makes theirs without the operator (docs/settings.md#who-may-register)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from django.conf import settings
from django.db import transaction

from regulars import db
from regulars.rules.errors import Conflict, InvalidInput, Refusal
from regulars.rules.text import clean_line
from regulars.tenants import actions, checks
from regulars.tenants.actions import NewBusiness
from regulars.tenants.models import Business, User
from regulars.tenants.passwords import check_new_password

OPEN, FIRST, CLOSED = "open", "first", "closed"
# Where a new owner begins: see `Business.setup_step`.
FIRST_STEP: Final = 1


class RegistrationClosed(Refusal):
    """Nobody registers a business here; the operator makes them."""

    code = "registration_closed"


class AddressKnown(Conflict):
    """Somebody signs in with this address already. They sign in, and open the next business then."""

    code = "address_known"


def is_open() -> bool:
    """Whether somebody may register a business now: always, never, or as long as there is none."""
    if settings.REGULARS_REGISTRATION == FIRST:
        return not Business.objects.exists()
    return bool(settings.REGULARS_REGISTRATION == OPEN)


def register(
    *,
    business_name: str,
    user: User | None = None,
    owner_name: str = "",
    email: str = "",
    password: str = "",
    country: str = "",
    timezone: str = "",
    currency: str = "",
) -> NewBusiness:
    """Make a business for `user`, or for somebody new, with the password that they chose.

    Where `country` is empty it is that of the time zone, and where `currency` is, that of the country; a time
    zone that is not known is UTC. Addresses at which somebody signs in already are not taken: whoever knows
    the password signs in first and is the `user`. It has no API key: nobody would see it.

    Raises:
        RegistrationClosed: nobody registers here, or somebody else was the first.
        AddressKnown: somebody signs in with this address.
        InvalidInput: a value is unusable; the field is named.
    """
    with transaction.atomic():
        db.serialise("registration", "")
        if not is_open():
            raise RegistrationClosed("Registration is closed here. Ask whoever runs this installation.")
        clean_line(business_name, field="business_name", max_length=200, required=True)
        name = clean_line(owner_name, field="owner_name", max_length=200)
        if user is None:
            email = _new_address(email)
            check_new_password(password, User(email=email, name=name))
        else:
            user = User.objects.select_for_update().get(pk=user.pk)  # the address that they have now
        timezone = _OLD_NAMES.get(timezone, timezone)
        zone = timezone if _is_zone(timezone) else "UTC"
        country = country or country_of(zone) or "US"
        made = actions.create_business(
            name=business_name,
            owner_email=user.email if user is not None else email,
            owner_name=name or (user.name if user is not None else ""),
            owner_password=password or None if user is None else "",
            plan=settings.REGULARS_REGISTRATION_PLAN,
            country=country,
            timezone=zone,
            currency=currency or currency_of(country),
            first_key=False,
        )
        made.business.setup_step = FIRST_STEP
        made.business.save(update_fields=["setup_step"])
    return made


def _new_address(email: str) -> str:
    """An address of nobody yet, which nobody else takes before the end of the transaction."""
    email = checks.check_email(email, field="email")
    db.serialise("user", email)
    if User.objects.filter(email=email).exists():
        raise AddressKnown(
            "This address cannot be used for a new account. If it is yours, sign in and open the business "
            "then.",
            fields={"email": "This address has an account: sign in with it, and open the business there."},
        )
    return email


def _is_zone(name: str) -> bool:
    try:
        checks.check_timezone(name)
    except InvalidInput:
        return False
    return True


def country_of(timezone: str) -> str:
    """The country of a time zone, of two letters; empty when it belongs to none."""
    return _countries().get(_OLD_NAMES.get(timezone, timezone), "")


@cache
def _countries() -> dict[str, str]:
    # The table that comes with the time zones: country code, place, zone.
    lines = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}


# Names that browsers still say, and what they are called now.
_OLD_NAMES: Final = {
    "Africa/Asmera": "Africa/Asmara",
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
    "America/Godthab": "America/Nuuk",
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Rangoon": "Asia/Yangon",
    "Asia/Saigon": "Asia/Ho_Chi_Minh",
    "Atlantic/Faeroe": "Atlantic/Faroe",
    "Europe/Kiev": "Europe/Kyiv",
}
_EURO: Final = frozenset(
    {
        "AD", "AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV",
        "MC", "ME", "MT", "NL", "PT", "SI", "SK", "SM", "VA", "XK",
    }
)  # fmt: skip
_CURRENCIES: Final = {
    "AE": "AED", "AR": "ARS", "AU": "AUD", "BD": "BDT", "BH": "BHD", "BR": "BRL", "CA": "CAD", "CH": "CHF",
    "CL": "CLP", "CN": "CNY", "CO": "COP", "CR": "CRC", "CZ": "CZK", "DK": "DKK", "EG": "EGP", "GB": "GBP",
    "GE": "GEL", "GH": "GHS", "HK": "HKD", "HU": "HUF", "ID": "IDR", "IL": "ILS", "IN": "INR", "IS": "ISK",
    "JO": "JOD", "JP": "JPY", "KE": "KES", "KR": "KRW", "KW": "KWD", "KZ": "KZT", "LI": "CHF", "LK": "LKR",
    "MA": "MAD", "MX": "MXN", "MY": "MYR", "NG": "NGN", "NO": "NOK", "NP": "NPR", "NZ": "NZD", "OM": "OMR",
    "PE": "PEN", "PH": "PHP", "PK": "PKR", "PL": "PLN", "QA": "QAR", "RO": "RON", "RS": "RSD", "SA": "SAR",
    "SE": "SEK", "SG": "SGD", "TH": "THB", "TN": "TND", "TR": "TRY", "TW": "TWD", "TZ": "TZS", "UA": "UAH",
    "UG": "UGX", "UY": "UYU", "VN": "VND", "ZA": "ZAR",
}  # fmt: skip


def currency_of(country: str) -> str:
    """What is paid with in a country, of three letters; USD where that is not known here."""
    return "EUR" if country in _EURO else _CURRENCIES.get(country, "USD")
