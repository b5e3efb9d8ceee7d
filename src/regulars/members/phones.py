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
