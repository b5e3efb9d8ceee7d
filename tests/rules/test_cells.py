"""Cells that a spreadsheet does not run."""

import pytest

from regulars.rules.cells import harmless


@pytest.mark.parametrize(
    "value", ["=1+1", "+91", "-3", "@SUM(A1)", "\t=1", "\r\n=1", "  =1", "\uff1d1", "\u00a0+1"]
)
def test_a_formula_becomes_text(value: str) -> None:
    assert harmless(value) == f"'{value}"


@pytest.mark.parametrize("value", ["", "Ann", "1 Main St", "a=1", "O'Neil", "'=1"])
def test_other_text_stays(value: str) -> None:
    assert harmless(value) == value
