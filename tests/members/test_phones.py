"""Phone numbers become E.164, or a refusal says why not."""

import pytest

from regulars.members.phones import normalise, normalise_typed
from regulars.rules.errors import InvalidInput

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("given", "country", "stored"),
    [
        ("9876543210", "IN", "+919876543210"),
        ("09876543210", "IN", "+919876543210"),
        ("98765 43210", "IN", "+919876543210"),
        ("+91-98765-43210", "US", "+919876543210"),
        ("0091 98765 43210", "DE", "+919876543210"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("030 1234567", "DE", "+49301234567"),
        ("+39 06 1234 5678", "IN", "+390612345678"),  # Italy keeps its leading zero
        ("tel:+1-212-555-0123", "IN", "+12125550123"),
        ("٩٨٧٦٥٤٣٢١٠", "IN", "+919876543210"),
        ("  9876543210\n", "IN", "+919876543210"),
        ("", "IN", ""),
        ("   ", "IN", ""),
    ],
)
def test_numbers_as_people_write_them(given: str, country: str, stored: str) -> None:
    assert normalise(given, country=country) == stored


@pytest.mark.parametrize("number", ["+919876543210", "+12125550123", "+390612345678"])
def test_what_is_stored_is_read_back_as_itself_everywhere(number: str) -> None:
    assert {normalise(number, country=country) for country in ("IN", "US", "GB")} == {number}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("98765", "too short"),
        ("9876543210123456", "too long"),
        ("+999 1234567", "phone number|country code"),
        ("call me", "not a phone number"),
        ("12", "too short"),
        ("98\x0076543210", "character"),
        ("9" * 41, "40 characters"),
    ],
)
def test_a_refusal_names_the_field_and_the_problem(given: str, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem) as refused:
        normalise(given, country="IN", field="mobile")
    assert list(refused.value.fields) == ["mobile"]


def test_a_number_without_its_area_code_is_refused() -> None:
    with pytest.raises(InvalidInput, match="area code"):
        normalise("555-0123", country="US")


@pytest.mark.parametrize(
    ("given", "country", "problem"),
    [
        ("98450 1234", "IN", "is one digit short"),
        ("+91 98450 1234", "IN", "is one digit short"),
        ("98450 123456", "IN", "has one digit too many"),
        ("212 555 012", "US", "is one digit short"),
        ("040 12345678", "IN", "is not a phone number in use"),
        ("98", "IN", "is too short"),
        ("call me", "IN", "is not a phone number"),
    ],
)
def test_a_slip_of_the_finger_is_named(given: str, country: str, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem) as refused:
        normalise_typed(given, country=country)
    assert list(refused.value.fields) == ["phone"]


@pytest.mark.parametrize(
    ("given", "country", "stored"),
    [
        ("98450 12345", "IN", "+919845012345"),
        ("98450 1234", "DE", "+49984501234"),
        ("+91 98450 1234", "US", "+91984501234"),  # of another country only the length is known
        (" ", "IN", ""),
    ],
)
def test_what_is_typed_and_may_be_in_use_is_taken(given: str, country: str, stored: str) -> None:
    assert normalise_typed(given, country=country) == stored
