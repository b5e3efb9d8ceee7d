"""Placeholders: what is filled in, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.errors import InvalidInput
from regulars.rules.placeholders import Slot, fill, one_line, parse

KNOWN = {"first_name", "card_url"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hello {first_name}!", "Hello Nora!"),
        ("{first_name}{first_name}", "NoraNora"),
        ("{first_name|there}, {card_url|soon}", "Nora, soon"),
        ("{card_url}", ""),
        ("{card_url|}", ""),
        ("50 {{ or }} and a }", "50 { or } and a }"),
        ("{{first_name}}", "{first_name}"),
        ("{{{first_name}}}", "{Nora}"),
        ("", ""),
        ("no placeholder", "no placeholder"),
    ],
)
def test_values_take_their_places(text: str, filled: str) -> None:
    assert fill(parse(text, field="body", known=KNOWN), {"first_name": "Nora"}) == filled


@pytest.mark.parametrize(
    "text",
    [
        "{last_name}",
        "{first_name",
        "{",
        "a { b",
        "{}",
        "{First_name}",
        "{first name}",
        "{first_name.__class__}",
        "{first_name!r}",
        "{0}",
        "{first_name|a{b}}",
        "{first_name|two\nlines}",
    ],
)
def test_what_is_no_placeholder_is_refused_by_field(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(text, field="subject", known=KNOWN)
    assert list(refused.value.fields) == ["subject"]
    assert "{card_url}, {first_name}" in refused.value.message


def test_a_refusal_shows_the_start_of_a_long_text_only() -> None:
    with pytest.raises(InvalidInput) as refused:
        parse("{" + "x" * 5000, field="body", known=KNOWN)
    assert len(refused.value.message) < 300


@given(st.text())
def test_a_value_is_never_looked_into(value: str) -> None:
    parts = parse("<{first_name}>", field="body", known=KNOWN)
    assert fill(parts, {"first_name": value, "card_url": "secret"}) == f"<{value}>"


@given(st.text())
def test_every_text_is_taken_as_it_is_when_its_braces_are_doubled(text: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert fill(parse(doubled, field="body", known=KNOWN), {}) == text


def test_the_parts_are_joined() -> None:
    assert parse("a{{b{first_name|x}c}}d", field="body", known=KNOWN) == (
        "a{b",
        Slot("first_name", "x"),
        "c}d",
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Tea\nBcc: all@example.com", "Tea Bcc: all@example.com"),
        (" a\r\n\tb\x00c\u2028d ", "a b c d"),
        ("plain", "plain"),
        ("\u202eBean\u202c \u2066&\u2069\u200f Leaf\u061c", "Bean & Leaf"),
        ("\u0646\u200c\u0628 👩\u200d🍳", "\u0646\u200c\u0628 👩\u200d🍳"),
    ],
)
def test_a_header_is_one_line(text: str, line: str) -> None:
    assert one_line(text) == line
