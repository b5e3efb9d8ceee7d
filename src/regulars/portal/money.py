"""Amounts as customers read them, in the language that is spoken."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.rules import vouchers as rules

# What people write instead of the three letters of ISO 4217; others keep their letters.
_SIGNS: Final = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "CHF": "CHF",
    "CNY": "CN¥",
    "EUR": "€",
    "GBP": "£",
    "INR": "₹",
    "JPY": "¥",
    "MXN": "MX$",
    "NZD": "NZ$",
    "PLN": "zł",
    "SEK": "kr",
    "USD": "$",
}
# Languages that write the sign behind the number. Our Portuguese is Portugal's; Brazil writes its own before.
_BEHIND: Final = ("de", "es", "fr", "pt")
_THIN: Final = "\N{NO-BREAK SPACE}"


def whole(number: int) -> str:
    """A whole number with its thousands set apart."""
    return number_format(number, use_l10n=True, force_grouping=True)


def money(amount: Decimal, currency: str) -> str:
    """An amount with its currency's sign; hundredths only where there are some."""
    places = 0 if amount == amount.to_integral_value() else 2
    number = number_format(abs(amount), decimal_pos=places, use_l10n=True, force_grouping=True)
    sign = _SIGNS.get(currency, currency)
    language = (get_language() or "en").partition("-")[0]
    if language in _BEHIND and (language, currency) != ("pt", "BRL"):
        text = f"{number}{_THIN}{sign}"
    else:
        text = f"{sign}{_THIN}{number}" if sign[-1].isalpha() or currency == "BRL" else f"{sign}{number}"
    return f"\N{MINUS SIGN}{text}" if amount < 0 else text


def worth(value: Decimal, value_type: int, currency: str) -> str:
    """What a voucher code is worth: "10% off", "₹50 off"; empty when it has no value of its own."""
    if value <= 0:
        return ""
    if value_type == rules.PERCENT:
        places = 0 if value == value.to_integral_value() else 2
        number = number_format(value, decimal_pos=places, use_l10n=True)
        return _("%(percent)s%% off") % {"percent": number}
    return _("%(amount)s off") % {"amount": money(value, currency)}
