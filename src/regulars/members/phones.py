"""Phone numbers in E.164, the international form: +919876543210."""

from __future__ import annotations

import phonenumbers
from phonenumbers import ValidationResult

from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_text

_PROBLEMS = {
    ValidationResult.TOO_SHORT: "is too short for a phone number",
    ValidationResult.TOO_LONG: "is too long for a phone number",
    ValidationResult.INVALID_COUNTRY_CODE: "has an unknown country code",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "lacks its area code",
}


# Numbers without a digit more or less, which would be right.
_ONE_SHORT = "is one digit short"
_ONE_LONG = "has one digit too many"


def normalise(value: str, *, country: str, field: str = "phone") -> str:
    """A phone number in E.164, read as a number of `country` unless it begins with +.

    Only the length is checked and not whether the number is in use: numbering plans change faster than
    any list of them.

    Raises:
        InvalidInput: it is not a phone number; the message says why.
    """
    text = clean_text(value, field=field, max_length=40)
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as error:
        raise InvalidInput.at(field, f"is not a phone number: {text}") from error
    result = phonenumbers.is_possible_number_with_reason(number)
    if result != ValidationResult.IS_POSSIBLE:
        raise InvalidInput.at(field, f"{_PROBLEMS.get(result, 'is not a phone number')}: {text}")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normalise_typed(value: str, *, country: str, field: str = "phone") -> str:
    """A phone number as `normalise` reads it, of somebody who is there and can mend a slip of the finger.

    A number of `country` must also be one that can be in use there; of other countries only the length is
    checked, as their plans are not known as well.

    Raises:
        InvalidInput: it is not a phone number; the message says why, such as "is one digit short".
    """
    text = clean_text(value, field=field, max_length=40)
    try:
        stored = normalise(value, country=country, field=field)
    except InvalidInput:
        slip = _slip(text, country)
        if slip:
            raise InvalidInput.at(field, f"{slip}: {text}") from None
        raise
    if not stored:
        return ""
    number = phonenumbers.parse(stored, None)
    if number.country_code != phonenumbers.country_code_for_region(country):
        return stored
    if not phonenumbers.is_valid_number(number):
        raise InvalidInput.at(field, f"{_slip(text, country) or 'is not a phone number in use'}: {text}")
    return stored


def _slip(text: str, country: str) -> str:
    """Whether a digit is missing at the end of a number of a country, or one too many; empty for neither."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return ""
    if number.country_code != phonenumbers.country_code_for_region(country):
        return ""
    digits = phonenumbers.national_significant_number(number)
    if any(_in_use(number, digits + digit) for digit in "0123456789"):
        return _ONE_SHORT
    return _ONE_LONG if _in_use(number, digits[:-1]) else ""


def _in_use(number: phonenumbers.PhoneNumber, digits: str) -> bool:
    try:
        found = phonenumbers.parse(f"+{number.country_code}{digits}", None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(found)
