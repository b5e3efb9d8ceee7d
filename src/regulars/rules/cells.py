"""Cells of tables that people open in a spreadsheet."""

from __future__ import annotations

from typing import Final

# A spreadsheet takes what begins with one of these for a formula, and runs it.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide forms


def harmless(value: str) -> str:
    """The text of a cell, with an apostrophe in front where a spreadsheet would take it for a formula.

    Also where spaces come first, which some programs drop (OWASP, CSV injection).
    """
    return f"'{value}" if value.lstrip(" \u00a0\u3000").startswith(_FORMULA) else value
