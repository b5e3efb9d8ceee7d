"""Text from outside is stored as it was meant, or refused by the name of its field."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.errors import InvalidInput
from regulars.rules.text import clean_line, clean_text, is_blank, without_controls

FORBIDDEN = [
    chr(number)
    for number in range(sys.maxunicode + 1)
    if unicodedata.category(chr(number)) in {"Cc", "Cs"} and chr(number) not in "\t\n"
]
harmless = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=30)


@given(text=harmless)
def test_harmless_text_loses_only_its_outer_white_space(text: str) -> None:
    assert clean_text(text, field="note", max_length=30) == text.strip()


@given(
    before=harmless.map(str.strip).filter(bool),
    between=st.text("\t\n ", max_size=4),
    after=harmless.map(str.strip).filter(bool),
    outside=st.text("\t\n ", max_size=4),
)
def test_tabs_and_newlines_inside_are_kept(before: str, between: str, after: str, outside: str) -> None:
    text = before + between + after
    assert clean_text(outside + text + outside, field="note", max_length=100) == text


@pytest.mark.parametrize("around", [("", ""), ("a", "b"), ("a", ""), ("", "b")])
def test_every_control_character_and_half_surrogate_is_refused(around: tuple[str, str]) -> None:
    assert len(FORBIDDEN) == 63 + 2048
    for character in FORBIDDEN:
        with pytest.raises(InvalidInput) as refusal:
            clean_text(character.join(around), field="note", max_length=100)
        assert refusal.value.fields.keys() == {"note"}
        assert f"U+{ord(character):04X}" in refusal.value.message


def test_line_ends_of_a_browser_become_newlines() -> None:
    assert (
        clean_text("12 MG Road\r\nBengaluru\r\n", field="address", max_length=100) == "12 MG Road\nBengaluru"
    )


def test_a_line_turns_nothing_around() -> None:
    turned = "\u202aNora\u202c \u202egpj.exe \u2066(x)\u2069"
    assert clean_line(turned, field="name", max_length=17) == "Nora gpj.exe (x)"
    marks = "نورا\u200f (1) \u200cNora\u200e"
    assert clean_line(marks, field="name", max_length=50) == marks


def test_controls_can_be_left_out() -> None:
    assert without_controls("a\x00b\x1b\t\n\ud800c") == "ab\t\nc"


@given(length=st.integers(0, 40), limit=st.integers(0, 40), sign=st.sampled_from("aß東😀"))
def test_length_is_counted_in_characters_after_stripping(length: int, limit: int, sign: str) -> None:
    text = f"  {sign * length} \n"
    if length <= limit:
        assert clean_text(text, field="note", max_length=limit) == sign * length
    else:
        with pytest.raises(InvalidInput) as refusal:
            clean_text(text, field="note", max_length=limit)
        assert refusal.value.message == f"note must have at most {limit} characters, not {length}"
        assert refusal.value.fields.keys() == {"note"}


@pytest.mark.parametrize(
    "empty", ["", "  ", "\t\n", "\u00a0", "\u202e", "\u200b \ufeff", "\u2060\u3164", "\u2800\ufe0f"]
)
def test_required_text_has_something_in_it(empty: str) -> None:
    assert clean_text(empty, field="name", max_length=10) == empty.strip()
    for clean in (clean_text, clean_line):
        with pytest.raises(InvalidInput, match=r"^name must not be empty$"):
            clean(empty, field="name", max_length=10, required=True)
        assert clean(" x ", field="name", max_length=10, required=True) == "x"


@pytest.mark.parametrize("seen", ["x", "\u202ex", "\u200bन\u094d\u200d", "👩\u200d🍳", "\U0001fae8", "."])
def test_what_can_be_seen_is_not_blank(seen: str) -> None:
    assert not is_blank(seen)
    assert clean_text(seen, field="name", max_length=10, required=True) == seen


def test_a_line_has_single_spaces_whatever_white_space_came() -> None:
    assert (
        clean_line(" Bean \r\n&\t\u2028 Leaf\u00a0\u3000Ltd\n", field="name", max_length=15)
        == "Bean & Leaf Ltd"
    )
    with pytest.raises(InvalidInput, match=r"^name must have at most 3 characters, not 4$"):
        clean_line("a \n\n bc", field="name", max_length=3)
    for character in FORBIDDEN:
        with pytest.raises(InvalidInput, match="cannot have"):
            clean_line(f"a{character}b", field="name", max_length=100)
