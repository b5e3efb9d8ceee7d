"""Colours and what can be read on them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.rules.colours import READABLE, check_colour, contrast, text_on
from regulars.rules.errors import InvalidInput


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#ff0000", "#ffffff") == contrast("#ffffff", "#ff0000") == pytest.approx(4.0, abs=0.005)
    assert contrast("#0a0a0a", "#0a0a0a") == 1


@pytest.mark.parametrize(
    ("colour", "text"),
    [("#0f766e", "#ffffff"), ("#facc15", "#1c1917"), ("#ffffff", "#1c1917"), ("#000000", "#ffffff")],
)
def test_text_is_white_or_ink(colour: str, text: str) -> None:
    assert text_on(colour) == text


@given(st.integers(0, 0xFFFFFF))
def test_text_is_readable_on_every_colour(number: int) -> None:
    colour = f"#{number:06x}"
    assert contrast(text_on(colour), colour) >= READABLE


def test_a_colour_is_six_digits() -> None:
    assert check_colour(" #0F766E ", field="accent_color") == "#0f766e"
    for wrong in ("", "#fff", "0f766e", "#0f766e0", "#0g766e", "red", "#0f766e\n#"):
        with pytest.raises(InvalidInput) as refused:
            check_colour(wrong, field="accent_color")
        assert list(refused.value.fields) == ["accent_color"]
